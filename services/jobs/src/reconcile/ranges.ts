import { ROW_MARK, readRows } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import { quote } from '@mastery/infra/provision/gold/ddl.ts'
import type { RepairParts } from '../rebuild/parts.ts'
import { among } from '../rebuild/read.ts'
import { type Cut, within } from './cut.ts'

/**
 * Some students: those of a tenant whose pseudonym lies in (after, last], null for no bound, or a list. Pseudonyms are
 * hashes, so that ranges of them are ranges of a hash that the tables are sorted by.
 */
export type Range =
  | { tenant: string; after: string | null; last: string | null; events: number }
  | { students: readonly string[]; events: number }

export function rangeSql(r: Range): string {
  if ('students' in r) return among(r.students)
  return [
    `tenant = ${quote(r.tenant)}`,
    ...(r.after === null ? [] : [`student_id > ${quote(r.after)}`]),
    ...(r.last === null ? [] : [`student_id <= ${quote(r.last)}`]),
  ].join(' AND ')
}

/** Whether the range would hold the student, whatever the tenant. */
export function inRange(r: Range, student: string): boolean {
  if ('students' in r) return r.students.includes(student)
  return (r.after === null || student > r.after) && (r.last === null || student <= r.last)
}

/**
 * Ranges of about `size` events that together hold every student of every tenant, also those of whom only rows are left.
 * Counts stream by in the tables' own order, so that memory does not depend on the number of students.
 */
export async function rangesOf(parts: RepairParts, cut: Cut, size: number): Promise<Range[]> {
  const ranges: Range[] = []
  const seen = new Set<string>()
  let open: { tenant: string; after: string | null; last: string; events: number } | null = null
  const close = (last: string | null) => {
    if (open) ranges.push({ ...open, last })
  }
  const sql = `SELECT toUInt8(${ROW_MARK}), tenant, student_id, count() FROM learning_events WHERE ${within(cut)}
    GROUP BY tenant, student_id ORDER BY tenant, student_id SETTINGS optimize_aggregation_in_order = 1`
  const read = readRows(parts.gold.stream(sql, 'RowBinary'), (c) => [c.repeated(0), c.text(), c.int64()] as const)
  for await (const rows of read)
    for (const [tenant, student, n] of rows) {
      if (open !== null && open.tenant !== tenant) {
        close(null)
        open = null
      }
      if (open !== null && open.events > 0 && open.events + n > size) {
        const last: string = open.last
        close(last)
        open = { tenant, after: last, last: student, events: 0 }
      }
      open ??= { tenant, after: null, last: student, events: 0 }
      open.last = student
      open.events += n
      seen.add(tenant)
    }
  close(null)
  const rest = await parts.gold.query<{ tenant: string }>(
    'SELECT tenant FROM student_topic_features UNION DISTINCT SELECT tenant FROM student_mastery_rows',
  )
  for (const { tenant } of rest) if (!seen.has(tenant)) ranges.push({ tenant, after: null, last: null, events: 0 })
  return ranges
}

/** Lists of students, so long that their events are about as many as a range's. */
export function listsOf(students: readonly string[], size = 400): Range[] {
  const lists: Range[] = []
  for (let i = 0; i < students.length; i += size) lists.push({ students: students.slice(i, i + size), events: 0 })
  return lists
}
