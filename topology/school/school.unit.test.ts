import { createHash } from 'node:crypto'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { describe, expect, it } from 'vitest'
import { hash128 } from '../events/hash.ts'
import { dayKind, HOUR } from './calendar.ts'
import { type School, type SchoolCounts, type SchoolOptions, simulateSchool } from './school.ts'
import { RAPID_BELOW } from './sources.ts'

const options: SchoolOptions = {
  seed: 11,
  students: 60,
  events: 40_000,
  tenant: 'demo',
  pseudonym: (id) => hash128('test', id),
}

function streamHash(school: School): string {
  const sum = createHash('sha256')
  for (const record of school.records()) sum.update(JSON.stringify(record))
  return sum.digest('hex')
}

function correlation(pairs: [number, number][]): number {
  const n = pairs.length
  const mean = (of: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[of], 0) / n
  const [x, y] = [mean(0), mean(1)]
  let xy = 0
  let xx = 0
  let yy = 0
  for (const [a, b] of pairs) {
    xy += (a - x) * (b - y)
    xx += (a - x) * (a - x)
    yy += (b - y) * (b - y)
  }
  return xy / Math.sqrt(xx * yy)
}

const school = simulateSchool(options)
const records = [...school.records()]
const events = records.flatMap((r) => (r.type === 'event' ? [r.event] : []))
const first = new Map<string, LearningEvent>()
for (const event of events) if (!first.has(event.event_id)) first.set(event.event_id, event)
const distinct = [...first.values()]
const answers = distinct.filter((e) => e.role === 'evidence')
const owner = new Map(school.students.map((s) => [options.pseudonym(s.id), s]))

describe('the simulated school repeats itself', () => {
  const small = { ...options, students: 12, events: 3000 }

  it('gives the same records for the same seed, run again or made again, and others for another seed', () => {
    const one = simulateSchool(small)
    const hash = streamHash(one)
    // Equal on every machine and Node version; a change of the generator changes it, knowingly.
    expect(hash).toBe('bdcaeaafc4bd67f525880ecb903ae19fc24dfbe262b026d99eedccb6f18fdc73')
    expect(streamHash(one)).toBe(hash)
    expect(streamHash(simulateSchool(small))).toBe(hash)
    expect(streamHash(simulateSchool({ ...small, seed: 12 }))).not.toBe(hash)
  })

  it('shares no event id with another simulation of the same tenant', () => {
    const ids = (o: SchoolOptions): string[] =>
      [...simulateSchool(o).records()].flatMap((r) => (r.type === 'event' ? [r.event.event_id] : []))
    const mine = new Set(ids(small))
    expect(ids({ ...small, seed: 12 }).some((id) => mine.has(id))).toBe(false)
    expect(ids({ ...small, events: 3001 }).some((id) => mine.has(id))).toBe(false)
  })
})

