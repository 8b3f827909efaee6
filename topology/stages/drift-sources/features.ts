import type { FeatureRecord, TopicFeatures, WindowCounts } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import { groupOf } from '../../drift/histogram.ts'
import type { DriftPolicy } from '../../drift/policy.ts'
import { binOf, isNumeric, type ScaleName, scaleOf } from '../../drift/scales.ts'
import type { Series, SeriesKind } from '../../drift/series.ts'
import { type Subjects, within } from '../../drift/subjects.ts'
import { bucketFor, type ClosingConfig } from './closing.ts'
import type { Entry, OpenBucket, SourceMeta } from './meta.ts'

const KINDS = [
  'quiz_attempt',
  'assignment_submission',
  'practice_attempt',
  'video_interaction',
  'tutor_interaction',
  'teacher_feedback',
  'other',
]
const DISPOSITIONS = [
  'counted',
  'context',
  'duplicate',
  'conflict',
  'view_paired',
  'view_unpaired',
  'outranked',
  'superseded',
  'corrected',
  'voided',
  'pending',
  'too_old',
  'erased',
  'readmitted',
  'installed',
  'outdated',
  'rebuild_wanted',
  'ignored',
]
/** Formats in which players report; an importer's, which is none of them, is the last. */
const SOURCES = ['mastery-json-1', 'xapi-1.0.3', 'xapi-2.0', 'caliper-1.1', 'caliper-1.2', 'other']
const VERSIONS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'other']
const DAY = 86_400_000

/** A figure of a topic's features; null where the row has none. */
type Figure = (r: TopicFeatures, w: WindowCounts) => number | null

const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)

const OF_WINDOW: readonly [name: string, scale: ScaleName, figure: Figure][] = [
  ['attempts', 'count', (_, w) => w.attempts],
  ['accuracy', 'share', (_, w) => share(w.score_micro / 1e6, w.attempts)],
  ['response_seconds', 'seconds', (_, w) => share(w.response_ms / 1000, w.response_n)],
  ['practice_share', 'share', (_, w) => share(w.practice_attempts, w.attempts)],
  ['practice_accuracy', 'share', (_, w) => share(w.practice_correct, w.practice_attempts)],
  ['hint_rate', 'share', (_, w) => share(w.hinted, w.attempts)],
  ['revisit_rate', 'share', (_, w) => share(w.revisits, w.attempts)],
  ['video_events', 'count', (_, w) => w.video_events],
  ['video_coverage', 'share', (_, w) => share(w.video_coverage_micro / 1e6, w.video_events)],
  ['help_requests', 'count', (_, w) => w.help_requests],
  ['teacher_feedback', 'share', (_, w) => share(w.feedback_micro / 1e6, w.feedback_n)],
]
const OF_ROW: readonly [name: string, scale: ScaleName, figure: Figure][] = [
  ['days_since_last', 'days', (r) => (r.previous_at === null ? null : (r.as_of - r.previous_at) / DAY)],
  ['attempts_total', 'count', (r) => r.attempts_total],
  ['trend_per_day', 'slope', (r) => r.trend_per_day],
  ['decayed_accuracy', 'share', (r) => r.decayed_accuracy],
]

const series = (kind: SeriesKind, name: string, scale: ScaleName): Series => ({
  kind,
  name,
  model: '',
  version: '',
  scale,
})

/** Names of the bins of a series, in their order; a value that is not among them counts in the last. */
interface Labelled {
  place: number
  series: Series
  labels: readonly string[]
}

/** Entries of one subject, by the places of series. */
interface Part {
  subject: string
  places: (Entry | undefined)[]
}

/** An answer counts in the subject of its first topic that has one. */
function firstSubject(topics: readonly string[], subjects: Subjects): string | undefined {
  for (const t of topics) {
    const subject = subjects.get(t)
    if (subject !== undefined) return subject
  }
  return undefined
}

