import { randomUUID } from 'node:crypto'
import type { LogRecord } from '@mastery/topology/ports/event-log.ts'
import type { Admin, Kafka } from 'kafkajs'
import { toRecord } from './record.ts'

/**
 * Records from `from` up to `end`, at most `max`, through a group of its own that is deleted afterwards: kafkajs reads
 * in no other way. Takes as long as joining a group does.
 */
export async function readRange(
  kafka: Kafka,
  admin: Admin,
  range: { topic: string; partition: number; from: number; end: number; max: number; group: string },
): Promise<LogRecord[]> {
  const { topic, partition, from, end, max } = range
  const groupId = `${range.group}.${randomUUID()}`
  const consumer = kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: 4 * 1024 * 1024,
    retry: { restartOnFailure: async () => false },
  })
  const records: LogRecord[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        const others = (payload.memberAssignment[topic] ?? []).filter((p) => p !== partition)
        if (others.length > 0) consumer.pause([{ topic, partitions: others }])
        const last = records.at(-1)
        consumer.seek({ topic, partition, offset: String(last ? last.offset + 1 : from) })
      })
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      // Also for a fetch of nothing but aborted and control records, which eachBatch never sees.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
        if (payload.partition === partition && Number(payload.lastOffset) + 1 >= end) resolve()
      })
      const eachBatch = async ({
        batch,
      }: {
        batch: { partition: number; messages: Parameters<typeof toRecord>[0][] }
      }) => {
        if (batch.partition !== partition) return
        for (const m of batch.messages)
          if (records.length < max && Number(m.offset) >= from && Number(m.offset) < end) records.push(toRecord(m))
        if (records.length >= max) resolve()
      }
      const run = async () => {
        await consumer.connect()
        await consumer.subscribe({ topics: [topic], fromBeginning: true })
        await consumer.run({ autoCommit: false, partitionsConsumedConcurrently: 1, eachBatch })
      }
      run().catch(reject)
    })
  } finally {
    await consumer.disconnect().catch(() => {})
    await admin.deleteGroups([groupId]).catch(() => {})
  }
  return records
}