describe('the records', () => {
  it.each([
    [1, 1],
    [30, 7],
    [7, 999],
    [40, 5000],
    [2, 9000],
  ])('are exactly as many as asked for: %i students, %i events', (students, wanted) => {
    const it = simulateSchool({ ...options, students, events: wanted })
    let seen = 0
    for (const record of it.records()) if (record.type === 'event') seen++
    expect(seen).toBe(wanted)
    expect(it.sent().events).toBe(wanted)
  })

  it('are counted as they are', () => {
    const byKind: Record<string, number> = {}
    for (const event of events) byKind[event.kind] = (byKind[event.kind] ?? 0) + 1
    const counted: SchoolCounts = {
      events: events.length,
      distinct: distinct.length,
      duplicates: events.length - distinct.length,
      late: distinct.filter((e) => e.observed_at - e.occurred_at >= HOUR).length,
      opportunities: answers.length,
      views: distinct.filter((e) => e.role === 'view').length,
      ungraded: distinct.filter((e) => e.kind === 'assignment_submission' && e.role === 'context').length,
      ticks: records.filter((r) => r.type === 'tick').length,
      byKind,
    }
    expect(school.sent()).toEqual(counted)
  })

  it('come in order of arrival, ticks between them, none from the future', () => {
    let now = Number.NEGATIVE_INFINITY
    let tick = Number.NEGATIVE_INFINITY
    for (const record of records) {
      const at = record.type === 'tick' ? record.at : record.event.observed_at
      expect(at).toBeGreaterThanOrEqual(now)
      now = at
      if (record.type === 'event') {
        expect(record.event.occurred_at).toBeLessThanOrEqual(at)
        expect(at - tick).toBeLessThan(HOUR)
      } else {
        expect(at % HOUR).toBe(0)
        expect(at).toBeGreaterThan(tick)
        tick = at
      }
    }
    expect(records[0]!.type).toBe('tick')
    expect(records.at(-1)!.type).toBe('tick')
  })

  it('hold every kind, and every imperfection at about its rate', () => {
    const { byKind, duplicates, late, views, ungraded, events: all } = school.sent()
    expect(Object.keys(byKind).sort()).toEqual([
      'assignment_submission',
      'practice_attempt',
      'quiz_attempt',
      'teacher_feedback',
      'tutor_interaction',
      'video_interaction',
    ])
    expect(duplicates / all).toBeGreaterThan(0.007)
    expect(duplicates / all).toBeLessThan(0.013)
    expect(late / all).toBeGreaterThan(0.012)
    expect(late / all).toBeLessThan(0.03)
    expect(views / all).toBeGreaterThan(0.018)
    expect(views / all).toBeLessThan(0.035)
    expect(ungraded).toBeGreaterThan(0)
  })

  it('repeat an event only after it, with equal content', () => {
    const seen = new Set<string>()
    for (const event of events) {
      if (seen.has(event.event_id)) {
        const original = first.get(event.event_id)!
        expect(event.observed_at).toBeGreaterThan(original.observed_at)
        expect({ ...event, observed_at: original.observed_at }).toEqual(original)
      }
      seen.add(event.event_id)
    }
  })

  it('keep school hours: few on free days, none at night', () => {
    const free = distinct.filter((e) => dayKind(e.occurred_at) !== 'school').length
    expect(free / distinct.length).toBeGreaterThan(0.005)
    expect(free / distinct.length).toBeLessThan(0.08)
    const night = distinct.filter((e) => e.occurred_at % (24 * HOUR) < 8 * HOUR).length
    expect(night / distinct.length).toBeLessThan(0.002)
  })
})

describe('the answers', () => {
  it('are opportunities of their own, one after another within a student', () => {
    const keys = answers.flatMap((e) => (e.opportunity_key === null ? [] : [e.opportunity_key]))
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys.length).toBeLessThan(answers.length)
    const last = new Map<string, number>()
    for (const e of [...answers].sort((a, b) => a.source_sequence - b.source_sequence)) {
      expect(e.occurred_at).toBeGreaterThan(last.get(e.student) ?? 0)
      last.set(e.student, e.occurred_at)
    }
    for (const e of answers) expect(e.attempt_number === null).toBe(e.opportunity_key === null)
  })

  it('have their evidence beside every view', () => {
    const of = (e: LearningEvent): string => `${e.student} ${e.context} ${e.item} ${e.attempt_number}`
    const evidence = new Map(answers.map((e) => [of(e), e]))
    for (const view of distinct.filter((e) => e.role === 'view')) {
      const answer = evidence.get(of(view))!
      expect(answer.opportunity_key).toBe(view.opportunity_key)
      expect(answer.correct).toBe(view.correct)
      expect(Math.abs(answer.occurred_at - view.occurred_at)).toBeLessThan(600_000)
    }
  })

  it('are quick and at chance where they are rapid guesses', () => {
    const timed = answers.filter((e) => e.kind === 'quiz_attempt')
    const share = (profile: string): number => {
      const theirs = timed.filter((e) => owner.get(e.student)!.profile === profile)
      return theirs.filter((e) => e.response_time_ms! < RAPID_BELOW).length / theirs.length
    }
    expect(share('guesser')).toBeGreaterThan(0.25)
    expect(share('steady')).toBeLessThan(0.05)
    const accuracy = (of: LearningEvent[]): number => of.filter((e) => e.correct).length / of.length
    const rapid = timed.filter((e) => e.response_time_ms! < RAPID_BELOW)
    expect(accuracy(rapid)).toBeLessThan(0.3)
    expect(accuracy(timed)).toBeGreaterThan(0.45)
  })

  it('use hints as the profiles do, and exercise two topics at times', () => {
    const hints = (profile: string): number => {
      const theirs = answers.filter((e) => e.hints !== null && owner.get(e.student)!.profile === profile)
      return theirs.reduce((sum, e) => sum + e.hints!, 0) / theirs.length
    }
    expect(hints('hint-lover')).toBeGreaterThan(3 * hints('fast'))
    const paired = answers.filter((e) => e.topics.length === 2).length / answers.length
    expect(paired).toBeGreaterThan(0.03)
    expect(paired).toBeLessThan(0.2)
  })
})

