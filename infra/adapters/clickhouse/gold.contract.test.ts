import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { goldStoreContract } from '@mastery/topology/testing/gold-store-contract.ts'
import { describe, expect, it } from 'vitest'
import { ClickHouseGold } from './gold.ts'
import { parquetContract } from './testing/parquet-contract.ts'

goldStoreContract('the engine in the process', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'gold-'))
  const gold = new ClickHouseGold({ path: dir })
  await gold.migrate()
  return {
    gold,
    async close() {
      await gold.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
})

parquetContract(
  'the engine in the process',
  async () => new ClickHouseGold({ path: mkdtempSync(join(tmpdir(), 'gold-')) }),
)

describe('gold', () => {
  it('refuses to start without a place, or with two', () => {
    expect(() => new ClickHouseGold({})).toThrow(/either a folder .* or the URL/)
    expect(() => new ClickHouseGold({ path: '/tmp/x', url: 'http://127.0.0.1:1' })).toThrow(/either/)
  })
})
