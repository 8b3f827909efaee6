import { type AnswerLog, studentStarts } from '../answer-log.ts'
import { TopicAnswers } from './topic-answers.ts'

export const WEEK_MS = 7 * 86_400_000

/** Which of the student's answers in the week count: all of them, or those that share a topic with the row. */
export const SCOPES = ['all', 'topics'] as const
export type Scope = (typeof SCOPES)[number]

/**
 * One clock for all students, or for each one a clock of its own that begins at their first answer; none where no answer
 * has a time.
 */
export type Clock = 'common' | 'own' | 'none'

/** Rows of a log, by what became of them; the parts add up to `rows`. */
export interface WeekCounts {
  rows: number
  /** Have a target. */
  used: number
  /** Of students with an answer without a time. */
  without_clock: number
  /** Of students whose times run backwards in the order of answering. */
  out_of_order: number
  /** The week is not over where the data end. */
  unfinished: number
  /** Nothing that counts was answered in the week. */
  empty: number
}

export interface WeekTarget {
  clock: Clock
  scope: Scope
  /** Rows that have a target, ascending; the columns below are along these. */
  rows: Int32Array
  /** Share of right answers among those that count. */
  share: Float64Array
  /** Number of answers that count, 1 or more. */
  answers: Float64Array
  /** 1 where the student answers again after that week. */
  seenAfter: Uint8Array
  counts: WeekCounts
}

/**
 * Accuracy over the week after each row: of a row at t, over the student's later bundles answered in (t, t + 7 days].
 * Rows of the row's own bundle and of its instant are no part of it.
 *
 * A week counts when it was over before the data end, which is known when the forecast is made and says nothing of the
 * student: a student who leaves has then shown all of that week. Asking instead that each student come back after the
 * week would keep those alone who stay. Where each student has a clock of their own, the one end that is known is the
 * student's last answer, and that is what is asked.
 */
export function weekTarget(log: AnswerLog, scope: Scope): WeekTarget {
  const starts = studentStarts(log)
  const clock = clockOf(log, starts)
  const end = log.at.reduce((last, at) => (at > last ? at : last), Number.NEGATIVE_INFINITY)
  const right = new Float64Array(log.size + 1)
  for (let r = 0; r < log.size; r++) right[r + 1] = right[r]! + log.correct[r]!
  const counts: WeekCounts = { rows: log.size, used: 0, without_clock: 0, out_of_order: 0, unfinished: 0, empty: 0 }
  const rows: number[] = []
  const share: number[] = []
  const answers: number[] = []
  const seenAfter: number[] = []
  for (let s = 0; s < log.students.length; s++) {
    const from = starts[s]!
    const to = starts[s + 1]!
    const wrong = wrongClock(log, from, to)
    if (wrong !== null) {
      counts[wrong] += to - from
      continue
    }
    const over = clock === 'own' ? log.at[to - 1]! : end
    const onTopics = scope === 'topics' ? new TopicAnswers(log, from, to) : null
    let first = from
    let after = from
    for (let r = from; r < to; r++) {
      const at = log.at[r]!
      while (first < to && (log.at[first]! <= at || log.bundle[first]! <= log.bundle[r]!)) first++
      while (after < to && log.at[after]! <= at + WEEK_MS) after++
      if (at + WEEK_MS > over) {
        counts.unfinished++
        continue
      }
      const week = onTopics
        ? onTopics.within(r, first, after)
        : { answers: Math.max(0, after - first), right: right[Math.max(first, after)]! - right[first]! }
      if (week.answers === 0) {
        counts.empty++
        continue
      }
      rows.push(r)
      share.push(week.right / week.answers)
      answers.push(week.answers)
      seenAfter.push(after < to ? 1 : 0)
    }
  }
  counts.used = rows.length
  return {
    clock,
    scope,
    rows: Int32Array.from(rows),
    share: Float64Array.from(share),
    answers: Float64Array.from(answers),
    seenAfter: Uint8Array.from(seenAfter),
    counts,
  }
}

/** So many students begin at one instant where each has a clock of their own; taken for such wrongly, fewer rows are used. */
const OWN_SHARE = 2 / 3

function clockOf(log: AnswerLog, starts: Int32Array): Clock {
  const begins = new Map<number, number>()
  for (let s = 0; s < log.students.length; s++) {
    const at = log.at[starts[s]!]!
    if (!Number.isNaN(at)) begins.set(at, (begins.get(at) ?? 0) + 1)
  }
  if (begins.size === 0) return 'none'
  const most = Math.max(...begins.values())
  return most >= 2 && most >= OWN_SHARE * log.students.length ? 'own' : 'common'
}

function wrongClock(log: AnswerLog, from: number, to: number): 'without_clock' | 'out_of_order' | null {
  for (let r = from; r < to; r++) if (Number.isNaN(log.at[r]!)) return 'without_clock'
  for (let r = from + 1; r < to; r++) if (log.at[r]! < log.at[r - 1]!) return 'out_of_order'
  return null
}

/** What is wrong with answers that have no target at all, and what to do; null where some have one. */
export function noTarget({ clock, counts }: WeekTarget): string | null {
  if (counts.used > 0) return null
  if (clock === 'none' || counts.without_clock === counts.rows)
    return 'Its answers have no time, so that nothing is known of the week after one. Give answers with a clock, or evaluate the next answer (leave --target out).'
  if (counts.out_of_order + counts.without_clock === counts.rows)
    return 'The times of its answers run backwards within students. Give each student in the order of answering.'
  return `No answer has a whole week with an answer after it: ${counts.unfinished} of ${counts.rows} come less than a week before the data end, after ${counts.empty} nothing was answered within a week. Give answers over a longer time.`
}
