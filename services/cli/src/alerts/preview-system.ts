import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { opsPartition } from '@mastery/topology/ops/place.ts'
import type { StageOutput, StageRecord } from '@mastery/topology/stage.ts'
import { filesOfMarker } from '@mastery/topology/stages/alerting/markers.ts'
import type { WatchMeta } from '@mastery/topology/stages/watching/meta.ts'
import { watchingStage } from '@mastery/topology/stages/watching/stage.ts'
import { VirtualRun } from '@mastery/topology/virtual-run.ts'
import { decoded } from './preview-records.ts'

const CHUNK = 2_000

/**
 * What rules about the system itself would have said: the watching stage over all of ops.metrics that the log has, with
 * the rules of `opening` from its beginning. Gives the time of the first and the last record, UTC milliseconds; null: it
 * has none. `sourcesBefore`: as the stage takes it.
 */
export async function previewSystem(
  from: Installation,
  opening: readonly Marker[],
  sourcesBefore: number,
  said: (o: StageOutput) => void,
): Promise<{ from: number; to: number } | null> {
  const generation = from.generations.active.id
  const run = new VirtualRun(watchingStage({ generation, sourcesBefore }))
  const topic = 'ops.metrics'
  const partition = opsPartition(await from.log.partitions(topic))
  const step = (record: StageRecord) => run.outputs(record).forEach(said)
  for (const m of opening) {
    await from.provide(filesOfMarker(m))
    step({ subject: 'marker', key: '', value: m, origin: { topic, partition, offset: -1 } })
  }
  const { start, end } = await from.log.bounds(topic, partition)
  let first = 0
  for (let offset = start; offset < end; ) {
    const records = await from.log.read(topic, partition, offset, Math.min(CHUNK, end - offset))
    if (records.length === 0) break
    for (const r of records) {
      const record = decoded(from, r.value, r.key, { topic, partition, offset: r.offset })
      // The rules, the roster and the generation that held then are not asked.
      if (record === null || record.subject === 'marker') continue
      step(record)
      if (first === 0) first = (run.meta as WatchMeta).now
    }
    offset = records.at(-1)!.offset + 1
  }
  return first === 0 ? null : { from: first, to: (run.meta as WatchMeta).now }
}
