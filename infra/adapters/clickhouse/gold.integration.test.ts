import { createClient } from '@clickhouse/client'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import { goldStoreContract } from '@mastery/topology/testing/gold-store-contract.ts'
import { describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../../provision/gold/migrate.ts'
import { FIRST_DDL } from '../../provision/gold/testing/first-tables.ts'
import { ClickHouseGold } from './gold.ts'
import { parquetContract } from './testing/parquet-contract.ts'

const url = process.env['MASTERY_TEST_CLICKHOUSE']

if (url === undefined)
  describe('gold by URL', () => {
    it.skip('not run: no ClickHouse (MASTERY_TEST_CLICKHOUSE unset)')
  })
else {
  describe('migrations on a server', () => {
    it('are done once by several processes that start together', async () => {
      const database = `migrations_${process.pid}`
      const admin = createClient({ url })
      await admin.command({ query: `CREATE DATABASE ${database}` })
      const all = Array.from({ length: 4 }, () => new ClickHouseGold({ url, database }))
      await all[0]!.command(FIRST_DDL[0]!)
      await Promise.all(all.map((g) => g.migrate()))
      expect(
        await all[1]!.query('SELECT id, count() AS n FROM schema_migrations WHERE id > 0 GROUP BY id ORDER BY id'),
      ).toEqual(MIGRATIONS.map((m) => ({ id: m.id, n: 1 })))
      expect(
        await all[2]!.query(
          "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE '%running%'",
        ),
      ).toEqual([])
      for (const g of all) await g.close()
      await admin.command({ query: `DROP DATABASE ${database}` })
      await admin.close()
    })
  })

  parquetContract('a server by URL', async () => new ClickHouseGold({ url }))

  goldStoreContract('a server by URL', async () => {
    const database = `contract_${process.pid}`
    const admin = createClient({ url })
    await admin.command({ query: `CREATE DATABASE ${database}` })
    const gold = new ClickHouseGold({ url, database })
    await gold.migrate()
    return {
      gold,
      async close() {
        await gold.close()
        await admin.command({ query: `DROP DATABASE ${database}` })
        await admin.close()
      },
    }
  })
}

describe('a server that is not there', () => {
  it('is a failure that passes', async () => {
    const gold = new ClickHouseGold({ url: 'http://127.0.0.1:9' })
    await expect(gold.query('SELECT 1')).rejects.toThrow(TransientError)
    await gold.close()
  })
})
