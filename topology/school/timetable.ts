import { DAY, dayKind, HOUR, type Span } from './calendar.ts'
import type { Curriculum } from './curriculum.ts'
import type { Random } from './random.ts'
import type { Activity } from './sessions.ts'
import type { QuizPlayer } from './sources.ts'
import type { Learner } from './student.ts'

export interface SchoolClass {
  id: string
  grade: number
  quizPlayer: QuizPlayer
  /** Added to the share of the curriculum that the class has reached. */
  ahead: number
  members: Learner[]
}

/** One sitting that is to take place. */
export interface Appointment {
  at: number
  learner: Learner
  player: QuizPlayer
  activity: Activity
  topic: number
  /** Shared by the class in a lesson; null at home. */
  context: string | null
}

/** Chance that one of a student's first sittings on a school day is a lesson. */
const IN_LESSON = 0.6
const IN_CLASS: readonly [Activity, number][] = [
  ['quiz', 0.5],
  ['practice', 0.4],
  ['video', 0.1],
]
const AT_HOME: readonly [Activity, number][] = [
  ['practice', 0.38],
  ['assignment', 0.3],
  ['video', 0.14],
  ['tutor', 0.1],
  ['quiz', 0.08],
]

function draw(random: Random, from: readonly [Activity, number][]): Activity {
  return from[random.weighted(from.map(([, weight]) => weight))]![0]
}

/** The topic that the class is at, in the subject, or with the chance given one that it has left behind. */
function chooseTopic(random: Random, sequence: readonly number[], progress: number, revisit: number): number {
  const current = Math.max(0, Math.min(sequence.length - 1, Math.floor(progress * sequence.length)))
  return sequence[current > 0 && random.chance(revisit) ? random.between(0, current - 1) : current]!
}

/**
 * Everybody's appointments of one day, by hour of the day. `sittings` is the expected number per student, before the
 * student's own activity: the first ones may be lessons, the rest is homework. On weekends and holidays there is only homework.
 */
export function planDay(
  setting: { random: Random; curriculum: Curriculum; run: string },
  classes: readonly SchoolClass[],
  span: Span,
  day: number,
  sittings: number,
): Appointment[][] {
  const { random, curriculum } = setting
  const midnight = span.start + day * DAY
  const school = dayKind(midnight) === 'school'
  const hours: Appointment[][] = Array.from({ length: 24 }, () => [])
  for (const group of classes) {
    const progress = span.progress(day) + group.ahead
    const lessons = curriculum.subjects.map((subject, i) => ({
      start: midnight + (8 + 3 * i + random.between(0, 2)) * HOUR + 5 * 60_000,
      activity: draw(random, IN_CLASS),
      topic: chooseTopic(random, subject, progress, 0.25),
      context: `${setting.run}-${group.id}-d${day}-${i}`,
    }))
    const first = random.between(0, lessons.length - 1)
    for (const learner of group.members) {
      const count = Math.floor(sittings * learner.activity + random.uniform())
      for (let i = 0; i < count; i++) {
        const inClass = school && i < lessons.length && random.chance(IN_LESSON)
        const lesson = inClass ? lessons[(first + i) % lessons.length] : undefined
        const appointment: Appointment = lesson
          ? {
              at: lesson.start + random.between(0, 600_000),
              learner,
              player: group.quizPlayer,
              activity: lesson.activity,
              topic: lesson.topic,
              context: lesson.context,
            }
          : {
              at: midnight + Math.floor((school ? 15.5 + 5.5 * random.uniform() : 9.5 + 11 * random.uniform()) * HOUR),
              learner,
              player: group.quizPlayer,
              activity: draw(random, AT_HOME),
              topic: chooseTopic(random, curriculum.subjects[random.between(0, 1)]!, progress, 0.4),
              context: null,
            }
        hours[Math.floor((appointment.at - midnight) / HOUR)]!.push(appointment)
      }
    }
  }
  for (const hour of hours) hour.sort((a, b) => a.at - b.at)
  return hours
}
