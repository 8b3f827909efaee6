import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { JobContext } from '@mastery/topology/ports/job-queue.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { goldOptimiseJob } from './gold-optimise.ts'

const dir = mkdtempSync(join(tmpdir(), 'optimise-'))
const gold = new ClickHouseGold({ path: join(dir, 'gold') })
afterAll(async () => {
  await gold.close()
  rmSync(dir, { recursive: true, force: true })
})

const context: JobContext = {
  jobId: 'gold-optimise/1',
  attempt: 1,
  telemetry: SILENT,
  signal: new AbortController().signal,
  progress() {},
  checkpoint: null,
  save: async () => {},
  once: (_step, effect) => effect(),
}

describe('gold-optimise', () => {
  it('merges tables without a time partition to one part, changes no answer, and has nothing to do the second time', async () => {
    await gold.queryText('CREATE TABLE now (k UInt32, v UInt32) ENGINE = ReplacingMergeTree(v) ORDER BY k', 'Null')
    await gold.queryText(
      'CREATE TABLE past (k UInt32, v UInt32) ENGINE = ReplacingMergeTree(v) PARTITION BY k ORDER BY k',
      'Null',
    )
    for (const table of ['now', 'past'])
      for (let v = 1; v <= 3; v++)
        await gold.queryText(`INSERT INTO ${table} SELECT number, ${v} FROM numbers(5)`, 'Null')
    const parts = async () =>
      Object.fromEntries(
        (
          await gold.query<{ table: string; n: number }>(
            "SELECT table, count() AS n FROM system.parts WHERE active AND table IN ('now', 'past') GROUP BY table",
          )
        ).map((r) => [r.table, r.n]),
      )
    const answer = () => gold.queryText('SELECT k, v FROM now FINAL ORDER BY k', 'CSV')
    const before = await parts()
    const said = await answer()
    expect(before['now']).toBeGreaterThan(1)
    const job = goldOptimiseJob(async () => gold)
    expect(await job.run(null, context)).toEqual({ tables: [{ table: 'now', parts: before['now'], rows: 15 }] })
    expect(await parts()).toEqual({ now: 1, past: before['past'] })
    expect(await answer()).toBe(said)
    expect(await job.run(null, context)).toEqual({ tables: [] })
  })

  it('ends when it is told to', async () => {
    await gold.queryText('INSERT INTO now SELECT number, 9 FROM numbers(5)', 'Null')
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(goldOptimiseJob(async () => gold).run(null, { ...context, signal })).rejects.toThrow('enough')
    expect(() => goldOptimiseJob(async () => gold).parse({})).toThrow(/no payload/)
  })
})
