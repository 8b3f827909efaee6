export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export type DayKind = 'school' | 'weekend' | 'holiday'

/** Month and day, inclusive. The winter break wraps round the year's end. */
const HOLIDAYS: readonly [from: number, to: number][] = [
  [701, 831],
  [1025, 1102],
  [1220, 1231],
  [101, 104],
  [214, 222],
  [403, 419],
]

/** Expected activity of a student, relative to a school day. */
const WEIGHT: Record<DayKind, number> = { school: 1, weekend: 0.08, holiday: 0.03 }

/** School days of the first term, 1 September to 19 December 2025, and of the school year that it opens. */
const TERM_DAYS = 75
const YEAR_DAYS = 185
/** A student's events a school day, at which the span starts to grow: up to a year, and then past it. */
const USUAL_RATE = 14
const GREATEST_RATE = 80

/** `at`: UTC milliseconds; school time is UTC. */
export function dayKind(at: number): DayKind {
  const date = new Date(at)
  const monthDay = (date.getUTCMonth() + 1) * 100 + date.getUTCDate()
  for (const [from, to] of HOLIDAYS) if (monthDay >= from && monthDay <= to) return 'holiday'
  const weekday = date.getUTCDay()
  return weekday === 0 || weekday === 6 ? 'weekend' : 'school'
}

/** The days over which the events are spread. Days past the last one keep the mean rate, so that any number is reached. */
export interface Span {
  /** UTC midnight of the first day. */
  start: number
  days: number
  /** Events wanted from all students on the day, of the `remaining` ones. */
  target(day: number, remaining: number): number
  /** Share of the span's school work that lies before the day, 0 to 1. */
  progress(day: number): number
}

/** The span begins at the first UTC midnight at or after `startAt` and ends on a school day. */
export function planSpan(startAt: number, students: number, events: number): Span {
  const start = Math.ceil(startAt / DAY) * DAY
  const perStudent = events / students
  const wanted = Math.ceil(
    Math.max(TERM_DAYS, Math.min(YEAR_DAYS, perStudent / USUAL_RATE), perStudent / GREATEST_RATE),
  )
  const before: number[] = []
  let schoolDays = 0
  let total = 0
  while (schoolDays < wanted) {
    const kind = dayKind(start + before.length * DAY)
    if (kind === 'school') schoolDays++
    before.push(total)
    total += WEIGHT[kind]
  }
  const weight = (day: number): number => WEIGHT[dayKind(start + day * DAY)]
  return {
    start,
    days: before.length,
    target: (day, remaining) =>
      day < before.length
        ? (remaining * weight(day)) / (total - before[day]!)
        : Math.max(1, events / total) * weight(day),
    progress: (day) => (day < before.length ? before[day]! / total : 1),
  }
}