describe('the truth', () => {
  const truth = [...school.truth()]

  it('has percent-correct as the events give it', () => {
    const tally = new Map<string, [number, number]>()
    for (const e of answers)
      for (const topic of e.topics) {
        const [n, sum] = tally.get(`${e.student} ${topic}`) ?? [0, 0]
        tally.set(`${e.student} ${topic}`, [n + 1, sum + e.score!])
      }
    expect(truth.length).toBe(tally.size)
    for (const row of truth) {
      const [n, sum] = tally.get(`${row.pseudonym} ${row.topic}`)!
      expect(row.percentCorrect).toBeCloseTo(sum / n, 12)
      expect(row.mastered).toBe(row.trueProbability >= 0.7)
    }
  })

  it('is recovered by the ideal observer, without bias, clearly better than by percent-correct', () => {
    const ideal = correlation(truth.map((row) => [row.trueProbability, row.idealMastery]))
    const percent = correlation(truth.map((row) => [row.trueProbability, row.percentCorrect]))
    expect(ideal).toBeGreaterThan(0.9)
    expect(percent).toBeGreaterThan(0.5)
    expect(ideal).toBeGreaterThan(percent + 0.1)
    const bias = truth.reduce((sum, row) => sum + row.idealMastery - row.trueProbability, 0) / truth.length
    expect(Math.abs(bias)).toBeLessThan(0.015)
    const mastered = truth.filter((row) => row.mastered).length / truth.length
    expect(mastered).toBeGreaterThan(0.2)
    expect(mastered).toBeLessThan(0.8)
  })

  it('is withheld until the records have been read', () => {
    expect(() => simulateSchool(options).truth()).toThrow(/read it to its end/)
  })
})

describe('the options', () => {
  it.each([{ students: 0 }, { events: 0 }, { students: 1.5 }, { seed: Number.NaN }])('are refused: %o', (wrong) => {
    expect(() => simulateSchool({ ...options, ...wrong })).toThrow(/give a whole number/)
  })

  it('move the start, and name topics whose prerequisites come first', () => {
    const startAt = Date.UTC(2026, 0, 12, 9)
    const moved = simulateSchool({ ...options, students: 3, events: 300, startAt })
    for (const record of moved.records())
      if (record.type === 'event') expect(record.event.occurred_at).toBeGreaterThan(startAt)
    const met = new Set<string>()
    for (const topic of moved.topics) {
      for (const before of topic.prerequisites) expect(met.has(before)).toBe(true)
      met.add(topic.id)
    }
    expect(moved.topics.length).toBe(20)
    expect(new Set(moved.topics.map((t) => t.chapter)).size).toBe(4)
  })
})
