import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { ROW_MARK, readRows } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import { quote } from '@mastery/infra/provision/gold/ddl.ts'

/** Students of a tenant whose pseudonyms follow each other. */
export interface StudentRange {
  tenant: string
  /** SQL condition. */
  where: string
  /** Rows of history, about. */
  rows: number
}

/**
 * Ranges that together hold every student with a score, each of about `size` rows of history. Counts stream by in the
 * table's own order, so that memory does not depend on the number of students.
 */
export async function rangesOf(gold: HistorySource, generation: number, size: number): Promise<StudentRange[]> {
  const out: StudentRange[] = []
  let open: { tenant: string; after: string | null; last: string; rows: number } | null = null
  const close = (last: string | null) => {
    if (!open) return
    const { tenant, after, rows } = open
    const bounds = [
      `tenant = ${quote(tenant)}`,
      ...(after === null ? [] : [`student_id > ${quote(after)}`]),
      ...(last === null ? [] : [`student_id <= ${quote(last)}`]),
    ]
    out.push({ tenant, where: bounds.join(' AND '), rows })
  }
  const sql = `SELECT toUInt8(${ROW_MARK}), tenant, student_id, count() FROM student_mastery_history_rows WHERE generation = ${Math.trunc(generation)}
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
  return out
}
