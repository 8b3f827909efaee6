import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { describe, expect, it } from 'vitest'
import { featureRowsOf, foldHistory, type HistoryRecord, scoreRowsOf } from '../history/fold.ts'
import { MODEL_IDS } from '../stages/scoring/in-force.ts'
import { SCORE_META } from '../stages/scoring/meta.ts'
import { SCORE_STATE, type ScoreState } from '../stages/scoring/state.ts'
import { WINDOW_STATE, type WindowState } from '../stages/windowing/state.ts'
import { answer, DAY, DAY_ZERO, shuffled, troublesomeLog } from '../testing/learner-log.ts'
import { bothStages, RING, TopologyDriver } from '../testing/topology-driver.ts'
import { compareStudent, type Stored } from './compare.ts'
import { FIELDS, featureValues, fieldIndex, scoreValues } from './fields.ts'
import { judge, Tally } from './tally.ts'

const options = { ring: RING, days: [7, 30, 90], scoring: SCORE_META.empty('') }
const NOW = { since: 0, firstOffset: 0, installedAt: -1 }

const history = (events: readonly LearningEvent[], student: string): HistoryRecord[] =>
  events.flatMap((value, offset) => (value.student === student ? [{ subject: 'learning-event', offset, value }] : []))

/** What the stream holds of a student, as gold and the state store would give it. */
function streamed(events: readonly LearningEvent[], student: string, ring = RING): Stored {
  const driver = new TopologyDriver(bothStages(ring)).events(...events)
  const own = <T>(rows: Map<string, T>) => [...rows].flatMap(([key, r]) => (key.startsWith(`${student}/`) ? [r] : []))
  return {
    features: own(driver.currentFeatures()).map((r) => ({
      topic: r.topic,
      values: featureValues(r),
      approximate: r.approximate,
    })),
    scores: own(driver.currentScores()).map((r) => ({
      topic: r.topic,
      values: scoreValues(r),
      versions: MODEL_IDS.map((m) => r.scores.find((s) => s.model === m)?.version ?? ''),
    })),
    // Through their bytes, as a store keeps them.
    windows: WINDOW_STATE.decode(WINDOW_STATE.encode(driver.state<WindowState>('features', student)), student),
    knowledge: SCORE_STATE.decode(SCORE_STATE.encode(driver.state<ScoreState>('scoring', student)), student),
  }
}

const ordered = Array.from({ length: 30 }, (_, i) =>
  answer(`e${i}`, { occurred_at: DAY_ZERO + i * DAY, topics: [i % 2 ? 'algebra' : 'ratios'], score: i % 3 ? 1 : 0 }),
)
const compared = (stored: Stored, events: readonly LearningEvent[] = ordered, versions = NOW) =>
  compareStudent(foldHistory('student-1', history(events, 'student-1'), options), stored, options, versions)
const named = (c: ReturnType<typeof compared>) =>
  c.differences.map((d) =>
    `${d.kind} ${FIELDS[d.field]!.field} ${FIELDS[d.field]!.model} ${d.topic}`.replaceAll('  ', ' '),
  )

