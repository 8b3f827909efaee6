import { OPS_KEY, opsPartition } from '@mastery/topology/ops/place.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { SubjectName } from '@mastery/topology/topics.ts'

export interface OpsRecord {
  subject: Extract<SubjectName, 'ops-metric' | 'ops-signal' | 'marker'>
  value: unknown
  /** UTC milliseconds. */
  at: number
}

/** Appends records to the one partition of ops.metrics, in one append. */
export async function appendOps(
  log: Pick<EventLog, 'append' | 'partitions'>,
  codec: Codec,
  records: readonly OpsRecord[],
): Promise<void> {
  if (records.length === 0) return
  const partition = opsPartition(await log.partitions('ops.metrics'))
  await log.append(
    records.map(({ subject, value, at }) => ({
      topic: 'ops.metrics' as const,
      partition,
      key: OPS_KEY,
      value: codec.encode(subject, value),
      timestamp: at,
    })),
  )
}
