import { type AnswerLog, studentStarts } from '../../evaluation/answer-log.ts'
import { WEEK_MS } from '../../evaluation/week/target.ts'

/** What a week's accuracy hangs on beside the history of the next answer. NaN: there is nothing to say. */
export const WEEK_FEATURES = ['share_so_far', 'share_past_week', 'answers_past_week'] as const

/** Columns in the order of `WEEK_FEATURES`, of the rows of the student in earlier bundles. */
export function weekColumns(log: AnswerLog): Float32Array[] {
  const [soFar, pastShare, pastAnswers] = WEEK_FEATURES.map(() => new Float32Array(log.size)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const starts = studentStarts(log)
  const right = new Float64Array(log.size + 1)
  for (let r = 0; r < log.size; r++) right[r + 1] = right[r]! + log.correct[r]!
  const share = (from: number, to: number) => (to > from ? (right[to]! - right[from]!) / (to - from) : Number.NaN)
  for (let s = 0; s < log.students.length; s++) {
    const from = starts[s]!
    let before = from
    let week = from
    for (let r = from; r < starts[s + 1]!; r++) {
      if (log.bundle[r] !== log.bundle[before]) before = r
      while (week < before && log.at[week]! < log.at[r]! - WEEK_MS) week++
      const timed = !Number.isNaN(log.at[r]!)
      soFar[r] = share(from, before)
      pastShare[r] = timed ? share(week, before) : Number.NaN
      pastAnswers[r] = timed ? Math.log1p(before - week) : Number.NaN
    }
  }
  return [soFar, pastShare, pastAnswers]
}
