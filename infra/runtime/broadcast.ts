import { OPS_KEY, opsPartition } from '@mastery/topology/ops/place.ts'
import type { EventLog, LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { TopicName } from '@mastery/topology/topics.ts'

type Everywhere = { key: string; value: Buffer; timestamp: number }

async function toAll(log: EventLog, topic: TopicName, record: Everywhere): Promise<LogAppend[]> {
  const partitions = await log.partitions(topic)
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition, ...record }))
}

/** Appends one record to every partition of a topic, all in one append. */
export async function broadcast(log: EventLog, topic: TopicName, record: Everywhere): Promise<void> {
  await log.append(await toAll(log, topic, record))
}

async function toOps(log: EventLog, record: Omit<Everywhere, 'key'>): Promise<LogAppend> {
  const partition = opsPartition(await log.partitions('ops.metrics'))
  return { topic: 'ops.metrics', partition, key: OPS_KEY, ...record }
}

/**
 * Appends a marker of rules, of a roster or of a generation to every partition of learning.events, and to ops.metrics,
 * where the rules about the system itself are decided; all in one append.
 */
export async function broadcastMarker(log: EventLog, record: Everywhere): Promise<void> {
  const { value, timestamp } = record
  await log.append([...(await toAll(log, 'learning.events', record)), await toOps(log, { value, timestamp })])
}
