import { describe, expect, it } from 'vitest'
import { exact, exactRows } from '../../testing/exact.ts'
import { answer, DAY, DAY_ZERO, MINUTE, troublesomeLog, voiding } from '../../testing/learner-log.ts'
import { bothStages, RING, TopologyDriver } from '../../testing/topology-driver.ts'
import type { ScoreState } from './state.ts'

const TINY = { min: 16, max: 90, days: 5 }
const drive = (ring: typeof RING) => new TopologyDriver(bothStages(RING, ring))
const state = (d: TopologyDriver, student = 'student-1') => d.state<ScoreState>('scoring', student)
const inOrder = troublesomeLog(11, 900)
  .filter((e) => e.supersedes === null && e.occurred_at <= e.observed_at)
  .map((e) => ({ ...e, opportunity_key: null }))

describe('a checkpoint and a ring', () => {
  it('give the scores and predictions of an endless ring, for events in order', () => {
    const small = drive(TINY).events(...inOrder)
    const large = drive(RING).events(...inOrder)
    for (const s of ['student-0', 'student-1', 'student-2']) {
      expect(state(small, s).base).not.toBeNull()
      expect(state(small, s).ring.n).toBeLessThan(100)
      expect(state(large, s).base).toBeNull()
    }
    const mild = (d: TopologyDriver) => d.scores().map((s) => exact([s.event_id, s.predictions, s.rows]))
    expect(mild(small)).toEqual(mild(large))
  })

  it('give the same for late events inside the ring, and for voids and corrections there', () => {
    const events = Array.from({ length: 300 }, (_, i) =>
      answer(`e${i}`, {
        occurred_at: DAY_ZERO + i * DAY,
        score: (i * 7) % 3 === 0 ? 0 : 1,
        topics: i % 3 === 0 ? ['algebra', 'ratios'] : i % 3 === 1 ? ['ratios'] : ['algebra'],
      }),
    )
    const late = events.splice(290, 3)
    const again = [...late.reverse(), voiding('v', 'e294'), answer('k', { supersedes: 'e296', score: 0.25 })]
    const small = drive(TINY).events(...events, ...again)
    const large = drive(RING).events(...events, ...again)
    expect(state(small).base).not.toBeNull()
    const rows = (d: TopologyDriver) =>
      exactRows(
        new Map([...d.currentScores()].map(([key, r]) => [key, [r.as_of, r.opportunities, r.scores, r.uncertainty]])),
      )
    expect(rows(small)).toEqual(rows(large))
    expect(state(small).stale).toBe(false)
  })

  it('set up a topic the same wherever the fold began', () => {
    const events = Array.from({ length: 200 }, (_, i) => answer(`e${i}`, { occurred_at: DAY_ZERO + i * DAY }))
    const one = answer('g', { topics: ['geometry'], occurred_at: DAY_ZERO + 250 * DAY })
    const last = (d: TopologyDriver) =>
      d
        .events(...events, one, voiding('v', 'g'))
        .scores()
        .at(-1)!.rows
    const rows = last(drive(TINY))
    expect(rows.find((r) => r.topic === 'geometry')).toMatchObject({ opportunities: 0 })
    expect(exact(rows.map((r) => [r.topic, r.scores]))).toBe(exact(last(drive(RING)).map((r) => [r.topic, r.scores])))
  })

  it('go on without an event from before the checkpoint, and say so', () => {
    const events = Array.from({ length: 200 }, (_, i) => answer(`e${i}`, { occurred_at: DAY_ZERO + i * DAY }))
    const d = drive(TINY).events(...events)
    const before = d.currentScores().get('student-1/algebra')!
    d.events(answer('old', { occurred_at: DAY_ZERO + 1 }), voiding('v', 'e3'))
    for (const s of d.scores().slice(-2)) expect(s).toMatchObject({ stale: true, predictions: [] })
    expect(d.currentScores().get('student-1/algebra')).toMatchObject({
      opportunities: 200,
      scores: before.scores,
    })
    expect(
      d
        .events(answer('new', { occurred_at: DAY_ZERO + 300 * DAY }))
        .scores()
        .at(-1)!.stale,
    ).toBe(true)
  })

  it('never part a bundle, so that a late member of one is predicted without its mates', () => {
    const bundles = Array.from({ length: 30 }, (_, b) =>
      Array.from({ length: 10 }, (_, i) =>
        answer(`b${b} q${i}`, { occurred_at: DAY_ZERO + b * MINUTE, source_sequence: i, score: i % 2 }),
      ),
    )
    const d = drive(TINY)
    for (const bundle of bundles) {
      for (const event of bundle) {
        d.events(event)
        const { ring, baseEnd } = state(d)
        expect(ring.t[0]).toBeGreaterThan(baseEnd.t)
      }
      expect(
        new Set(
          d
            .scores()
            .slice(-10)
            .map((s) => exact(s.predictions)),
        ).size,
      ).toBe(1)
    }
    expect(state(d).base).not.toBeNull()
  })

  it('stay bounded where every event has one time', () => {
    const same = Array.from({ length: 400 }, (_, i) => answer(`e${i}`, { source_sequence: i }))
    const d = drive(TINY).events(...same)
    expect(state(d).ring.n).toBeLessThan(200)
    expect(d.currentScores().get('student-1/algebra')!.opportunities).toBe(400)
  })
})
