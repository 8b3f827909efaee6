import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hash128 } from '../events/hash.ts'
import { simulateSchool } from '../school/school.ts'
import { exactRows } from '../testing/exact.ts'
import { answer, DAY, DAY_ZERO, MINUTE, shuffled, troublesomeLog, view, voiding } from '../testing/learner-log.ts'
import { TopologyDriver } from '../testing/topology-driver.ts'

/** What a reader sees now. Factors and `revision` tell how a row came about, which does depend on what came last. */
function current(events: readonly LearningEvent[]): string[] {
  const driver = new TopologyDriver().events(...events)
  const scores = new Map(
    [...driver.currentScores()].map(([key, r]) => [
      `score ${key}`,
      [r.as_of, r.opportunities, r.scores, r.uncertainty, r.standing],
    ]),
  )
  const features = new Map([...driver.currentFeatures()].map(([key, r]) => [`windows ${key}`, r]))
  return [...exactRows(scores), ...exactRows(features)]
}

/** First arrivals in order of event time. */
function inOrder(events: readonly LearningEvent[]): LearningEvent[] {
  const distinct = new Map(events.map((e) => [e.event_id, e]))
  return [...distinct.values()].sort((a, b) => a.occurred_at - b.occurred_at || a.source_sequence - b.source_sequence)
}

const later = (days: number) => DAY_ZERO + days * DAY
const KEY = { opportunity_key: 'k1', item: 'item-7' }

/** Small logs, each about one thing; the first three answers give it a history to change. */
const base = [
  answer('a', { occurred_at: later(0), score: 0 }),
  answer('b', { occurred_at: later(1), topics: ['algebra', 'ratios'] }),
  answer('c', { occurred_at: later(2), item: 'item-2' }),
]
const LOGS: Record<string, LearningEvent[]> = {
  'a void': [...base, voiding('v', 'b', { occurred_at: later(3) })],
  'a void of the newest': [...base, voiding('v', 'c', { occurred_at: later(3) })],
  'a correction': [...base, answer('k', { supersedes: 'a', occurred_at: later(3) })],
  'two corrections': [
    ...base,
    answer('k1', { supersedes: 'b', score: 0.25, occurred_at: later(3) }),
    answer('k2', { supersedes: 'b', score: 0.75, occurred_at: later(4) }),
  ],
  'a void and a later correction': [
    ...base,
    voiding('v', 'b', { occurred_at: later(3) }),
    answer('k', { supersedes: 'b', score: 0, occurred_at: later(4) }),
  ],
  'a correction and a later void': [
    ...base,
    answer('k', { supersedes: 'b', score: 0, occurred_at: later(3) }),
    voiding('v', 'b', { occurred_at: later(4) }),
  ],
  'a correction of a correction': [
    ...base,
    answer('k1', { supersedes: 'b', score: 0, occurred_at: later(3) }),
    answer('k2', { supersedes: 'k1', score: 0.75, occurred_at: later(4) }),
  ],
  'a voided correction': [
    ...base,
    answer('k', { supersedes: 'b', score: 0, occurred_at: later(3) }),
    voiding('v', 'k', { occurred_at: later(4) }),
  ],
  'two corrections of each other': [
    ...base,
    answer('k1', { supersedes: 'k2', score: 0, occurred_at: later(3) }),
    answer('k2', { supersedes: 'k1', score: 1, occurred_at: later(4) }),
  ],
  'a correction by a clock that runs ahead': [
    ...base,
    answer('k1', { supersedes: 'b', score: 0, occurred_at: later(900), observed_at: later(3) }),
    answer('k2', { supersedes: 'b', score: 0.75, occurred_at: later(4) }),
  ],
  'a grade that comes as a correction of ungraded work': [
    ...base,
    answer('u', { score: null, occurred_at: later(2), source_sequence: 5 }),
    answer('k', { supersedes: 'u', score: 0, occurred_at: later(4) }),
  ],
  'browser and server evidence': [
    ...base,
    answer('x', { ...KEY, authority: 'client', score: 0, occurred_at: later(3) }),
    answer('y', { ...KEY, authority: 'server', score: 1, occurred_at: later(3) + 500 }),
    view('z', { ...KEY, occurred_at: later(3) + 900 }),
  ],
  'server evidence that is voided': [
    ...base,
    answer('x', { ...KEY, authority: 'client', score: 0, occurred_at: later(3) }),
    answer('y', { ...KEY, authority: 'server', score: 1, occurred_at: later(3) + 500 }),
    voiding('v', 'y', { occurred_at: later(4) }),
  ],
  'ungraded evidence beside graded of the same opportunity': [
    ...base,
    answer('x', { ...KEY, authority: 'client', score: null, occurred_at: later(3) + 500, topics: ['ratios'] }),
    answer('y', { ...KEY, authority: 'server', score: 1, occurred_at: later(3) }),
  ],
  'views near and far': [
    ...base,
    view('near', { occurred_at: later(1) + 9 * MINUTE }),
    view('far', { occurred_at: later(1) + 11 * MINUTE, topics: ['geometry'] }),
  ],
  'a bundle': [0, 1, 2, 3].map((i) =>
    answer(`q${i}`, {
      score: i % 2,
      item: `item-${i}`,
      source_sequence: i < 2 ? 0 : i,
      topics: i ? ['a', 'b'] : ['b'],
    }),
  ),
}

