import type { GoldRows } from '../ports/gold-store.ts'

/** Time of the first row. */
export const AT = Date.UTC(2026, 0, 5, 8)
const DAY = 86_400_000

/** One row of event_dispositions, as the sink writes it. */
export function disposition(student: string, i: number, what = 'counted'): unknown[] {
  return ['school', student, `event-${i}`, 'quiz_attempt', what, false, AT + i * DAY, i % 4, i, 0, 0]
}

/** One row of student_mastery_rows, and of student_mastery_history_rows. */
export function mastery(student: string, topic: string, version: number, blend: number, generation = 0): unknown[] {
  const scores = [0.5, 0.25, 0.75, blend]
  const sources = ['rule', 'bkt', 'elo', 'blend']
  const versions = ['r1', 'b1', 'e1', 'm1']
  return [
    'school',
    student,
    topic,
    `event-${version}`,
    AT,
    false,
    version,
    sources,
    versions,
    scores,
    0.1,
    'developing',
    `why\t"it's" \\ so\n${version}`,
    false,
    'counted',
    null,
    AT,
    0,
    version,
    0,
    generation,
    version,
  ]
}

export function prediction(student: string, i: number): unknown[] {
  const p = [0.5, 0.25, 0.75, (i % 97) / 97]
  return [
    'school',
    student,
    `event-${i}`,
    'item',
    AT + i * DAY,
    i % 3 === 0,
    i % 3 === 0 ? 1 : 0,
    ['rule', 'bkt', 'elo', 'blend'],
    ['1', '1', '1', '1'],
    p,
    0,
    i,
    0,
    0,
  ]
}

/** The same rows cut again: pieces of `size` rows, the next one begins `step` rows on, the last one first. */
export function cut<T>(list: readonly T[], size: number, step: number): T[][] {
  const pieces: T[][] = []
  for (let at = 0; at < list.length; at += step) pieces.push(list.slice(at, at + size))
  return pieces.reverse()
}

export const rows = (table: string, list: unknown[][]): GoldRows => ({ table, rows: list })
