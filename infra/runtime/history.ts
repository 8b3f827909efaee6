import type { LogRecord } from '@mastery/topology/ports/event-log.ts'
import type { TopicName } from '@mastery/topology/topics.ts'

/**
 * Records of a partition that the log no longer has: from `from` on in ascending offset, at most `max`; none where
 * nothing stands between `from` and the log's first record.
 * @throws TransientError where trying again helps; HistoryGap where it has not kept all of them
 */
export type History = (topic: TopicName, partition: number, from: number, max: number) => Promise<LogRecord[]>

/** Records are neither in the log nor in history. The message says which. */
export class HistoryGap extends Error {
  override name = 'HistoryGap'
}

/** Records that are read and folded at a time: some megabytes, and a commit each. */
const BATCH = 2_000

/**
 * Folds everything before `until` that history has. False: it has nothing at all there, which is a loss and no hole;
 * a hole that reaches up to `until` is as normal as one in the log.
 */
export async function foldHistory(
  until: number,
  read: (from: number, max: number) => Promise<LogRecord[]>,
  into: {
    next(): number
    take(records: readonly LogRecord[]): Promise<void>
    skipTo(offset: number): Promise<void>
  },
): Promise<boolean> {
  const from = into.next()
  while (into.next() < until) {
    const next = into.next()
    const records = (await read(next, BATCH)).filter((r) => r.offset >= next && r.offset < until)
    if (records.length > 0) await into.take(records)
    else if (next === from) return false
    else await into.skipTo(until)
  }
  return true
}
