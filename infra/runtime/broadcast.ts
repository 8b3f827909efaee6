import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { TopicName } from '@mastery/topology/topics.ts'

/** Appends one record to every partition of a topic, all in one append. */
export async function broadcast(
  log: EventLog,
  topic: TopicName,
  record: { key: string; value: Buffer; timestamp: number },
): Promise<void> {
  const partitions = await log.partitions(topic)
  await log.append(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, ...record })))
}
