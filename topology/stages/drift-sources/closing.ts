import type { DriftBucketEnd } from '@mastery/schemas/src/generated/drift-bucket-end.gen.ts'
import type { DriftPartial } from '@mastery/schemas/src/generated/drift-partial.gen.ts'
import type { DriftPolicy } from '../../drift/policy.ts'
import type { StageOutput, StageRecord } from '../../stage.ts'
import type { TopicName } from '../../topics.ts'
import type { OpenBucket, SourceMeta } from './meta.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

export interface ClosingConfig {
  policy: Pick<DriftPolicy, 'bucketHours' | 'latenessHours' | 'lateDays'>
  generation: number
  stage: 'features' | 'scores'
  /** Partitions of the topic that is read. */
  sources: number
  output: TopicName
}

/**
 * The open bucket that a record counts in: that of its event time; where it is closed, the oldest open one; null where
 * the record is later than that allows.
 */
export function bucketFor(meta: SourceMeta, c: ClosingConfig, tenant: string, occurredAt: number): OpenBucket | null {
  const length = c.policy.bucketHours * HOUR
  const own = Math.floor(occurredAt / length) * length
  if (own >= meta.closedUntil) return meta.bucket(own, tenant)
  if (meta.closedUntil - own > c.policy.lateDays * DAY) {
    meta.leftOut++
    return null
  }
  meta.late++
  return meta.bucket(meta.closedUntil, tenant)
}

/**
 * What a tick closes: one record per tenant and series of every bucket that ended long enough before it, by key of the
 * tenant, then for everybody the end of the buckets.
 */
export function closeBuckets(record: StageRecord, at: number, meta: SourceMeta, c: ClosingConfig): StageOutput[] {
  meta.now = Math.max(meta.now, at)
  const length = c.policy.bucketHours * HOUR
  const until = Math.floor((meta.now - c.policy.latenessHours * HOUR) / length) * length
  if (until <= meta.closedUntil) return []
  const outputs: StageOutput[] = []
  const { partition, offset } = record.origin
  const origin = () => ({
    origin_partition: partition,
    origin_offset: offset,
    ordinal: outputs.length,
    generation: c.generation,
    stage: c.stage,
  })
  const ended = [...meta.buckets.keys()].filter((from) => from + length <= until).sort((a, b) => a - b)
  for (const from of ended) {
    for (const [tenant, { entries }] of [...meta.buckets.get(from)!].sort(byName))
      for (const [, { series, labels, histogram }] of [...entries].sort(byName)) {
        const value: DriftPartial = {
          ...origin(),
          tenant,
          ...series,
          labels: [...labels],
          bucket_from: from,
          bucket_to: from + length,
          counts: Array.from(histogram.counts),
          sums: Array.from(histogram.sums),
        }
        outputs.push({ topic: c.output, byKey: true, subject: 'drift-partial', key: tenant, value })
      }
    meta.buckets.delete(from)
  }
  const end: DriftBucketEnd = {
    ...origin(),
    source: partition,
    sources: c.sources,
    closed_until: until,
    late: meta.late,
    left_out: meta.leftOut,
  }
  outputs.push({ topic: c.output, everywhere: true, subject: 'drift-bucket-end', key: '', value: end })
  meta.closedUntil = until
  meta.late = 0
  meta.leftOut = 0
  return outputs
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0)
