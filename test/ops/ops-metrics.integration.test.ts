import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newestMetrics } from '@mastery/cli/src/ops-records.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { downStack, upStack } from '@mastery/infra/local/stack.ts'
import { type Installation, openInstallation } from '@mastery/infra/runtime/installation.ts'
import { SERVICES } from '@mastery/topology/flow.ts'
import { type PartStanding, pipelineOf } from '@mastery/topology/ops/pipeline.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTenants } from '../faults/tenants.ts'
import { masteryOk, type Place, sqlRows } from '../processes/cli.ts'
import { Server } from '../processes/server.ts'
import { onServers } from '../processes/services.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated
  ? 'what services tell of themselves'
  : 'what services tell of themselves, not run: no local stack (MASTERY_TEST_KAFKA unset)'

const GOOD = 240
const BAD = 8

/** Parts by the service that has them. */
const PARTS: Readonly<Record<(typeof SERVICES)[number], readonly string[]>> = {
  features: ['features'],
  scoring: ['scoring'],
  alerts: ['alerts', 'classes', 'watching'],
  notify: ['notify', 'delivery', 'messages'],
  drift: ['drift-features', 'drift-scores', 'drift'],
  gold: ['gold'],
  collector: ['collector', 'intake'],
  api: ['api'],
  jobs: ['jobs'],
}

