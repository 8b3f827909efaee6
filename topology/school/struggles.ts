import { DAY } from './calendar.ts'
import type { SkillSeen } from './sessions.ts'

/** A student worked on a topic and did not get over the line. Event times, UTC milliseconds. */
export interface Struggle {
  /** Pseudonym. */
  student: string
  topic: string
  /** First sitting below the line. */
  from: number
  /** First sitting at the line or above; where there was none, a week after the last one, or the end of the school's time. */
  until: number
  /** It ended above the line. */
  overcome: boolean
}

export interface StruggleLine {
  /** True chance of a right answer on the topic's average item, below which a sitting counts. */
  below: number
  /** From the first to the last sitting below it, milliseconds. */
  least: number
  /** Sittings below it. */
  sittings: number
}

/**
 * Even odds. Guessing alone gives 0.03 to 0.25 in this school, who has learned a topic has 0.7 and more, and an average
 * student begins a topic at about 0.4: a low chance alone is what anybody has who begins. After a week and three
 * sittings it is a struggle.
 */
export const STRUGGLING: StruggleLine = { below: 0.5, least: 7 * DAY, sittings: 3 }

/** A topic that was left alone for so long is begun anew; longer than any holiday within the school year. */
const LEFT_ALONE = 28 * DAY
/** So long after the last sitting a struggle still goes on: the class may return to the topic. */
const AFTER = 7 * DAY

/** A student's true chance on a topic at each sitting, in the order of time. */
export type Course = readonly { at: number; p: number }[]

/** The truth of a whole school by student and topic, as it was at every sitting; pass `seen` to the school. */
export class TrueCourses {
  private readonly courses = new Map<string, { student: string; topic: string; course: { at: number; p: number }[] }>()

  seen = ({ student, topic, at, trueProbability: p }: SkillSeen): void => {
    const key = `${student}\n${topic}`
    let own = this.courses.get(key)
    if (!own) this.courses.set(key, (own = { student, topic, course: [] }))
    own.course.push({ at, p })
  }

  /** Every struggle, by student and topic in the order of their first sitting. `end`: of the school's time. */
  struggles(line: StruggleLine, end: number): Struggle[] {
    return [...this.courses.values()].flatMap(({ student, topic, course }) =>
      stretches(course, line, end).map((s) => ({ student, topic, ...s })),
    )
  }

  /** Share of all sittings that lie within a struggle: how often an alert at random would be right. */
  shareWithin(struggles: readonly Struggle[]): number {
    const own = Map.groupBy(struggles, (s) => `${s.student}\n${s.topic}`)
    let all = 0
    let within = 0
    for (const [key, { course }] of this.courses) {
      all += course.length
      const spans = own.get(key) ?? []
      for (const { at } of course) if (spans.some((s) => s.from <= at && at < s.until)) within++
    }
    return within / all
  }

  /** True chance at the last sitting up to `at`; null before the first. */
  chance(student: string, topic: string, at: number): number | null {
    const course = this.courses.get(`${student}\n${topic}`)?.course ?? []
    let found: number | null = null
    for (const c of course) {
      if (c.at > at) break
      found = c.p
    }
    return found
  }

  /** Greatest true chance at a sitting within a span; null where there was none. */
  greatest(student: string, topic: string, from: number, until: number): number | null {
    const within = (this.courses.get(`${student}\n${topic}`)?.course ?? []).filter((c) => c.at >= from && c.at <= until)
    return within.length === 0 ? null : Math.max(...within.map((c) => c.p))
  }
}

/** The stretches of one course that count as struggles. */
export function stretches(course: Course, line: StruggleLine, end: number): Omit<Struggle, 'student' | 'topic'>[] {
  const found: Omit<Struggle, 'student' | 'topic'>[] = []
  let first = -1
  const close = (last: number, over: number | null) => {
    const from = course[first]!.at
    if (course[last]!.at - from >= line.least && last - first + 1 >= line.sittings)
      found.push({ from, until: over ?? Math.min(end, course[last]!.at + AFTER), overcome: over !== null })
    first = -1
  }
  course.forEach(({ at, p }, i) => {
    if (first >= 0 && at - course[i - 1]!.at > LEFT_ALONE) close(i - 1, null)
    if (p < line.below) {
      if (first < 0) first = i
    } else if (first >= 0) close(i - 1, at)
  })
  if (first >= 0) close(course.length - 1, null)
  return found
}
