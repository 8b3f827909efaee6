import type { DriftBucketEnd } from '@mastery/schemas/src/generated/drift-bucket-end.gen.ts'
import type { DriftPartial } from '@mastery/schemas/src/generated/drift-partial.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { DriftPolicy } from '../../drift/policy.ts'
import { isVersionOf, versionKey } from '../../drift/reference.ts'
import { scaleNamed } from '../../drift/scales.ts'
import type { SeriesKind } from '../../drift/series.ts'
import { modelOfReference, readReference } from '../../drift/training-reference.ts'
import type { ClosedWindow } from '../../drift/window.ts'
import type { Stage, StageOutput, StageRecord, StepResult } from '../../stage.ts'
import { topicAt } from '../../topics.ts'
import { DRIFT_META, type DriftMeta, type Sources } from './meta.ts'
import { verdictRecord } from './verdict-record.ts'

/** Stages whose partitions must all have closed a bucket before it is whole. */
const STAGES = ['features', 'scores']
/** Versions of a model whose references are kept; activation brings one again. */
const MOST_REFERENCES = 3
/** The source that brings references. */
const LEADING = 0
const NOTHING: StepResult = { type: 'ok', outputs: [] }
const SEEN: StepResult = { type: 'drop', reason: 'seen' }
const NO_STATE = { empty: () => null, encode: () => new Uint8Array(0), decode: () => null }

/**
 * drift.partials to drift.verdicts: merges what the partitions saw, forms windows over whole buckets only, so that the
 * interleaving of partitions can't matter, and judges all series of a tenant together.
 */
export function driftStage(config: { policy: DriftPolicy; generation: number }): Stage<null, DriftMeta> {
  const { policy, generation } = config
  const input = topicAt('drift.partials', generation)
  const output = topicAt('drift.verdicts', generation)

  function ended(record: StageRecord, e: DriftBucketEnd, source: Sources, meta: DriftMeta): StepResult {
    source.count = e.sources
    source.closed.hear(e.source, e.closed_until)
    const until = wholeUntil(meta)
    if (until <= meta.wholeUntil) return NOTHING
    meta.wholeUntil = until
    const outputs: StageOutput[] = []
    const tenants = [...meta.tenants].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [tenant, t] of tenants)
      for (const { verdicts } of t.advance(policy, until, meta.references)) {
        const inRound = verdicts.filter((v) => v.pAdjusted !== null).length
        for (const v of verdicts) {
          const place = {
            origin_partition: record.origin.partition,
            origin_offset: record.origin.offset,
            ordinal: outputs.length,
            generation,
            tenant,
          }
          const value = verdictRecord(policy, place, v, inRound)
          outputs.push({ topic: output, subject: 'drift-verdict', key: tenant, value })
        }
      }
    return { type: 'ok', outputs }
  }

  /** The same version brings the same windows: a marker that comes again changes nothing. */
  function reference(m: Marker, meta: DriftMeta): StepResult {
    const model = modelOfReference(m.subject, m.name)
    if (model === null || m.payload === null) return { type: 'drop', reason: 'of no concern to drift' }
    const known = meta.references.get(versionKey(model, m.version))
    if (known !== undefined) return SEEN
    let windows: ClosedWindow[]
    try {
      windows = readReference(m.payload)
    } catch (e) {
      const message = `The reference of version ${m.version} of ${model} can't be used: ${(e as Error).message}`
      return { type: 'dead_letter', code: 'marker_refused', message }
    }
    const older = [...meta.references.keys()].filter((key) => isVersionOf(key, model))
    for (const key of older.slice(0, Math.max(0, older.length + 1 - MOST_REFERENCES))) meta.references.delete(key)
    // What the leading source had closed by then was judged without it, whichever partition tells of that last.
    meta.references.set(versionKey(model, m.version), { since: meta.source('scores').closed.of(LEADING), windows })
    return NOTHING
  }

  return {
    name: 'drift',
    inputs: [input],
    outputs: [output],
    state: NO_STATE,
    meta: DRIFT_META,
    keyOf: () => null,
    step(record, _state, meta) {
      if (record.subject === 'marker') return reference(record.value as Marker, meta)
      if (record.subject !== 'drift-partial' && record.subject !== 'drift-bucket-end')
        return {
          type: 'dead_letter',
          code: 'wrong_subject',
          message: `A ${record.subject} does not belong into drift.partials.`,
        }
      const r = record.value as DriftPartial | DriftBucketEnd
      const source = meta.source(r.stage)
      if (!source.marks.take(r)) return SEEN
      if (record.subject === 'drift-bucket-end') return ended(record, r as DriftBucketEnd, source, meta)
      const p = r as DriftPartial
      const { name, model, version } = p
      const series = { kind: p.kind as SeriesKind, name, model, version, scale: scaleNamed(p.scale) }
      const part = { counts: Float64Array.from(p.counts), sums: Float64Array.from(p.sums) }
      meta.tenant(p.tenant).take(series, p.labels, p.bucket_from, p.bucket_to, part)
      return NOTHING
    },
  }
}

/** Up to when every partition of every stage has closed its buckets; 0 while one has not been heard of. */
function wholeUntil(meta: DriftMeta): number {
  let least = Infinity
  for (const stage of STAGES) {
    const s = meta.sources.get(stage)
    if (s === undefined || s.closed.size < s.count) return 0
    least = Math.min(least, s.closed.least())
  }
  return least === Infinity ? 0 : least
}
