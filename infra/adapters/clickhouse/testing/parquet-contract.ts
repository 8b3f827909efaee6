import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parquetFile } from '../file-engine.ts'
import type { ClickHouseGold } from '../gold.ts'

/** Results as files: the same whether gold is in the process or a server. */
export function parquetContract(name: string, open: () => Promise<ClickHouseGold>): void {
  describe(`Parquet by ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'parquet-'))
    let gold: ClickHouseGold
    beforeAll(async () => {
      gold = await open()
    })
    afterAll(async () => {
      await gold.close()
      rmSync(folder, { recursive: true, force: true })
    })

    it('has all rows with their types, and the quotes of a name', async () => {
      const quoted = join(folder, "o'clock")
      mkdirSync(quoted)
      const path = join(quoted, 'rows.parquet')
      await gold.writeParquet(
        `SELECT number AS n, toDateTime64('2026-01-01 00:00:00.25', 3, 'UTC') AS at, if(number % 2 = 0, NULL, 'it''s') AS s,
           range(number % 3) AS list, number = 7 AS seven FROM numbers(300000) SETTINGS output_format_parquet_row_group_size = 100000`,
        path,
      )
      const files = gold.fileEngine()
      try {
        const sums = `SELECT count() AS rows, sum(n) AS n, countIf(s IS NULL) AS nulls, sum(length(list)) AS lists, toString(max(at)) AS at FROM ${parquetFile(path)}`
        expect(await files.query(sums)).toEqual([
          { rows: 300_000, n: 44_999_850_000, nulls: 150_000, lists: 300_000, at: '2026-01-01 00:00:00.250' },
        ])
      } finally {
        await files.close()
      }
    })

    it('is an error where the query fails in the midst of it', async () => {
      const path = join(folder, 'broken.parquet')
      const sql = 'SELECT throwIf(number = 2000000) AS x, toString(number) AS s FROM numbers(2500000)'
      const written = gold.writeParquet(sql, path).then(async () => {
        const files = gold.fileEngine()
        try {
          return await files.query(`SELECT count() AS n FROM ${parquetFile(path)}`)
        } finally {
          await files.close()
        }
      })
      await expect(written).rejects.toThrow()
    })

    it('replaces no file, and takes no pattern for a name', async () => {
      const path = join(folder, 'there.parquet')
      await gold.writeParquet('SELECT 1 AS x', path)
      await expect(gold.writeParquet('SELECT 2 AS x', path)).rejects.toThrow()
      expect(() => parquetFile(join(folder, 'a*.parquet'))).toThrow(/pattern\. Choose another folder/)
      expect(existsSync(join(folder, 'a*.parquet'))).toBe(false)
    })
  })
}