/** Counts a feature record; a record that was counted before must not come here. */
export function countFeatures(policy: DriftPolicy, c: ClosingConfig): (value: unknown, meta: SourceMeta) => void {
  let places = 0
  const numeric = (name: string, scale: ScaleName, figure: Figure, days: number | null) => {
    if (!isNumeric(scale)) throw new Error(`${scale} is no scale of numbers.`)
    return { place: places++, series: series('feature', name, scale), edges: scaleOf(scale).edges, figure, days }
  }
  const watched = [
    ...policy.featureDays.flatMap((days) => OF_WINDOW.map(([n, s, f]) => numeric(`${n}_${days}d`, s, f, days))),
    ...OF_ROW.map(([n, s, f]) => numeric(n, s, f, null)),
  ]
  const score = numeric('answer_score', 'share', () => null, null)
  const labelled = (kind: SeriesKind, name: string, labels: readonly string[]): Labelled => ({
    place: places++,
    series: series(kind, name, 'labels'),
    labels,
  })
  const THERE = ['there', 'missing']
  const events = labelled('volume', 'events', ['records'])
  const answers = labelled('volume', 'answers', ['records'])
  const kinds = labelled('mix', 'event_kind', KINDS)
  const fates = labelled('mix', 'disposition', DISPOSITIONS)
  const clocks = labelled('mix', 'event_time', ['as sent', 'clamped'])
  const sources = labelled('mix', 'source', SOURCES)
  const versions = labelled('mix', 'schema_version', VERSIONS)
  const items = labelled('missing', 'item', THERE)
  const topics = labelled('missing', 'topics', THERE)
  const times = labelled('missing', 'response_time', THERE)

  const put = (b: OpenBucket, s: Labelled, group: number, bin: number) => {
    const e = (b.places[s.place] ??= b.entry(s.series, s.labels, s.labels.length))
    e.histogram.counts[group * e.histogram.bins + bin]!++
  }
  const parts = new WeakMap<OpenBucket, Map<string, (Entry | undefined)[]>>()
  /** Places of a topic's subject; null where it is not watched apart. */
  const partOf = (b: OpenBucket, subject: string | undefined): Part | null => {
    if (subject === undefined) return null
    let own = parts.get(b)
    if (own === undefined) parts.set(b, (own = new Map()))
    let places = own.get(subject)
    if (places === undefined) own.set(subject, (places = []))
    return { subject, places }
  }
  const add = (b: OpenBucket, s: typeof score, group: number, value: number, of: Part | null) => {
    const bins = s.edges.length + 1
    const bin = binOf(s.edges, value)
    const e = (b.places[s.place] ??= b.entry(s.series, [], bins))
    e.histogram.add(group, bin, value)
    if (of === null) return
    const part = (of.places[s.place] ??= b.entry({ ...s.series, name: within(s.series.name, of.subject) }, [], bins))
    part.histogram.add(group, bin, value)
  }
  const indexOf = (labels: readonly string[], value: string) => {
    const i = labels.indexOf(value)
    return i < 0 ? labels.length - 1 : i
  }

  function answered(f: FeatureRecord, b: OpenBucket, group: number, subjects: Subjects | undefined): void {
    put(b, answers, group, 0)
    put(b, items, group, f.item === null ? 1 : 0)
    const own = f.ops.find((o) => o.op === 'insert')
    put(b, topics, group, own === undefined || own.topics.length === 0 ? 1 : 0)
    if (own !== undefined)
      add(b, score, group, own.score_micro / 1e6, partOf(b, subjects && firstSubject(own.topics, subjects)))
    for (const row of f.rows) {
      const part = partOf(b, subjects?.get(row.topic))
      const [shortest] = row.windows
      if (shortest !== undefined && shortest.attempts > 0) put(b, times, group, shortest.response_n === 0 ? 1 : 0)
      for (const s of watched) {
        const w = s.days === null ? shortest : row.windows.find((x) => x.days === s.days)
        if (w === undefined) continue
        const value = s.figure(row, w)
        if (value !== null) add(b, s, group, value, part)
      }
    }
  }

  return (value, meta) => {
    const f = value as FeatureRecord
    const b = bucketFor(meta, c, f.tenant, f.occurred_at)
    if (b === null) return
    const group = groupOf(f.student)
    put(b, events, group, 0)
    put(b, kinds, group, indexOf(KINDS, f.kind))
    put(b, fates, group, indexOf(DISPOSITIONS, f.disposition))
    put(b, clocks, group, f.clamped ? 1 : 0)
    // Commands and what an older build wrote name neither.
    if (f.source !== '') put(b, sources, group, indexOf(SOURCES, f.source))
    if (f.schema_version > 0) put(b, versions, group, Math.min(f.schema_version, VERSIONS.length) - 1)
    if (f.disposition === 'counted') answered(f, b, group, meta.subjects.get(f.tenant))
  }
}
