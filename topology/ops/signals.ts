import type { OpsSignal, SignalKind, SignalSubject } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import type { Metric } from '../drift/comparison.ts'
import { driftsSince, largestEffect } from '../drift/report/found.ts'
import { type SeriesKind, seriesName } from '../drift/series.ts'
import { subjectOf } from '../drift/subjects.ts'
import type { FlagCode } from '../items/item-health.ts'

/** Subjects that one picture holds at most. */
export const MOST_SUBJECTS = 500

/** A subject with what it is sorted by: the greater, the worse; the first number decides, then the next. */
export interface Weighed {
  subject: SignalSubject
  weight: readonly number[]
}

export interface Looked {
  tenant: string
  /** When gold was looked at, UTC milliseconds. */
  at: number
  /** Event time up to which gold knew, UTC milliseconds. */
  asOf: number
  lookedAt: number
}

/** The whole picture: the worst first, equals by name. */
export function signalOf(kind: SignalKind, looked: Looked, found: readonly Weighed[]): OpsSignal {
  const sorted = [...found].sort((a, b) => {
    for (const [i, w] of a.weight.entries()) {
      const difference = (b.weight[i] ?? 0) - w
      if (difference !== 0) return difference
    }
    return a.subject.subject < b.subject.subject ? -1 : 1
  })
  return {
    tenant: looked.tenant,
    kind,
    at: looked.at,
    as_of: looked.asOf,
    looked_at: looked.lookedAt,
    total: found.length,
    subjects: sorted.slice(0, MOST_SUBJECTS).map((w) => w.subject),
  }
}

/** A flagged item, as gold's item_health has it. */
export interface FlaggedItem {
  item: string
  flags: readonly string[]
  answers: number
  p_value: number
  point_biserial: number | null
  infit: number
  outfit: number
  rapid_rate: number | null
  /** Observed less fitted, logits. */
  difficulty_change: number | null
}

/** Flags from what most likely makes an item unfair (its key is wrong) to what makes it say little. */
const GRAVITY: readonly FlagCode[] = [
  'unused_option',
  'too_regular',
  'too_easy',
  'steep_slope',
  'extreme_difficulty',
  'weak_slope',
  'high_guessing',
  'easier_than_fitted',
  'harder_than_fitted',
  'rapid_guessing',
  'noisy',
  'poor_discrimination',
  'too_hard',
  'attractive_distractor',
  'negative_discrimination',
]

/** Which figure a flag rests on; those of options and fitted parameters are not in the row. */
const FIGURE_OF: Partial<Record<FlagCode, keyof FlaggedItem>> = {
  negative_discrimination: 'point_biserial',
  poor_discrimination: 'point_biserial',
  attractive_distractor: 'point_biserial',
  too_hard: 'p_value',
  too_easy: 'p_value',
  noisy: 'outfit',
  too_regular: 'infit',
  rapid_guessing: 'rapid_rate',
  harder_than_fitted: 'difficulty_change',
  easier_than_fitted: 'difficulty_change',
}

const gravity = (flag: string) => GRAVITY.indexOf(flag as FlagCode)

/** By the gravest of its flags, then by how many there are, then by how many answers it has spoiled. */
export function itemSubject(i: FlaggedItem, topic: string | null): Weighed {
  const findings = [...i.flags].sort((a, b) => gravity(b) - gravity(a))
  const codes = new Set(findings.flatMap((f) => FIGURE_OF[f as FlagCode] ?? []))
  const figures = [...codes, 'answers' as const].flatMap((code) => {
    const value = i[code]
    return typeof value === 'number' ? [{ code, value }] : []
  })
  return {
    subject: { subject: i.item, topic, findings, since: null, figures },
    weight: [Math.max(...findings.map(gravity)), findings.length, i.answers],
  }
}

/** An item whose newest window of one period drifts, as gold's item_drift has it. */
export interface DriftingItem {
  item: string
  period: 'week' | 'month'
  /** End and verdict of its compared windows, in order of time. */
  windows: readonly (readonly [to: number, verdict: string])[]
  /** Against all answers before, logits; above 0: it became harder. */
  shift: number
  robust_z: number | null
  p_adjusted: number | null
  answers: number
}

/** The end of the first window of the last run of drift and suspicion. */
function sinceOf(windows: DriftingItem['windows']): number | null {
  let since: number | null = null
  for (let i = windows.length - 1; i >= 0 && ['drift', 'suspect'].includes(windows[i]![1]); i--) since = windows[i]![0]
  return since
}

