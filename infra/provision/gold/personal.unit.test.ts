import { describe, expect, it } from 'vitest'
import { KEPT, PERSONAL, tablesAboutStudents } from './personal.ts'
import { goldTable } from './tables.ts'

describe('tables about students', () => {
  it('are each emptied by an erasure, or kept for a reason', () => {
    expect([...PERSONAL.map((t) => t.table), ...KEPT.map((t) => t.table)].sort()).toEqual(tablesAboutStudents().sort())
  })

  it.each(PERSONAL.map((t) => [t.table, t] as const))('%s has the columns that its removal names', (name, t) => {
    const columns = goldTable(name).columns.map(([c]) => c)
    const named = [t.place?.column, t.keep?.column, t.placedWhere?.column].filter((c) => c !== undefined)
    expect(columns).toEqual(expect.arrayContaining([...named, 'tenant', 'student_id']))
    if (t.topic !== 'learning.events') expect(columns).toContain('generation')
    // A place counts within a partition.
    if (t.place !== null) expect(columns).toContain(t.placedWhere ? 'origin_partition' : 'src_partition')
  })
})
