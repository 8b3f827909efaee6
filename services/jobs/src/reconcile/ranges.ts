import type { RepairParts } from '../rebuild/parts.ts'
import { among } from '../rebuild/read.ts'
import { rangeSql as ofRange, studentRanges } from '../student-ranges.ts'
import { type Cut, within } from './cut.ts'

/** Some students: a range of their pseudonyms, or a list. */
export type Range =
  | { tenant: string; after: string | null; last: string | null; events: number }
  | { students: readonly string[]; events: number }

export const rangeSql = (r: Range): string => ('students' in r ? among(r.students) : ofRange(r))

/** Whether the range would hold the student, whatever the tenant. */
export function inRange(r: Range, student: string): boolean {
  if ('students' in r) return r.students.includes(student)
  return (r.after === null || student > r.after) && (r.last === null || student <= r.last)
}

/** Ranges of about `size` events that together hold every student of every tenant, also those of whom only rows are left. */
export async function rangesOf(parts: RepairParts, cut: Cut, size: number): Promise<Range[]> {
  const found = await studentRanges(parts.gold, 'learning_events', within(cut), size)
  const ranges: Range[] = found.map(({ rows, ...r }) => ({ ...r, events: rows }))
  const seen = new Set(found.map((r) => r.tenant))
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
