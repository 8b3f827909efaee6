import { decodeOrSkip } from '@mastery/jobs/src/rebuild/read.ts'
import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import { RECENT_MS } from '@mastery/topology/ops/pipeline.ts'
import { opsPartition } from '@mastery/topology/ops/place.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'

/** A read from Kafka joins a group of its own. */
const CHUNK = 10_000
/** A part that ended some hours ago should still be seen; what is older than this is history, and gold has it. */
const BACK_MS = 24 * 3_600_000
/** Records that are read at most. Processes that write more often are seen less far back. */
const MOST = 20_000

/**
 * The newest records of how services fare, from the log itself: they are there where gold is behind, or is what does
 * not work. Goes back a day from the newest, `MOST` records at most and a quarter of an hour at least.
 */
export async function newestMetrics(log: EventLog, codec: Codec): Promise<OpsMetric[]> {
  const partition = opsPartition(await log.partitions('ops.metrics'))
  const { start, end } = await log.bounds('ops.metrics', partition)
  const found: OpsMetric[] = []
  let newest = 0
  for (let to = end; to > start; to -= CHUNK) {
    const from = Math.max(start, to - CHUNK)
    const records = await log.read('ops.metrics', partition, from, to - from)
    let oldest = Number.POSITIVE_INFINITY
    for (const r of records) {
      const read = await decodeOrSkip(codec, r.value)
      if (read?.subject !== 'ops-metric') continue
      const metric = read.value as OpsMetric
      found.push(metric)
      newest = Math.max(newest, metric.to)
      oldest = Math.min(oldest, metric.to)
    }
    if (oldest < newest - BACK_MS || (found.length >= MOST && oldest < newest - RECENT_MS)) break
  }
  return found.filter((m) => m.to > newest - BACK_MS)
}