/** By how far it moved. An item that drifts by week and by month is one: the period with the larger shift speaks. */
export function driftingItems(rows: readonly DriftingItem[], topicOf: (item: string) => string | null): Weighed[] {
  const byItem = new Map<string, DriftingItem[]>()
  for (const r of rows) byItem.set(r.item, [...(byItem.get(r.item) ?? []), r])
  return [...byItem].map(([item, periods]) => {
    const worst = periods.reduce((a, b) => (Math.abs(b.shift) > Math.abs(a.shift) ? b : a))
    const since = periods.flatMap((p) => sinceOf(p.windows) ?? [])
    const known = (code: string, value: number | null) => (value === null ? [] : [{ code, value }])
    return {
      subject: {
        subject: item,
        topic: topicOf(item),
        findings: ['drift', worst.shift > 0 ? 'harder' : 'easier'],
        since: since.length === 0 ? null : Math.min(...since),
        figures: [
          { code: 'difficulty_shift', value: worst.shift },
          ...known('robust_z', worst.robust_z),
          ...known('p_adjusted', worst.p_adjusted),
          { code: 'answers', value: worst.answers },
        ],
      },
      weight: [Math.abs(worst.shift)],
    }
  })
}

/** A watched series with its last windows, as gold's feature_drift has them. */
export interface WatchedSeries {
  kind: SeriesKind
  name: string
  model: string
  version: string
  /** In order of time. `metrics` of windows that drift; of others they may be left out. */
  windows: readonly { window_kind: 'week' | 'count'; to: number; state: string; metrics: readonly Metric[] }[]
}

/** Newer windows of other series by more than this, and a series is one of the past: a version out of force, say. */
const PAST_MS = 15 * 86_400_000

const KINDS = ['week', 'count'] as const

/** The newest windows of a series, one of each kind, where they are no older than what else there is. */
function newest(s: WatchedSeries, asOf: number): WatchedSeries['windows'] {
  return KINDS.flatMap((kind) => {
    const w = s.windows.findLast((x) => x.window_kind === kind)
    return w && w.to > asOf - PAST_MS ? [w] : []
  })
}

/** Whether something could be said of it, drift or not. */
export const wasJudged = (s: WatchedSeries, asOf: number): boolean =>
  newest(s, asOf).some((w) => ['stable', 'suspect', 'drift'].includes(w.state))

interface Drifting {
  series: WatchedSeries
  since: number
  effect: Metric | null
  /** The effect in units of its floor. */
  weight: number
}

function drifting(s: WatchedSeries, asOf: number): Drifting | null {
  const found = newest(s, asOf).filter((w) => w.state === 'drift')
  if (found.length === 0) return null
  const size = (m: Metric | null) => (m?.floor ? Math.abs(m.value) / m.floor : 0)
  const effects = found.map(largestEffect)
  const effect = effects.reduce((a, b) => (size(b) > size(a) ? b : a), effects[0]!)
  const since = Math.min(...found.map((w) => driftsSince(s, w.window_kind)!.to))
  return { series: s, since, effect, weight: size(effect) }
}

const figuresOf = (all: readonly Drifting[]) =>
  all.flatMap(({ effect }) => (effect === null ? [] : [{ code: effect.name, value: effect.value }]))

/** Series of the data, each a subject, by the size of its effect against its floor. */
export function dataSubjects(series: readonly WatchedSeries[], asOf: number): Weighed[] {
  return series.flatMap((s) => {
    const d = drifting(s, asOf)
    if (d === null) return []
    const { since, weight } = d
    const subject = { subject: seriesName(s), topic: null, findings: [s.kind], since, figures: figuresOf([d]) }
    return [{ subject, weight: [weight] }]
  })
}

/** Model versions, each with its series that drift, those of quality before those of scores, the largest effect first. */
export function modelSubjects(series: readonly WatchedSeries[], asOf: number): Weighed[] {
  const versions = new Map<string, Drifting[]>()
  for (const s of series) {
    const d = drifting(s, asOf)
    if (d === null) continue
    const version = `${s.model}@${s.version}`
    versions.set(version, [...(versions.get(version) ?? []), d])
  }
  return [...versions].map(([version, all]) => {
    const ofQuality = (d: Drifting) => Number(d.series.kind === 'quality')
    all.sort((a, b) => ofQuality(b) - ofQuality(a) || b.weight - a.weight)
    return {
      subject: {
        subject: version,
        topic: null,
        findings: all.map((d) =>
          d.series.kind === 'score'
            ? `score/${d.series.name}`
            : ['quality', subjectOf(d.series.name)].filter(Boolean).join('/'),
        ),
        since: Math.min(...all.map((d) => d.since)),
        figures: figuresOf(all),
      },
      weight: [ofQuality(all[0]!), Math.max(...all.map((d) => d.weight))],
    }
  })
}