describe('a comparison', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('finds nothing in what the stream holds, whatever came when (seed %i)', (seed) => {
    const events = troublesomeLog(seed, 150)
    const log = shuffled([...events, ...events.slice(20, 50)], seed)
    for (const student of ['student-0', 'student-1', 'student-2']) {
      const fold = foldHistory(student, history(log, student), options)
      const c = compareStudent(fold, streamed(log, student), options, NOW)
      expect(named(c)).toEqual([])
      expect(new Tally(c.tally).total()).toMatchObject({ mismatches: 0, missing: 0, extra: 0 })
      expect(new Tally(c.tally).total().compared).toBeGreaterThan(300)
    }
  })

  it('finds nothing in a state that keeps less of the past than the history has', () => {
    const ring = { min: 16, max: 4096, days: 90 }
    const long = Array.from({ length: 300 }, (_, i) => answer(`e${i}`, { occurred_at: DAY_ZERO + i * 2 * DAY }))
    const stored = streamed(long, 'student-1', ring)
    expect(stored.windows!.ring.n).toBeLessThan(150)
    const fold = foldHistory('student-1', history(long, 'student-1'), { ...options, ring })
    expect(named(compareStudent(fold, stored, { ...options, ring }, NOW))).toEqual([])
  })

  it('tells a changed value, a missing and an extra row apart, with both sides of it', () => {
    const stored = streamed(ordered, 'student-1')
    const features = stored.features.map((r) => ({ ...r, values: [...r.values] }))
    const at = fieldIndex('score_micro_30d')
    const before = features[0]!.values[at]!
    features[0]!.values[at] = before + 1
    const c = compared({
      ...stored,
      features: [...features, { ...features[0]!, topic: 'ghost' }],
      scores: stored.scores.slice(1),
    })
    expect(named(c).sort()).toEqual(
      [
        `extra features_row ghost`,
        `mismatch score_micro_30d ${features[0]!.topic}`,
        `missing mastery_row all ${stored.scores[0]!.topic}`,
      ].sort(),
    )
    expect(c.differences.find((d) => d.field === at)).toMatchObject({ stored: before + 1, recomputed: before })
    const tally = new Tally(c.tally).fields()[at]!
    expect(tally).toMatchObject({ compared: 2, mismatches: 1 })
    const sums = featureRowsOf(foldHistory('student-1', history(ordered, 'student-1'), options), [7, 30, 90])
      .map((r) => r.windows[1]!.score_micro)
      .reduce((a, b) => a + b, 0)
    expect(tally.smape).toBeCloseTo(1 / (2 * sums + 1), 12)
  })

  it('takes the smallest double more or less for a difference', () => {
    const stored = streamed(ordered, 'student-1')
    const scores = stored.scores.map((r) => ({ ...r, values: [...r.values] }))
    const elo = FIELDS.filter((f) => f.field === 'mastery_score').findIndex((f) => f.model === 'elo')
    scores[0]!.values[3 + elo] = scores[0]!.values[3 + elo]! + Number.EPSILON / 2
    expect(scores[0]!.values[3 + elo]).not.toBe(stored.scores[0]!.values[3 + elo])
    expect(named(compared({ ...stored, scores }))).toEqual([`mismatch mastery_score elo ${scores[0]!.topic}`])
  })

  it('leaves rows alone that say nothing any more, and those that outgrew the ring', () => {
    const stored = streamed(ordered, 'student-1')
    const nothing = stored.features[0]!.values.map((_, i) => (i === 0 ? DAY_ZERO : i < 2 ? null : 0))
    const c = compared({
      ...stored,
      features: [
        { ...stored.features[0]!, approximate: true, values: stored.features[0]!.values.map(() => 7) },
        ...stored.features.slice(1),
        { topic: 'gone', values: nothing, approximate: false },
      ],
      scores: [...stored.scores, { topic: 'gone', values: [DAY_ZERO, 0, 0.5, 0.5, 0.5, 0.5, 0.5], versions: [] }],
    })
    expect(named(c)).toEqual([])
    expect(c.approximate).toBe(1)
  })

  it('sees what changed inside a state though no row shows it', () => {
    const stored = streamed(ordered, 'student-1')
    stored.windows!.ring.item[3] = 4711
    stored.knowledge!.ring.score[2] = 1
    stored.knowledge!.current.student[0] = 9
    expect(named(compared(stored)).sort()).toEqual([
      'mismatch state.event algebra',
      'mismatch state.knowledge elo ',
      'mismatch state.opportunity all ratios',
    ])
    const lost = streamed(ordered, 'student-1')
    expect(named(compared({ ...lost, windows: null, knowledge: null }))).toEqual([
      'missing state.event ',
      'missing state.opportunity all ',
    ])
  })

  it('says of a stale student only that', () => {
    const stored = streamed(ordered.slice(5), 'student-1')
    stored.windows!.stale = true
    expect(compared(stored)).toMatchObject({ stale: true, differences: [] })
  })

  it('compares windows alone where other versions made a part of the scores', () => {
    const stored = streamed(ordered, 'student-1')
    const scores = stored.scores.map((r) => ({ ...r, values: r.values.map(() => 0.1), versions: ['old'] }))
    const mixed = compared({ ...stored, scores }, ordered, { since: 20, firstOffset: 0, installedAt: -1 })
    expect(mixed).toMatchObject({ otherVersions: true, differences: [] })
    const rebuilt = compared({ ...stored, scores }, ordered, { since: 20, firstOffset: 0, installedAt: 25 })
    expect(rebuilt.otherVersions).toBe(false)
    expect(rebuilt.differences.length).toBeGreaterThan(0)
  })
})

describe('two values', () => {
  it.each([
    [1, 1, 0, null],
    [1, 1 + Number.EPSILON, 0, 'mismatch'],
    [0.5, 0.50009, 1e-4, null],
    [0.5, 0.5002, 1e-4, 'mismatch'],
    [null, null, 0, null],
    [null, 0, 0, 'missing'],
    [0, null, 0, 'extra'],
    [Number.NaN, Number.NaN, 1, 'mismatch'],
  ] as const)('%s stored, %s recomputed, tolerance %s: %s', (stored, recomputed, tolerance, kind) => {
    expect(judge(stored, recomputed, tolerance)).toBe(kind)
  })
})

describe('rows of the fold', () => {
  it('have a value for every field', () => {
    const f = foldHistory('student-1', history(ordered, 'student-1'), options)
    const features = FIELDS.findIndex((x) => x.field === 'opportunities') - 1
    expect(featureValues(featureRowsOf(f, [7, 30, 90])[0]!)).toHaveLength(features)
    expect(scoreValues(scoreRowsOf(f, options.scoring)[0]!)).toHaveLength(
      FIELDS.findIndex((x) => x.field === 'features_row') - features,
    )
  })
})
