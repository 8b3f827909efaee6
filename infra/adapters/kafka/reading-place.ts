import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import kafkajs, { type Batch } from 'kafkajs'
import type { Assignment } from './assignment.ts'

/** After a change of leader the end of a partition may lag for a moment behind what was read from it. */
const END_SETTLES_MS = 5_000
const LOOK_MS = 500

/** What the consumer needs of its log. */
export interface ConsumerLog {
  brokers: readonly string[]
  nameOf(topic: TopicName): string
  topicOf(name: string): TopicName
  partitions(topic: TopicName): Promise<number>
  bounds(topic: TopicName, partition: number): Promise<{ start: number; end: number }>
  /** Offsets that a group was told, by topic and partition; those that it was not told are absent. */
  offsetsOf(group: string, topics: readonly TopicName[]): Promise<ReadonlyMap<string, number>>
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/**
 * Where to begin a partition: at `from`, or where the log starts if that is later. Null: no longer ours.
 * @throws Error where the log ends before `from`
 */
export async function beginning(
  log: ConsumerLog,
  a: Assignment,
  from: number,
  current: () => boolean,
): Promise<number | null> {
  for (let waited = 0; current(); waited += LOOK_MS) {
    try {
      const { start, end } = await log.bounds(a.topic, a.partition)
      if (from <= end) return Math.max(from, start)
      if (waited >= END_SETTLES_MS) throw recreated(a, from, end)
    } catch (e) {
      if (!(e instanceof TransientError)) throw e
    }
    await pause(LOOK_MS)
  }
  return null
}

/**
 * The log's first offset where records before this fetch are gone, else null.
 * @throws Error where the log ends before what was read; a retriable KafkaJSError where it does not answer
 */
export async function skippedTo(log: ConsumerLog, a: Assignment, batch: Batch): Promise<number | null> {
  // In the object that kafkajs hands out, not in its types: the offset that the request asked for.
  const asked = Number((batch as Batch & { fetchedOffset: string }).fetchedOffset)
  if (asked === a.fetchAt) return null
  let bounds: { start: number; end: number }
  try {
    bounds = await log.bounds(a.topic, a.partition)
  } catch (e) {
    if (e instanceof TransientError) throw new kafkajs.KafkaJSError(e.message, { retriable: true })
    throw e
  }
  if (bounds.end < a.position) throw recreated(a, a.position, bounds.end)
  // Where the log still begins at or before our place, what was skipped is compacted, aborted or a control record.
  return bounds.start > a.position ? bounds.start : null
}

function recreated(a: Assignment, wanted: number, end: number): Error {
  return new Error(
    `${a.topic} partition ${a.partition} ends at offset ${end}, but the state has read up to ${wanted}: the topic was made anew, or the state belongs to another cluster. ` +
      'Restore the topic, or rebuild the stage as a new generation; going on would drop its records as already read.',
  )
}
