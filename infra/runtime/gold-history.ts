import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import { type HistoryRecord, type HistorySource, readHistory } from '../adapters/clickhouse/history.ts'
import { type History, HistoryGap } from './history.ts'
import { Seeds } from './seeds.ts'

/** Gold, as far as history is read from it. */
export interface HistoryGold extends HistorySource {
  query<T>(sql: string, params?: Record<string, unknown>): Promise<T[]>
}

/**
 * Records of learning.events that the log no longer has, from gold, in the bytes of today's schemas. Where events have
 * expired, their student's checkpoint stands in their place. Where gold ends before the log begins, what lies between is
 * lost: a HistoryGap.
 */
export function historyFromGold(gold: () => Promise<HistoryGold>, log: EventLog, codec: Codec): History {
  /** By partition: the checkpoints that a walk through history met, and where it goes on. */
  const walks = new Map<number, { next: number; seeds: Seeds }>()
  return async (topic, partition, from, max) => {
    if (topic !== 'learning.events') return []
    const source = await gold()
    const { start } = await log.bounds(topic, partition)
    let walk = walks.get(partition)
    // Retention waits for whoever is on the way through history, so that the checkpoints of one walk stay the same.
    if (walk?.next !== from) {
      walk = { next: from, seeds: await Seeds.of(source, partition) }
      walks.set(partition, walk)
      refuseLater(walk.seeds, topic, partition, start)
    }
    const records = await page(source, walk.seeds, { partition, from, max })
    if (records.length === 0) {
      const next = await endOfGold(source, partition)
      if (next < start)
        throw new HistoryGap(
          `gold has ${topic} partition ${partition} up to offset ${next - 1}, the log begins at ${start}: records ${Math.max(from, next)} to ${start - 1} are in neither`,
        )
    }
    walk.next = (records.at(-1)?.offset ?? from - 1) + 1
    return records.map((r) => ({
      offset: r.offset,
      key: r.key,
      value: codec.encode(r.subject, r.value),
      timestamp: r.timestamp,
    }))
  }
}

/** What follows from `from` on, records and checkpoints in the order of their places; none at the end. */
async function page(
  gold: HistoryGold,
  seeds: Seeds,
  { partition, from, max }: { partition: number; from: number; max: number },
): Promise<HistoryRecord[]> {
  const to = Number.MAX_SAFE_INTEGER
  for (let at = from; ; ) {
    const read = await readHistory(gold, { partition, from: at, to, max })
    const until = (read.at(-1)?.offset ?? to - 1) + 1
    const seeded = await seeds.between(at, until, max)
    const kept = read.filter((r) => r.offset < seeded.end && !seeds.contains(r))
    const all = [...kept, ...seeded.records].sort((a, b) => a.offset - b.offset)
    if (all.length > 0 || (read.length === 0 && seeded.end === to)) return all.slice(0, max)
    at = seeded.end
  }
}

/** A checkpoint has to come before the log's first record: what it contains would be read from there once more. */
function refuseLater(seeds: Seeds, topic: string, partition: number, start: number): void {
  const later = seeds.all.filter((s) => s.at >= start)
  if (start === 0 || later.length === 0) return
  throw new HistoryGap(
    `events of ${later.length} students of ${topic} partition ${partition} have expired, and their checkpoints contain records up to offset ${Math.max(...later.map((s) => s.at))}, which the log, beginning at ${start}, would give once more`,
  )
}

/** One beyond the newest offset of learning.events that gold knows of, records that nobody could read included. */
async function endOfGold(gold: HistoryGold, partition: number): Promise<number> {
  const tables = ['learning_events', 'student_commands', 'markers', 'ticks']
  const newest = tables.map(
    (table) =>
      `SELECT max(src_offset) + 1 AS next FROM ${table} WHERE src_partition = {partition:UInt16} HAVING count() > 0`,
  )
  const rejects = `SELECT max(origin_offset) + 1 AS next FROM rejects
    WHERE origin_topic = 'learning.events' AND origin_partition = {partition:UInt16} HAVING count() > 0`
  const rows = await gold.query<{ next: number }>(
    `SELECT max(next) AS next FROM (${[...newest, rejects].join(' UNION ALL ')})`,
    {
      partition,
    },
  )
  return Number(rows[0]?.next ?? 0)
}
