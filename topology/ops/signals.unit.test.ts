import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { within } from '../drift/subjects.ts'
import {
  type DriftingItem,
  dataSubjects,
  driftingItems,
  type FlaggedItem,
  itemSubject,
  MOST_SUBJECTS,
  modelSubjects,
  signalOf,
  type WatchedSeries,
} from './signals.ts'

const DAY = 86_400_000
const LOOKED = { tenant: 'school', at: 2, asOf: 1, lookedAt: 9_000 }

const flagged = (item: string, flags: string[], more: Partial<FlaggedItem> = {}): FlaggedItem => ({
  item,
  flags,
  answers: 100,
  p_value: 0.5,
  point_biserial: 0.3,
  infit: 1,
  outfit: 1,
  rapid_rate: null,
  difficulty_change: null,
  ...more,
})

describe('a picture', () => {
  it('holds the worst five hundred, and says how many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 700 }), (weights) => {
        const found = weights.map((w, i) => ({
          subject: { subject: `q${i}`, topic: null, findings: [], since: null, figures: [{ code: 'w', value: w }] },
          weight: [w],
        }))
        const signal = signalOf('item_health', LOOKED, found)
        expect(signal.total).toBe(weights.length)
        const kept = signal.subjects.map((s) => s.figures[0]!.value)
        expect(kept).toEqual([...weights].sort((a, b) => b - a).slice(0, MOST_SUBJECTS))
      }),
    )
  })

  it('is the same picture whatever order gold gave', () => {
    const found = ['b', 'a', 'c'].map((item) => itemSubject(flagged(item, ['noisy']), null))
    const names = (all: typeof found) => signalOf('item_health', LOOKED, all).subjects.map((s) => s.subject)
    expect(names(found)).toEqual(['a', 'b', 'c'])
    expect(names([...found].reverse())).toEqual(['a', 'b', 'c'])
  })
})

describe('a flagged item', () => {
  it('is as bad as its gravest flag, which comes first with its figure', () => {
    const { subject } = itemSubject(
      flagged('q', ['too_easy', 'negative_discrimination'], { point_biserial: -0.2 }),
      't',
    )
    expect(subject).toEqual({
      subject: 'q',
      topic: 't',
      findings: ['negative_discrimination', 'too_easy'],
      since: null,
      figures: [
        { code: 'point_biserial', value: -0.2 },
        { code: 'p_value', value: 0.5 },
        { code: 'answers', value: 100 },
      ],
    })
    const order = [
      flagged('mild', ['too_easy', 'unused_option']),
      flagged('key', ['negative_discrimination']),
      flagged('much answered key', ['negative_discrimination'], { answers: 5_000 }),
    ].map((f) => itemSubject(f, null))
    expect(signalOf('item_health', LOOKED, order).subjects.map((s) => s.subject)).toEqual([
      'much answered key',
      'key',
      'mild',
    ])
  })
})

describe('a drifting item', () => {
  const drifting = (period: DriftingItem['period'], shift: number, windows: DriftingItem['windows']): DriftingItem => ({
    item: 'q',
    period,
    windows,
    shift,
    robust_z: null,
    p_adjusted: 0.001,
    answers: 70,
  })

  it('is one, by week and by month, and drifts since it was first suspected', () => {
    const week = drifting('week', -0.5, [
      [1 * DAY, 'suspect'],
      [8 * DAY, 'stable'],
      [15 * DAY, 'suspect'],
      [22 * DAY, 'drift'],
    ])
    const month = drifting('month', 0.9, [[30 * DAY, 'drift']])
    const found = driftingItems([week, month], () => 'fractions')
    expect(found).toHaveLength(1)
    expect(found[0]!.subject).toMatchObject({ topic: 'fractions', findings: ['drift', 'harder'], since: 15 * DAY })
    expect(found[0]!.subject.figures.map((f) => f.code)).toEqual(['difficulty_shift', 'p_adjusted', 'answers'])
    expect(driftingItems([week], () => null)[0]!.subject.findings).toEqual(['drift', 'easier'])
  })
})

describe('a watched series', () => {
  const series = (of: Partial<WatchedSeries>, ...windows: WatchedSeries['windows']): WatchedSeries => ({
    kind: 'feature',
    name: 'attempts',
    model: '',
    version: '',
    windows,
    ...of,
  })
  const at = (day: number, state: string, value = 0.08, kind: 'week' | 'count' = 'week') => ({
    window_kind: kind,
    to: day * DAY,
    state,
    metrics: [{ name: 'psi_deciles', value, floor: 0.04, critical: null, error: null }],
  })

  it('is told of while its newest window drifts, and not when it is of the past', () => {
    const now = series({}, at(7, 'suspect'), at(14, 'drift'))
    expect(dataSubjects([now], 14 * DAY)[0]!.subject).toMatchObject({ since: 7 * DAY, findings: ['feature'] })
    expect(dataSubjects([now], 30 * DAY)).toEqual([])
    expect(dataSubjects([series({}, at(7, 'drift'), at(14, 'stable'))], 14 * DAY)).toEqual([])
  })

  it('may drift by whole days where weeks have too few rows', () => {
    const found = dataSubjects([series({}, at(7, 'insufficient'), at(9, 'drift', 0.4, 'count'))], 9 * DAY)
    expect(found.map((f) => [f.subject.since, f.weight])).toEqual([[9 * DAY, [10]]])
  })

  it('of a model stands under its version; quality weighs more than any score', () => {
    const of = (version: string, kind: 'quality' | 'score', value: number) =>
      series({ kind, name: kind === 'score' ? 'mastery' : 'predictions', model: 'irt', version }, at(7, 'drift', value))
    const found = modelSubjects([of('1', 'score', 0.9), of('2', 'score', 0.5), of('2', 'quality', 0.05)], 7 * DAY)
    const { subjects } = signalOf('model_drift', LOOKED, found)
    expect(subjects.map((s) => [s.subject, s.findings])).toEqual([
      ['irt@2', ['quality', 'score/mastery']],
      ['irt@1', ['score/mastery']],
    ])
  })

  it('of a model within a subject names the subject', () => {
    const name = within('predictions', 'Algebra')
    const found = modelSubjects(
      [series({ kind: 'quality', name, model: 'irt', version: '1' }, at(7, 'drift', 0.1))],
      7 * DAY,
    )
    expect(found.map((f) => f.subject.findings)).toEqual([['quality/Algebra']])
  })
})
