import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { EXPORT_TABLES } from './catalog.ts'
import { exportsPage, PAGE, typeInWords } from './page.ts'
import { exportSql, plainType, within, withinTime } from './table.ts'

const CUT = {
  tenant: "o'school",
  generation: 3,
  offsets: { '0': 7, '2': 9 },
  from: 1000,
  to: null,
  models: ['bkt-forget'],
}

describe('exported tables', () => {
  it('are explained: else run "npx node services/jobs/src/exports/page.ts"', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(exportsPage())
  })

  it('have every column once, with its plain type, and a sentence', () => {
    for (const t of EXPORT_TABLES) {
      const columns = t.columns(CUT)
      expect(new Set(columns.map((c) => c[0])).size).toBe(columns.length)
      const sql = exportSql(t, CUT)
      for (const [name, type, about] of columns) {
        expect(sql).toContain(`CAST(\`${name}\` AS ${plainType(type)}) AS \`${name}\``)
        expect(about).toMatch(/\.$/)
      }
    }
    expect(plainType('Array(LowCardinality(String))')).toBe('Array(String)')
    expect(plainType('LowCardinality(Nullable(String))')).toBe('Nullable(String)')
    expect(typeInWords('Array(Nullable(Float64))')).toBe('list of float64, may be null')
    expect(typeInWords("Nullable(DateTime64(3, 'UTC'))")).toBe('timestamp (ms, UTC), may be null')
  })

  it('have a column per model, whatever its name, and quote an organisation', () => {
    const mastery = EXPORT_TABLES.find((t) => t.name === 'student_topic_mastery')!
    expect(mastery.columns(CUT).map((c) => c[0])).toContain('mastery_bkt_forget')
    expect(exportSql(mastery, CUT)).toContain("tenant = 'o\\'school'")
  })

  it('stand within the cut and the time', () => {
    const places = '((src_partition = 0 AND src_offset < 7) OR (src_partition = 2 AND src_offset < 9))'
    expect(within(CUT)).toBe(places)
    expect(withinTime(CUT)).toBe(`${places} AND occurred_at >= fromUnixTimestamp64Milli(1000)`)
    expect(withinTime({ ...CUT, from: null, to: 5 })).toBe(`${places} AND occurred_at < fromUnixTimestamp64Milli(5)`)
    // An empty gold has no rows, and no limit is not the same.
    expect([within({ offsets: {} }), within({ offsets: null })]).toEqual(['0', '1'])
  })
})
