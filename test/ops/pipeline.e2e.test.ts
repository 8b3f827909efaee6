import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PartStanding } from '@mastery/topology/ops/pipeline.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { masteryOk, sqlRows } from '../processes/here.ts'
import { Server } from '../processes/server.ts'

const folder = mkdtempSync(join(tmpdir(), 'pipeline-'))
const place = { data: join(folder, 'data') }
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const pipeline = async () => {
  const { out } = await masteryOk(['pipeline', '--json'], place)
  return new Map((JSON.parse(out) as PartStanding[]).map((p) => [p.part, p]))
}

async function until(told: () => Promise<boolean>): Promise<void> {
  for (let i = 0; !(await told()); i++) {
    if (i === 300) throw new Error(`It never came: ${JSON.stringify([...(await pipeline())])}`)
    await new Promise((r) => setTimeout(r, 100))
  }
}

describe('mastery pipeline', { timeout: 180_000 }, () => {
  it('says that nobody tells anything, for a short command is no service', async () => {
    await masteryOk(['simulate', '--students', '30', '--events', '6000', '--json'], place)
    expect((await masteryOk(['pipeline'], place)).out).toContain('Nobody has written to ops.metrics')
  })

  it('shows every part of the one process, which also tells what gold knows of items, and ends with a last word', async () => {
    const server = new Server('services/cli/src/main.ts', ['start'], {
      ...place,
      env: { PORT: '0', HOST: '127.0.0.1', METRICS_SECONDS: '1' },
    })
    try {
      const url = (await server.said(/mastery-stream is running: (\S+)/))[1]!
      expect((await fetch(`${url}/mastery/nobody`)).status).toBe(404)
      await masteryOk(['jobs', 'run', 'item-health'], place)
      const told = await masteryOk(['jobs', 'run', 'watch-signals'], place)
      const { found } = JSON.parse(told.out) as { found: Record<string, number> }
      const flagged = await sqlRows("SELECT item FROM v_item_health WHERE status = 'flagged'", place)
      expect(found['item_health']).toBe(flagged.length)

      await until(async () => {
        const parts = await pipeline()
        return (parts.get('jobs')?.operations ?? 0) >= 2 && (parts.get('api')?.operations ?? 0) >= 1
      })
      const parts = [...(await pipeline()).values()]
      expect(parts.map((p) => p.part)).toEqual(
        expect.arrayContaining(['features', 'scoring', 'alerts', 'notify', 'drift', 'gold', 'collector', 'messages']),
      )
      for (const p of parts) expect(p).toMatchObject({ service: 'embedded', state: 'running', instances: 1, errors: 0 })
      const signals = () =>
        sqlRows<{ n: number }>("SELECT count() AS n FROM v_ops_signals WHERE kind = 'item_health' AND rank > 0", place)
      await until(async () => Number((await signals())[0]!.n) === flagged.length)
      expect((await server.signal('SIGTERM')).code).toBe(0)
    } finally {
      await server.signal('SIGKILL')
    }
    for (const p of (await pipeline()).values()) expect([p.part, p.state]).toEqual([p.part, 'ended'])
  })
})
