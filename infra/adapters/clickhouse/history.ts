import { COMMANDS, EVENTS, type HistoryRecord, MARKERS, type RecordSource, TICKS } from './history-rows.ts'
import { ROW_MARK, readRows } from './row-binary.ts'

export type { HistoryRecord } from './history-rows.ts'

/** What history is read from; ClickHouseGold is one. */
export interface HistorySource {
  /** Chunks of the query's result in `format`. Leaving the loop early ends the query. */
  stream(sql: string, format: 'RowBinary'): AsyncIterable<Uint8Array>
}

const ALL = [EVENTS, COMMANDS, MARKERS, TICKS] as const

function whole(name: string, n: number): number {
  if (!Number.isSafeInteger(n) || n < 0) throw new Error(`${name} must be a whole number of 0 or more, not ${n}.`)
  return n
}

/** SQL that gives the rows of a table of records in RowBinary, as `readRows` takes them with the source's `read`. */
export function recordsSql(source: RecordSource, where: string): string {
  return `SELECT toUInt8(${ROW_MARK}), ${source.columns} FROM ${source.table} WHERE ${where}`
}

/** Sorts a partition's records by offset, and leaves one of those that were stored twice and are not merged yet. */
export function inOffsetOrder<R extends { offset: number }>(records: R[]): R[] {
  records.sort((a, b) => a.offset - b.offset)
  let kept = 0
  for (const r of records) if (kept === 0 || records[kept - 1]!.offset !== r.offset) records[kept++] = r
  records.length = kept
  return records
}

/** First offset from `from` on that gold has a record of; null where there is none before `to`. */
async function nextOffset(gold: HistorySource, partition: number, from: number, to: number): Promise<number | null> {
  const least = await Promise.all(
    ALL.map(async ({ table }) => {
      const sql = `SELECT toUInt8(${ROW_MARK}), src_offset FROM ${table} WHERE ${inPartition(partition, from, to)} ORDER BY src_offset LIMIT 1`
      let found = Number.POSITIVE_INFINITY
      for await (const rows of readRows(gold.stream(sql, 'RowBinary'), (c) => c.int64())) found = rows[0] ?? found
      return found
    }),
  )
  const next = Math.min(...least)
  return Number.isFinite(next) ? next : null
}

function inPartition(partition: number, from: number, to: number): string {
  return `src_partition = ${whole('partition', partition)} AND src_offset >= ${whole('from', from)} AND src_offset < ${whole('to', to)}`
}

/**
 * Records of learning.events from gold, in offset order: those of `partition` with from <= offset < to, at most `max`.
 * Fewer than `max` does not mean the end; an empty list does. Offsets that the log never held, or that no reader could
 * decode, are not there.
 */
export async function readHistory(
  gold: HistorySource,
  range: { partition: number; from: number; to: number; max: number },
): Promise<HistoryRecord[]> {
  const { partition, to, max } = range
  let { from } = range
  while (from < to && max >= 1) {
    // Offsets are dense but for what was erased: a window of `max` holds about as many, and no part beyond it is read.
    const end = Math.min(to, from + max)
    const where = `${inPartition(partition, from, end)} ORDER BY src_offset`
    const lists = await Promise.all(
      ALL.map(async (source) => {
        const rows: HistoryRecord[] = []
        const found = readRows<HistoryRecord>(gold.stream(recordsSql(source, where), 'RowBinary'), (c) =>
          source.read(c),
        )
        for await (const chunk of found) for (const r of chunk) rows.push(r)
        return rows
      }),
    )
    const out = inOffsetOrder(lists.flat())
    if (out.length > 0) return out
    const next = await nextOffset(gold, partition, end, to)
    if (next === null) break
    from = next
  }
  return []
}
