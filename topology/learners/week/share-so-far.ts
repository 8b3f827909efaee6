import { type AnswerLog, studentStarts } from '../../evaluation/answer-log.ts'
import { shareLoss } from '../../evaluation/week/measure.ts'
import type { WeekTarget } from '../../evaluation/week/target.ts'

/** A student's share of right answers before, drawn to a mean. */
export interface ShareSoFar {
  /** Share of right answers over the weeks of the training students. */
  mean: number
  /** Imaginary answers at `mean`. */
  imaginary: number
}

const GRID = [0.5, 1, 2, 5, 10, 20, 50, 100, 200]

export function meanOf({ share, answers }: WeekTarget): number {
  return share.reduce((sum, y, i) => sum + answers[i]! * y, 0) / answers.reduce((sum, n) => sum + n, 0)
}

/** As many imaginary answers as err least on the weeks of the training students. */
export function fitShareSoFar(train: AnswerLog, target: WeekTarget): ShareSoFar {
  const mean = meanOf(target)
  const lossOf = (imaginary: number) => {
    const p = shareSoFarOf({ mean, imaginary }, train)
    let loss = 0
    target.rows.forEach((r, i) => {
      loss += target.answers[i]! * shareLoss(target.share[i]!, p[r]!)
    })
    return { imaginary, loss }
  }
  const { imaginary } = GRID.map(lossOf).reduce((a, b) => (b.loss < a.loss ? b : a))
  return { mean, imaginary }
}

/** Per row, of the student's earlier bundles: (right + imaginary * mean) / (answers + imaginary). */
export function shareSoFarOf({ mean, imaginary }: ShareSoFar, log: AnswerLog): Float64Array {
  const p = new Float64Array(log.size)
  const starts = studentStarts(log)
  for (let s = 0; s < log.students.length; s++) {
    let right = 0
    let pending = 0
    let before = starts[s]!
    for (let r = starts[s]!; r < starts[s + 1]!; r++) {
      if (log.bundle[r] !== log.bundle[before]) {
        right += pending
        pending = 0
        before = r
      }
      p[r] = (right + imaginary * mean) / (before - starts[s]! + imaginary)
      pending += log.correct[r]!
    }
  }
  return p
}
