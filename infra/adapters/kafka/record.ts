import type { LogAppend, LogRecord } from '@mastery/topology/ports/event-log.ts'
import type { KafkaMessage, Message } from 'kafkajs'

/**
 * Kafka deletes by a record's timestamp and refuses one that lies more than an hour ahead. An import writes records
 * whose own time is years ago: with that as Kafka's timestamp they would be deleted as soon as they are written.
 * So a time that is not about now travels in a header, and Kafka's timestamp is the time of writing.
 */
const NEAR_MS = 10 * 60_000
const TIMESTAMP_HEADER = 'mastery-timestamp'

export function toMessage(r: LogAppend, now: number): Message {
  const { key, value, partition, timestamp } = r
  if (Math.abs(timestamp - now) <= NEAR_MS && Number.isInteger(timestamp))
    return { key, value, partition, timestamp: String(timestamp) }
  return { key, value, partition, timestamp: String(now), headers: { [TIMESTAMP_HEADER]: String(timestamp) } }
}

export function toRecord(m: KafkaMessage): LogRecord {
  const own = m.headers?.[TIMESTAMP_HEADER]
  return {
    offset: Number(m.offset),
    key: m.key?.toString('utf8') ?? '',
    value: m.value ?? Buffer.alloc(0),
    timestamp: Number(own === undefined ? m.timestamp : own.toString()),
  }
}

/** Bytes that a record takes up in a request, about. */
export function sizeOf(r: LogAppend): number {
  return r.value.length + r.key.length * 3 + 64
}
