import type { TopicFeatures, WindowCounts } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answer, DAY, DAY_ZERO, shuffled } from '../../testing/learner-log.ts'
import { bothStages, RING, TopologyDriver } from '../../testing/topology-driver.ts'
import type { WindowState } from './state.ts'
import { topicWindows } from './windows.ts'

const HOUR = 3_600_000

const algebra = (events: LearningEvent[], ring = RING): TopicFeatures =>
  new TopologyDriver(bothStages(ring))
    .events(...events)
    .currentFeatures()
    .get('student-1/algebra')!

/** Windows counted from all events at once, from the definition and with none of the stage's code. */
function naive(events: readonly LearningEvent[], asOf: number, days: number): WindowCounts {
  const all = events
    .filter((e) => e.topics.includes('algebra') && e.occurred_at > asOf - days * DAY && e.occurred_at <= asOf)
    .sort((a, b) => a.occurred_at - b.occurred_at || a.source_sequence - b.source_sequence)
  const graded = all.filter((e) => e.role === 'evidence' && e.score !== null)
  const sum = (of: LearningEvent[], f: (e: LearningEvent) => number) => of.reduce((s, e) => s + f(e), 0)
  const micro = (x: number) => Math.round(x * 1e6)
  const practice = graded.filter((e) => e.kind === 'practice_attempt')
  const videos = all.filter((e) => e.kind === 'video_interaction')
  const feedback = all.filter((e) => e.kind === 'teacher_feedback' && e.score !== null && e.role === 'context')
  const timed = graded.filter((e) => e.response_time_ms !== null)
  return {
    days,
    attempts: graded.length,
    correct: graded.filter((e) => e.score! >= 0.5).length,
    score_micro: sum(graded, (e) => micro(e.score!)),
    response_ms: sum(timed, (e) => e.response_time_ms!),
    response_n: timed.length,
    practice_attempts: practice.length,
    practice_correct: practice.filter((e) => e.score! >= 0.5).length,
    hinted: graded.filter((e) => (e.hints ?? 0) > 0).length,
    hints: sum(graded, (e) => e.hints ?? 0),
    revisits: graded.filter((e, i) => graded.slice(0, i).some((o) => o.item === e.item)).length,
    video_events: videos.length,
    video_coverage_micro: sum(videos, (e) => micro(e.video_coverage ?? 0)),
    help_requests: sum(
      all.filter((e) => e.kind === 'tutor_interaction'),
      (e) => e.help_requests ?? 0,
    ),
    feedback_n: feedback.length,
    feedback_micro: sum(feedback, (e) => micro(e.score!)),
  }
}

/** Least squares through centred points, and a weighted mean: the textbook's formulas. */
function naiveTrends(events: readonly LearningEvent[], asOf: number) {
  const graded = events.filter((e) => e.topics.includes('algebra') && e.score !== null && e.role === 'evidence')
  const recent = graded.filter((e) => e.occurred_at > asOf - 30 * DAY)
  const hours = recent.map((e) => -Math.floor((asOf - e.occurred_at) / HOUR))
  const mean = (xs: number[]) => xs.reduce((s, x) => s + x, 0) / xs.length
  const mx = mean(hours)
  const my = mean(recent.map((e) => e.score!))
  const sxx = hours.reduce((s, x) => s + (x - mx) ** 2, 0)
  const sxy = hours.reduce((s, x, i) => s + (x - mx) * (recent[i]!.score! - my), 0)
  const within = graded.filter((e) => e.occurred_at > asOf - 90 * DAY)
  const weights = within.map((e) => Math.exp(-(asOf - e.occurred_at) / (14 * DAY)))
  const total = weights.reduce((s, w) => s + w, 0)
  return {
    trend: recent.length >= 3 && sxx > 0 ? (24 * sxy) / sxx : null,
    decayed: total > 0 ? weights.reduce((s, w, i) => s + w * within[i]!.score!, 0) / total : null,
  }
}

const someEvent = fc.record({
  kind: fc.constantFrom<LearningEvent['kind']>(
    'quiz_attempt',
    'practice_attempt',
    'video_interaction',
    'tutor_interaction',
    'teacher_feedback',
  ),
  // Whole days as often as not, so that events fall on the windows' edges.
  days: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.double({ min: 0, max: 200, noNaN: true })),
  topics: fc.constantFrom<string[]>(['algebra'], ['algebra', 'ratios'], ['ratios'], []),
  item: fc.constantFrom('item-1', 'item-2', 'item-3'),
  score: fc.option(fc.integer({ min: 0, max: 7 }).map((x) => x / 7)),
  hints: fc.option(fc.nat(3)),
  response_time_ms: fc.option(fc.nat(100_000)),
  coverage: fc.option(fc.integer({ min: 0, max: 8 }).map((x) => x / 8)),
})

