import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { groupOf } from '../../drift/histogram.ts'
import { addPrediction, QUALITY_BINS } from '../../drift/quality.ts'
import { binOf, scaleOf } from '../../drift/scales.ts'
import type { Series, SeriesKind } from '../../drift/series.ts'
import { within } from '../../drift/subjects.ts'
import { bucketFor, type ClosingConfig } from './closing.ts'
import type { Entry, OpenBucket, SourceMeta } from './meta.ts'

const { edges: EDGES } = scaleOf('probability')

/** Entries of model versions by what is looked up for every score: a bucket's own, of its lifetime. */
class ByVersion {
  private readonly all = new Map<string, Map<string, Entry>>()

  /** `subject`: empty for all. Names are made once. */
  of(b: OpenBucket, kind: SeriesKind, name: string, subject: string, model: string, version: string): Entry {
    let versions = this.all.get(model)
    if (versions === undefined) this.all.set(model, (versions = new Map()))
    let e = versions.get(version)
    if (e === undefined) {
      const quality = kind === 'quality'
      const named = subject === '' ? name : within(name, subject)
      const series: Series = { kind, name: named, model, version, scale: quality ? 'calibration' : 'probability' }
      e = b.entry(series, [], quality ? QUALITY_BINS : EDGES.length + 1)
      versions.set(version, e)
    }
    return e
  }
}

interface Known {
  mastery: ByVersion
  prediction: ByVersion
  quality: ByVersion
}

const VOLUME: Series = { kind: 'volume', name: 'scores', model: '', version: '', scale: 'labels' }
const STALE: Series = { kind: 'mix', name: 'score_state', model: '', version: '', scale: 'labels' }
const STATES = ['up to date', 'stale']

/** Counts a score record; a record that was counted before must not come here. */
export function countScores(c: ClosingConfig): (value: unknown, meta: SourceMeta) => void {
  const known = new WeakMap<OpenBucket, Map<string, Known>>()

  /** `subject`: empty for all. */
  function knownOf(b: OpenBucket, subject: string): Known {
    let all = known.get(b)
    if (all === undefined) known.set(b, (all = new Map()))
    let k = all.get(subject)
    if (k === undefined)
      all.set(subject, (k = { mastery: new ByVersion(), prediction: new ByVersion(), quality: new ByVersion() }))
    return k
  }

  function predicted(s: MasteryScore, b: OpenBucket, k: Known, group: number, subject: string): void {
    for (const { model, version, p } of s.predictions) {
      k.prediction.of(b, 'score', 'prediction', subject, model, version).histogram.add(group, binOf(EDGES, p), p)
      const { histogram: q } = k.quality.of(b, 'quality', 'predictions', subject, model, version)
      addPrediction(q, group, p, s.correct === true)
    }
  }

  function mastered(row: MasteryScore['rows'][number], b: OpenBucket, k: Known, group: number, subject: string): void {
    for (const { model, version, mastery } of row.scores)
      k.mastery.of(b, 'score', 'mastery', subject, model, version).histogram.add(group, binOf(EDGES, mastery), mastery)
  }

  return (value, meta) => {
    const s = value as MasteryScore
    if (s.predictions.length === 0) return
    const b = bucketFor(meta, c, s.tenant, s.occurred_at)
    if (b === null) return
    const k = knownOf(b, '')
    const group = groupOf(s.student)
    const volume = (b.places[0] ??= b.entry(VOLUME, ['records'], 1)).histogram
    volume.counts[group]!++
    const stale = (b.places[1] ??= b.entry(STALE, STATES, 2)).histogram
    stale.counts[group * 2 + (s.stale ? 1 : 0)]!++
    predicted(s, b, k, group, '')
    const subjects = meta.subjects.get(s.tenant)
    // A prediction is the mean over the topics of the question; it counts in the subject of the first that has one.
    let told = subjects === undefined
    for (const row of s.rows) {
      if (row.revision) continue
      mastered(row, b, k, group, '')
      const subject = subjects?.get(row.topic)
      if (subject === undefined) continue
      const part = knownOf(b, subject)
      mastered(row, b, part, group, subject)
      if (!told) predicted(s, b, part, group, subject)
      told = true
    }
  }
}
