import type { EventKind, LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { hash53 } from '../events/hash.ts'
import { DAY, HOUR, planSpan } from './calendar.ts'
import { type Curriculum, makeCurriculum, type SchoolTopic } from './curriculum.ts'
import { type Delivery, LATE_FROM, Outbox } from './outbox.ts'
import { Planted, type PlantedDrift } from './planted.ts'
import { Random } from './random.ts'
import { Session, type Setting, type SkillSeen } from './sessions.ts'
import { MASTERED_FROM, PROFILES, type Profile } from './skill.ts'
import { Learner, type SchoolStudent } from './student.ts'
import { planDay, type SchoolClass } from './timetable.ts'

export interface SchoolOptions {
  /** Any safe integer. */
  seed: number
  /** 1 or more; classes hold about 25. */
  students: number
  /** Event records to emit, duplicates included; met exactly. 1 or more. */
  events: number
  /** UTC milliseconds; the school begins at the first UTC midnight from there. Default 1 September 2025. */
  startAt?: number
  tenant: string
  /** The student's own id to the pseudonym: 32 hexadecimal digits. */
  pseudonym(id: string): string
  /** Changes of the world to plant; default none. The ids of events do not depend on it. */
  drift?: readonly PlantedDrift[]
  /** Hears of the truth at the end of every sitting, as records() goes; the records are the same with it and without. */
  seen?(seen: SkillSeen): void
}

export type SchoolRecord =
  | { type: 'event'; event: LearningEvent }
  /** Every earlier record was observed before `at`, every later one at `at` or after it. UTC milliseconds. */
  | { type: 'tick'; at: number }

/** What records() has emitted. */
export interface SchoolCounts {
  /** All event records. */
  events: number
  /** Different event ids: events - duplicates. */
  distinct: number
  /** Event records whose id came before: same content, later observed_at. */
  duplicates: number
  /** Distinct events observed an hour or more after they occurred. */
  late: number
  /** Graded answers: distinct events of role evidence, each an opportunity of its own. */
  opportunities: number
  /** Distinct second reports of an answer, role view. */
  views: number
  /** Distinct assignment submissions without a grade, role context. */
  ungraded: number
  ticks: number
  /** Event records by kind, duplicates included. */
  byKind: Record<string, number>
}

/** Of one student and topic, as of the last tick. */
export interface SchoolTruth {
  /** The student's own id. */
  student: string
  pseudonym: string
  topic: string
  /** trueProbability of 0.7 or more. */
  mastered: boolean
  /** The student's general ability, logits. */
  ability: number
  /** True chance of a correct earnest answer, without hints, on the topic's average item. */
  trueProbability: number
  /** Mean score of the graded answers on the topic. */
  percentCorrect: number
  /**
   * Expectation of trueProbability by the ideal observer (observer.ts): on average, and up to its approximation, no
   * estimate from the graded answers does better. It does not read teachers' marks.
   */
  idealMastery: number
}

export interface School {
  students: readonly SchoolStudent[]
  topics: readonly SchoolTopic[]
  /** The records in order of arrival. Every call runs the same year again from its first day. */
  records(): Generator<SchoolRecord>
  /** Counted while records() runs; final after it ended. */
  sent(): SchoolCounts
  /** One per student and topic with at least one graded answer. Throws an Error before records() has ended. */
  truth(): Iterable<SchoolTruth>
}

const CLASS_SIZE = 25
const PROFILE_NAMES = Object.keys(PROFILES) as Profile[]

function enrol(random: Random, count: number): SchoolStudent[] {
  const classes = Math.max(1, Math.round(count / CLASS_SIZE))
  const shares = PROFILE_NAMES.map((name) => PROFILES[name].share)
  return Array.from({ length: count }, (_, i) => {
    const group = Math.floor((i * classes) / count)
    const grade = 6 + (group % 4)
    const letter = String(Math.floor(group / 4) + 1)
    const profile = PROFILE_NAMES[random.weighted(shares)]!
    return { id: `student-${String(i + 1).padStart(5, '0')}`, classId: `${grade}-${letter}`, grade, profile }
  })
}

function check(options: SchoolOptions): void {
  for (const name of ['students', 'events'] as const)
    if (!Number.isSafeInteger(options[name]) || options[name] < 1)
      throw new RangeError(`${name} is ${options[name]}: give a whole number of 1 or more`)
  if (!Number.isSafeInteger(options.seed)) throw new RangeError(`seed is ${options.seed}: give a whole number`)
}

/** Deterministic: equal options give equal records, ids included. Throws RangeError for counts that are not whole or below 1. */
export function simulateSchool(options: SchoolOptions): School {
  check(options)
  const startAt = options.startAt ?? Date.UTC(2025, 8, 1)
  const curriculum = makeCurriculum(new Random(options.seed, 1))
  const students = enrol(new Random(options.seed, 2), options.students)
  let counts = noCounts()
  let learners: Learner[] | null = null

  function* records(): Generator<SchoolRecord> {
    counts = noCounts()
    learners = null
    const random = new Random(options.seed, 3)
    const everyone = students.map((s) => new Learner(curriculum, random, s, options.pseudonym(s.id)))
    const outbox = new Outbox(random, options.events)
    const { seed, tenant } = options
    const run = `sim${hash53(JSON.stringify([seed, students.length, options.events, startAt, tenant])).toString(36)}`
    const planted = new Planted(options.drift ?? [], Math.ceil(startAt / DAY) * DAY)
    const setting: Setting = { tenant, run, random, curriculum, outbox, planted, seen: options.seen ?? null }
    let end = 0
    for (const [hour, deliveries] of arrivals(setting, everyone, startAt)) {
      counts.ticks++
      yield { type: 'tick', at: hour * HOUR }
      for (const delivery of deliveries) {
        count(counts, delivery)
        yield { type: 'event', event: delivery.event }
      }
      end = (hour + 1) * HOUR
    }
    for (const learner of everyone)
      for (let t = 0; t < curriculum.topics.length; t++) if (learner.answers[t]! > 0) learner.touch(t, end)
    learners = everyone
    counts.ticks++
    yield { type: 'tick', at: end }
  }

  return {
    students,
    topics: curriculum.topics,
    records,
    sent: () => ({ ...counts, byKind: { ...counts.byKind } }),
    truth: () => {
      if (!learners) throw new Error('the truth is known when records() has ended: read it to its end first')
      return tell(curriculum, learners)
    },
  }
}

/** The hours in which something is observed, ascending, with what is observed in them. */
function* arrivals(setting: Setting, learners: Learner[], startAt: number): Generator<[hour: number, Delivery[]]> {
  const { random, outbox } = setting
  const total = outbox.remaining
  const classes = assign(random, learners)
  const span = planSpan(startAt, learners.length, total)
  let sessions = 0
  for (let day = 0; outbox.remaining > 0; day++) {
    const perSession = (80 + total - outbox.remaining) / (10 + sessions)
    const sittings = span.target(day, outbox.remaining) / perSession / learners.length
    const firstHour = (span.start + day * DAY) / HOUR
    for (const [h, appointments] of planDay(setting, classes, span, day, sittings).entries()) {
      for (const { learner, at, context, activity, topic, player } of appointments) {
        if (outbox.remaining === 0) break
        new Session(setting, learner, at, ++sessions, context).play(activity, topic, player)
      }
      const deliveries = outbox.take(firstHour + h)
      if (deliveries.length > 0) yield [firstHour + h, deliveries]
    }
  }
  for (const hour of outbox.hours()) yield [hour, outbox.take(hour)]
}

function assign(random: Random, learners: Learner[]): SchoolClass[] {
  const classes = new Map<string, SchoolClass>()
  for (const learner of learners) {
    const { classId: id, grade } = learner.identity
    let group = classes.get(id)
    if (!group) {
      const quizPlayer = classes.size % 4 === 1 ? 'unnumbered' : 'numbered'
      group = { id, grade, quizPlayer, ahead: 0.05 * (random.uniform() - 0.5), members: [] }
      classes.set(id, group)
    }
    group.members.push(learner)
  }
  return [...classes.values()]
}

function noCounts(): SchoolCounts {
  const byKind: Record<string, number> = {}
  return { events: 0, distinct: 0, duplicates: 0, late: 0, opportunities: 0, views: 0, ungraded: 0, ticks: 0, byKind }
}

function count(counts: SchoolCounts, { event, duplicate }: Delivery): void {
  const kind: EventKind = event.kind
  counts.events++
  counts.byKind[kind] = (counts.byKind[kind] ?? 0) + 1
  if (duplicate) {
    counts.duplicates++
    return
  }
  counts.distinct++
  if (event.observed_at - event.occurred_at >= LATE_FROM) counts.late++
  if (event.role === 'evidence') counts.opportunities++
  else if (event.role === 'view') counts.views++
  else if (kind === 'assignment_submission') counts.ungraded++
}

function* tell(curriculum: Curriculum, learners: Learner[]): Generator<SchoolTruth> {
  for (const learner of learners)
    for (const [t, topic] of curriculum.topics.entries()) {
      if (learner.answers[t] === 0) continue
      const trueProbability = learner.trueProbability(t)
      yield {
        student: learner.identity.id,
        pseudonym: learner.pseudonym,
        topic: topic.id,
        mastered: trueProbability >= MASTERED_FROM,
        ability: learner.ability,
        trueProbability,
        percentCorrect: learner.percentCorrect(t),
        idealMastery: learner.idealMastery(t),
      }
    }
}