describe('windows', () => {
  it('equal a naive count over all events, whatever came first', () => {
    const log = fc.array(someEvent, { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(log, fc.nat(1000), (given, seed) => {
        const events = given.map(({ days, coverage, ...g }, i) => {
          const evidence = g.kind === 'quiz_attempt' || g.kind === 'practice_attempt'
          return answer(`e${i}`, {
            ...g,
            score: evidence || g.kind === 'teacher_feedback' ? g.score : null,
            role: evidence ? 'evidence' : 'context',
            video_coverage: g.kind === 'video_interaction' ? coverage : null,
            help_requests: g.kind === 'tutor_interaction' ? g.hints : null,
            occurred_at: DAY_ZERO + Math.round(days * DAY),
            source_sequence: i,
          })
        })
        const mine = events.filter((e) => e.topics.includes('algebra'))
        const driver = new TopologyDriver().events(...shuffled(events, seed))
        const row = driver.currentFeatures().get('student-1/algebra')
        expect(row === undefined).toBe(mine.length === 0)
        if (mine.length === 0) return
        const asOf = Math.max(...mine.map((e) => e.occurred_at))
        expect(row!.as_of).toBe(asOf)
        expect(row!.approximate).toBe(false)
        for (const w of row!.windows) expect(w).toEqual(naive(events, asOf, w.days))
        expect(row!.attempts_total).toBe(naive(events, asOf, 10_000).attempts)
        const others = mine.map((e) => e.occurred_at).sort((a, b) => a - b)
        expect(row!.previous_at).toBe(others.at(-2) ?? null)
        const { trend, decayed } = naiveTrends(events, asOf)
        if (trend === null) expect(row!.trend_per_day).toBeNull()
        else expect(row!.trend_per_day).toBeCloseTo(trend, 8)
        if (decayed === null) expect(row!.decayed_accuracy).toBeNull()
        else expect(row!.decayed_accuracy).toBeCloseTo(decayed, 6)
        // Read later, with nothing new: what has aged leaves.
        const state = driver.state<WindowState>('features', 'student-1')
        const read = topicWindows(state, state.sets.topics.find('algebra'), [7, 30, 90], asOf + 9 * DAY)
        for (const w of read.windows) expect(w).toEqual(naive(events, asOf + 9 * DAY, w.days))
      }),
      { numRuns: 150, seed: 2 },
    )
  })

  it('end at as_of, inclusive, and begin after as_of - days, exclusive', () => {
    const at = (ms: number, id: string) => answer(id, { occurred_at: DAY_ZERO + ms })
    const events = [at(0, 'edge'), at(1, 'inside'), at(7 * DAY, 'newest')]
    expect(algebra(events).windows.map((w) => w.attempts)).toEqual([2, 3, 3])
  })

  it('count a revisit only where the earlier answer lies in the same window', () => {
    const events = [0, 10, 12, 50].map((d) => answer(`e${d}`, { occurred_at: DAY_ZERO + d * DAY }))
    expect(algebra(events.slice(0, 3)).windows.map((w) => w.revisits)).toEqual([1, 2, 2])
    expect(algebra(events).windows.map((w) => w.revisits)).toEqual([0, 0, 3])
  })

  it('have a known trend: from 0 to 1 in ten even daily steps is a tenth a day', () => {
    const rising = Array.from({ length: 11 }, (_, i) =>
      answer(`e${i}`, { occurred_at: DAY_ZERO + i * DAY, score: i / 10 }),
    )
    expect(algebra(rising).trend_per_day).toBeCloseTo(0.1, 12)
    expect(algebra(rising.slice(0, 2)).trend_per_day).toBeNull()
    const atOnce = rising.map((e) => ({ ...e, occurred_at: DAY_ZERO, observed_at: DAY_ZERO }))
    expect(algebra(atOnce).trend_per_day).toBeNull()
  })

  it('take an event from a clock that runs ahead at the time of its observation', () => {
    const ahead = answer('e', { occurred_at: DAY_ZERO + 400 * DAY, observed_at: DAY_ZERO + DAY })
    const nearly = answer('n', { occurred_at: DAY_ZERO + 2 * DAY + 300_000, observed_at: DAY_ZERO + 2 * DAY })
    const driver = new TopologyDriver().events(ahead, nearly)
    expect(driver.features().map((f) => [f.clamped, f.occurred_at - DAY_ZERO])).toEqual([
      [true, DAY],
      [false, 2 * DAY + 300_000],
    ])
    expect(driver.currentFeatures().get('student-1/algebra')!.windows[0]!.attempts).toBe(2)
  })
})