const events = () =>
  Array.from({ length: GOOD + BAD }, (_, i) => ({
    id: `event ${i}`,
    student: `s${i % 30}`,
    kind: 'quiz_attempt',
    item: `q${i % 20}`,
    topics: [`t${i % 4}`],
    occurred_at: new Date().toISOString(),
    // A score is a number.
    score: i < GOOD ? i % 2 : 'full marks',
  }))

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  const folder = join(tmpdir(), `ops-${process.pid}`)
  const servers = new Map<string, Server>()
  let place: Place
  let key: string
  let installation: Installation
  /** Before anything ran. */
  let nobody: string
  const sent = events()

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    const tenantsFile = join(folder, 'tenants.json')
    writeTenants(tenantsFile, ['ops'])
    // Servers of its own: on shared ones the services of other tests would take some of the partitions.
    const at = await upStack({ root: folder })
    place = {
      data: join(folder, 'local'),
      env: { ...onServers(at, tenantsFile), METRICS_SECONDS: '1' },
    }
    installation = await openInstallation(loadProfile({ ...place.env, MASTERY_DATA: place.data }), SILENT)
    nobody = (await masteryOk(['pipeline'], place)).out
    key = (await masteryOk(['apikey'], place)).out.trim()
    for (const name of SERVICES) servers.set(name, new Server(join('services', name, 'src/main.ts'), [], place))
    for (const s of servers.values()) await s.said(/"message":"running"/)
    // Here, for a test that is tried again must not send it twice.
    const url = (name: string) => servers.get(name)!.said(/listening on (http:\S+?)["\s]/)
    const reply = await fetch(`${(await url('collector'))[1]}/v1/events`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
      body: JSON.stringify(sent),
    })
    expect(await reply.json()).toMatchObject({ accepted: GOOD, rejected: BAD })
    expect((await fetch(`${(await url('api'))[1]}/mastery/nobody`)).status).toBe(404)
    await masteryOk(['jobs', 'run', 'gold-optimise'], place)
  }, 300_000)
  afterAll(async () => {
    await Promise.all([...servers.values()].map((s) => s.signal('SIGKILL')))
    await installation?.close()
    await downStack(folder, { wipe: true })
    rmSync(folder, { recursive: true, force: true })
  }, 180_000)

  async function pipeline(): Promise<Map<string, PartStanding>> {
    const { log, codec } = installation
    return new Map(pipelineOf(await newestMetrics(log, codec), Date.now()).map((p) => [p.part, p]))
  }

  async function until(told: (parts: Map<string, PartStanding>) => boolean): Promise<Map<string, PartStanding>> {
    for (let i = 0; ; i++) {
      const parts = await pipeline()
      if (told(parts)) return parts
      if (i === 400) throw new Error(`It never came: ${JSON.stringify([...parts.values()])}`)
      await new Promise((r) => setTimeout(r, 500))
    }
  }

  it('is nothing, and said so, where nobody has told anything yet', () => {
    expect(nobody).toContain('Nobody has written to ops.metrics')
  })

  it('is what they do: records, requests, jobs, how long it took, and what came from where', async () => {
    const parts = await until(
      (now) =>
        Object.values(PARTS)
          .flat()
          .every((p) => now.has(p)) &&
        (now.get('scoring')!.operations ?? 0) >= GOOD &&
        (now.get('gold')!.operations ?? 0) >= 3 * GOOD + BAD &&
        (now.get('jobs')!.operations ?? 0) >= 1 &&
        // It reads what all of these write every second: it is seldom at the very end.
        now.get('gold')!.lag! < 100,
    )
    for (const [service, own] of Object.entries(PARTS))
      for (const part of own)
        expect(parts.get(part), part).toMatchObject({
          service,
          generation: 0,
          state: 'running',
          instances: 1,
          problem: '',
        })
    // Each event once, and ticks; nothing was done twice.
    expect(parts.get('features')!.operations).toBeGreaterThanOrEqual(GOOD)
    expect(parts.get('features')!.operations).toBeLessThan(2 * GOOD)
    for (const part of ['features', 'scoring', 'gold']) {
      const p = parts.get(part)!
      expect(p.partitions, part).toBeGreaterThan(0)
      expect(p.p50_ms!, part).toBeLessThanOrEqual(p.p99_ms!)
      expect(p.age_p50_ms, part).not.toBeNull()
      expect(p, part).toMatchObject({ stopped: 0, rebuilding: 0, errors: 0, dead_letters: 0 })
    }
    expect(parts.get('collector')).toMatchObject({ operations: 1, errors: 0, lag: null })
    expect(parts.get('api')).toMatchObject({ operations: 1, errors: 0 })

    const inGold = () =>
      sqlRows<Record<string, unknown>>(
        'SELECT tenant, source, toUInt32(sum(accepted)) AS taken, toUInt32(sum(rejected)) AS refused FROM v_ops_sources GROUP BY ALL',
        place,
      )
    let sources = await inGold()
    for (let i = 0; sources.length === 0 && i < 30; i++) sources = await inGold()
    expect(sources).toEqual([{ tenant: 'ops', source: 'json', taken: GOOD, refused: BAD }])
    const [counted] = await sqlRows<{ operations: string; latency: string }>(
      `SELECT sum(operations) AS operations, sum(arraySum(latency)) AS latency FROM ops_metrics FINAL WHERE part != 'jobs'`,
      place,
    )
    expect(Number(counted!.operations)).toBe(Number(counted!.latency))
    const shown = await sqlRows<{ part: string; state: string }>('SELECT part, state FROM v_pipeline', place)
    expect(new Set(shown.map((s) => s.part))).toEqual(new Set(Object.values(PARTS).flat()))
    expect(shown.every((s) => s.state === 'running')).toBe(true)
  })

  it('ends with their last word where they are told to end, and without one where they are killed', async () => {
    expect((await servers.get('drift')!.signal('SIGKILL')).signal).toBe('SIGKILL')
    const left = await Promise.all([...servers].map(async ([name, s]) => [name, (await s.signal('SIGTERM')).code]))
    // A process that did not leave in time ends itself with 1.
    expect(left.filter(([name]) => name !== 'drift')).toEqual(
      SERVICES.filter((name) => name !== 'drift').map((name) => [name, 0]),
    )
    const parts = await pipeline()
    for (const [service, own] of Object.entries(PARTS))
      for (const part of own) expect([part, parts.get(part)!.state === 'ended']).toEqual([part, service !== 'drift'])
    const { out } = await masteryOk(['pipeline'], place)
    expect(out).toMatch(/scoring +ended/)
  })
})
