import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TABLES } from '../../provision/gold/tables.ts'
import { ClickHouseGold } from './gold.ts'
import { RowBuffer } from './row-buffer.ts'
import { binaryEncoderOf } from './row-encoder.ts'

/** Without the table that the migration itself writes to. */
const WRITTEN = TABLES.filter((t) => t.name !== 'schema_migrations')

const TEXTS = ['', 'plain', "it's;\n\t\\ \0\u0001", 'é€😀', 'x'.repeat(64), 'y'.repeat(65), `${'z'.repeat(200)}é`]
const WHOLE: Record<string, readonly number[]> = {
  UInt8: [0, 1, 255],
  UInt16: [0, 256, 65_535],
  UInt32: [0, 65_536, 2_147_483_648, 4_294_967_295],
  UInt64: [0, 4_294_967_296, Number.MAX_SAFE_INTEGER],
  Int32: [0, -1, 2_147_483_647, -2_147_483_648],
  Int64: [0, -1, -4_294_967_296, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  "DateTime64(3, 'UTC')": [0, -1, 1_700_000_000_007, 9e15, -9e15],
}
const DOUBLES = [0, 1 / 3, -1e-7, 5e-324, Number.MAX_VALUE, 0.1 + 0.2]

/** Values of a type at its ends and between. */
function valuesOf(type: string): readonly unknown[] {
  if (type === 'String') return TEXTS
  if (type === 'Bool') return [true, false]
  if (type === 'Float64') return DOUBLES
  const inner = /^(LowCardinality|Nullable|Array)\((.*)\)$/.exec(type)
  if (inner?.[1] === 'LowCardinality') return valuesOf(inner[2]!)
  if (inner?.[1] === 'Nullable') return [null, ...valuesOf(inner[2]!)]
  if (inner) return [[], [...valuesOf(inner[2]!)], Array.from({ length: 200 }, () => valuesOf(inner[2]!)[0])]
  const map = /^Map\((.*), (\w+)\)$/.exec(type)
  if (map) return [{}, Object.fromEntries(TEXTS.map((k, i) => [k, valuesOf(map[2]!)[i % 3]]))]
  return WHOLE[type]!
}

describe('rows in binary', () => {
  let folder: string
  const opened: ClickHouseGold[] = []
  async function open(name: string): Promise<ClickHouseGold> {
    const gold = new ClickHouseGold({ path: join(folder, name) })
    opened.push(gold)
    await gold.migrate()
    return gold
  }
  const closed = async () => {
    for (const gold of opened.splice(0)) await gold.close()
  }
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gold-rows-'))
  })
  afterEach(async () => {
    await closed()
    rmSync(folder, { recursive: true, force: true })
  })

  it('of every table come out of the engine as rows in text do', async () => {
    const rows = new Map(
      WRITTEN.map((t) => {
        const columns = t.columns.map((c) => valuesOf(c[1]))
        const most = Math.max(...columns.map((c) => c.length))
        return [t.name, Array.from({ length: most }, (_, i) => columns.map((c) => c[i % c.length]))]
      }),
    )
    const found = async (gold: ClickHouseGold) => {
      await gold.insert([...rows].map(([table, r]) => ({ table, rows: r })))
      const all: string[] = []
      for (const t of WRITTEN) {
        const columns = t.columns.map((c) => c[0]).join(', ')
        all.push(t.name, await gold.queryText(`SELECT ${columns} FROM ${t.name} ORDER BY ALL`, 'TabSeparated'))
      }
      return all
    }
    const binary = await found(await open('gold'))
    expect(readdirSync(join(folder, 'gold-rows'))).toEqual([])
    await closed()
    // The engine would take this folder for a pattern of several, so rows go there as text.
    const text = await found(await open('gold{1}'))
    expect(existsSync(join(folder, 'gold{1}-rows'))).toBe(false)
    expect(binary).toEqual(text)
    expect(binary.join('')).toContain('é€😀')
  })

  it('that are cut off are refused, and leave no row and no file', async () => {
    const gold = await open('gold')
    const buffer = new RowBuffer()
    const row = ['m1', 'activate', 's', 'n', '1', '', 0, null, 'k', 0, 0, 1]
    gold.encode('markers', [row, row], buffer)
    const bytes = buffer.take()
    await expect(gold.insertEncoded('markers', bytes.subarray(0, bytes.length - 3))).rejects.toThrow()
    expect(await gold.query('SELECT count() AS n FROM markers')).toEqual([{ n: 0 }])
    expect(readdirSync(join(folder, 'gold-rows'))).toEqual([])
  })

  it('with half a number where a whole one belongs are refused', () => {
    expect(() => binaryEncoderOf('UInt32')(0.5 as never, new RowBuffer())).toThrow('not an integer')
    expect(() => binaryEncoderOf('Decimal(9, 2)')).toThrow('No encoder')
  })
})
