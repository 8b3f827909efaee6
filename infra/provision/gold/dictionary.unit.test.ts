import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DISPOSITIONS, dictionary, PAGE, symbolsOf } from './dictionary.ts'
import { TABLES } from './tables.ts'
import { VIEWS } from './views.ts'

describe('the data dictionary', () => {
  it('is up to date: else run "npx node infra/provision/gold/dictionary.ts"', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(dictionary())
  })

  it('has every table with all its columns, and every view', () => {
    const page = dictionary()
    for (const t of TABLES) {
      const section = page.split(`### ${t.name}\n`)[1]!.split('\n### ')[0]!
      for (const [name, type] of t.columns) expect(section).toContain(`| \`${name}\` | \`${type}\` |`)
    }
    for (const v of VIEWS) expect(page).toContain(`| \`${v.name}\` |`)
  })

  it('explains every disposition of the schema and no other', () => {
    const file = join(resolve(import.meta.dirname, '../../..'), 'schemas/avro/feature-record/v3.avsc')
    const symbols = symbolsOf(JSON.parse(readFileSync(file, 'utf8')), 'Disposition')
    expect(symbols.length).toBeGreaterThan(10)
    expect(Object.keys(DISPOSITIONS).sort()).toEqual([...symbols].sort())
  })
})