describe('the current state does not depend on the order of arrival, to the bit', () => {
  for (const [name, log] of Object.entries(LOGS))
    it(name, () => {
      const expected = current(log)
      for (let seed = 0; seed < 40; seed++) expect(current(shuffled(log, seed))).toEqual(expected)
    })

  it('random troublesome logs, shuffled, late and with duplicates', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 5, max: 90 }), (seed, count) => {
        const log = troublesomeLog(seed, count)
        const expected = current(inOrder(log))
        const again = [...log, ...shuffled(log, seed).slice(0, count / 3)]
        expect(current(shuffled(again, seed + 1))).toEqual(expected)
      }),
      { numRuns: 60, seed: 1 },
    )
  })

  it('a simulated school, shuffled', () => {
    const pseudonym = (id: string) => hash128('test', id)
    const school = simulateSchool({ seed: 6, students: 12, events: 1500, tenant: 'school', pseudonym })
    const events = [...school.records()].flatMap((r) => (r.type === 'event' ? [r.event] : []))
    const expected = current(inOrder(events))
    expect(expected.length).toBeGreaterThan(100)
    expect(current(events)).toEqual(expected)
    expect(current(shuffled(events, 2))).toEqual(expected)
  })
})

describe('what wins', () => {
  const blend = (events: LearningEvent[]) => new TopologyDriver().events(...events).currentScores()
  const attempts = (name: string) => {
    const row = new TopologyDriver()
      .events(...LOGS[name]!)
      .currentFeatures()
      .get('student-1/algebra')!
    return [row.windows[2]!.attempts, row.windows[2]!.score_micro / 1e6]
  }

  it.each([
    ['a void', 2, 1],
    ['a void of the newest', 2, 1],
    ['a correction', 3, 3],
    ['two corrections', 3, 1.75],
    ['a void and a later correction', 3, 1],
    ['a correction and a later void', 2, 1],
    ['a correction of a correction', 3, 1.75],
    ['a voided correction', 3, 2],
    ['two corrections of each other', 3, 2],
    ['a correction by a clock that runs ahead', 3, 1.75],
    ['a grade that comes as a correction of ungraded work', 4, 2],
    ['browser and server evidence', 4, 3],
    ['server evidence that is voided', 4, 2],
    ['views near and far', 3, 2],
  ])('%s: %d opportunities, %d points', (name, n, points) => {
    expect(attempts(name)).toEqual([n, points])
  })

  it('a voided event that arrives again stays void', () => {
    const log = LOGS['a void']!
    expect(current([...log, log[1]!])).toEqual(current(log))
  })

  it('a void gives the scores of a student who never gave the answer', () => {
    const without = blend(base.filter((e) => e.event_id !== 'b')).get('student-1/algebra')!
    expect(blend(LOGS['a void']!).get('student-1/algebra')!.scores).toEqual(without.scores)
  })

  it('a topic whose only answer is voided stands where nobody has answered, as of the voided answer', () => {
    const driver = new TopologyDriver().events(...LOGS['a void']!)
    const row = driver
      .scores()
      .at(-1)!
      .rows.find((r) => r.topic === 'ratios')!
    expect(row).toMatchObject({ opportunities: 0, as_of: later(1), standing: 'insufficient' })
    const nobody = [0.5, 0.1, 0.5, 1.1 / 3]
    for (const [m, s] of row.scores.entries()) expect(s.mastery).toBeCloseTo(nobody[m]!, 14)
  })
})
