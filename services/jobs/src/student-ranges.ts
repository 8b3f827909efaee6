import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { ROW_MARK, readRows } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import { quote } from '@mastery/infra/provision/gold/ddl.ts'

/**
 * Students of a tenant whose pseudonym lies in (after, last], null for no bound. Pseudonyms are hashes, so that ranges of
 * them are ranges of a hash that the tables are sorted by.
 */
export interface StudentRange {
  tenant: string
  after: string | null
  last: string | null
  /** Rows of the table that they were cut by, about. */
  rows: number
}

export function rangeSql(r: Pick<StudentRange, 'tenant' | 'after' | 'last'>): string {
  return [
    `tenant = ${quote(r.tenant)}`,
    ...(r.after === null ? [] : [`student_id > ${quote(r.after)}`]),
    ...(r.last === null ? [] : [`student_id <= ${quote(r.last)}`]),
  ].join(' AND ')
}

/**
 * Ranges of about `size` rows that together hold every student who has rows in the table. Counts stream by in the table's
 * own order, so that memory does not depend on the number of students.
 * @param where SQL condition on the table's rows
 */
export async function studentRanges(
  gold: HistorySource,
  table: string,
  where: string,
  size: number,
): Promise<StudentRange[]> {
  const ranges: StudentRange[] = []
  let open: { tenant: string; after: string | null; last: string; rows: number } | null = null
  const close = (last: string | null) => {
    if (open) ranges.push({ ...open, last })
  }
  const sql = `SELECT toUInt8(${ROW_MARK}), tenant, student_id, count() FROM ${table} WHERE ${where}
    GROUP BY tenant, student_id ORDER BY tenant, student_id SETTINGS optimize_aggregation_in_order = 1`
  const read = readRows(gold.stream(sql, 'RowBinary'), (c) => [c.repeated(0), c.text(), c.int64()] as const)
  for await (const rows of read)
    for (const [tenant, student, n] of rows) {
      if (open !== null && open.tenant !== tenant) {
        close(null)
        open = null
      }
      if (open !== null && open.rows + n > size) {
        const last: string = open.last
        close(last)
        open = { tenant, after: last, last: student, rows: 0 }
      }
      open ??= { tenant, after: null, last: student, rows: 0 }
      open.last = student
      open.rows += n
    }
  close(null)
  return ranges
}
