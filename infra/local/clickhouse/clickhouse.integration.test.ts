import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isFree } from '../network.ts'
import { downStack, statusStack, upStack } from '../stack.ts'

const root = mkdtempSync(join(tmpdir(), 'clickhouse-part-'))
afterAll(async () => {
  await downStack(root)
  rmSync(root, { recursive: true, force: true })
}, 60_000)

const up = async () => (await upStack({ root, parts: ['clickhouse'] })).clickhouse
const pidOf = async () => (await statusStack(root)).find((p) => p.part === 'clickhouse')!.pid

async function ask(url: string, sql: string): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: sql })
  return (await response.text()).trim()
}

describe('the ClickHouse engine that is killed amid inserts', { timeout: 180_000 }, () => {
  it('is not called gone while its threads hold its port, comes back at its address, with whole parts only', async () => {
    const at = await up()
    await ask(at, 'CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a')
    for (let kill = 0; kill < 5; kill++) {
      let over = false
      let inserted = 0
      const inserts = [0, 1, 2].map(async () => {
        while (!over) {
          await ask(at, "INSERT INTO t SELECT number, repeat('x', 100) FROM numbers(100000)")
          inserted++
        }
      })
      const ended = Promise.allSettled(inserts)
      while (inserted < 3) await new Promise((r) => setTimeout(r, 5))
      process.kill((await pidOf())!, 'SIGKILL')
      while ((await pidOf()) !== null) await new Promise((r) => setImmediate(r))
      expect(await isFree(Number(new URL(at).port))).toBe(true)
      over = true
      await ended
      expect(await up()).toBe(at)
      // One INSERT of these is one block, and a block is there or not.
      expect(await ask(at, 'SELECT count() % 100000, count() > 0 FROM t')).toBe('0\t1')
    }
  })
})
