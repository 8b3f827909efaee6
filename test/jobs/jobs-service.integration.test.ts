import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job } from '@mastery/topology/ports/job-queue.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { writeTenants } from '../faults/tenants.ts'
import { mastery, masteryOk, type Place } from '../processes/cli.ts'
import { Server } from '../processes/server.ts'

const env = process.env
const missing = ['KAFKA', 'REDIS', 'REGISTRY', 'CLICKHOUSE'].filter((name) => !env[`MASTERY_TEST_${name}`])
const title =
  missing.length === 0 ? 'the jobs service' : `the jobs service, not run: no local stack (${missing[0]} unset)`

/** What a service says about its health once it runs no job. */
async function idle(url: string): Promise<{ status: number; body: { running?: unknown[] } }> {
  for (;;) {
    const reply = await fetch(url)
    const body = (await reply.json()) as { running?: unknown[] }
    if (body.running?.length === 0) return { status: reply.status, body }
    await new Promise((r) => setTimeout(r, 50))
  }
}

describe.skipIf(missing.length > 0)(title, { timeout: 120_000 }, () => {
  const folder = join(tmpdir(), `jobs-service-${process.pid}`)
  const tenantsFile = join(folder, 'tenants.json')
  mkdirSync(folder, { recursive: true })
  const servers: Server[] = []
  afterAll(async () => {
    for (const s of servers) await s.signal('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  it('sets the schedule, runs what the command line adds, answers for its health, and leaves when told to', async () => {
    writeTenants(tenantsFile, ['jobs'])
    const place: Place = {
      data: join(folder, 'data'),
      env: {
        MASTERY_PROFILE: 'local',
        MASTERY_TENANTS_FILE: tenantsFile,
        KAFKA_BROKERS: env['MASTERY_TEST_KAFKA']!,
        REDIS_URL: env['MASTERY_TEST_REDIS']!,
        SCHEMA_REGISTRY_URL: env['MASTERY_TEST_REGISTRY']!,
        CLICKHOUSE_URL: env['MASTERY_TEST_CLICKHOUSE']!,
        HOST: '127.0.0.1',
      },
    }
    const launch = () => {
      const server = new Server('services/jobs/src/main.ts', [], { ...place, env: { ...place.env, PORT: '0' } })
      servers.push(server)
      return server
    }
    await masteryOk(['sql', 'SELECT 1'], place)
    const both = [launch(), launch()]
    for (const s of both) await s.said(/"message":"running"/)

    const { out: schedule } = await masteryOk(['jobs', 'schedule', '--json'], place)
    const standing = JSON.parse(schedule) as { id: string; nextAt: number }[]
    expect(standing.map((s) => s.id)).toEqual(expect.arrayContaining(['optimise-nightly', 'rebuild-stale-hourly']))
    expect(standing.every((s) => s.nextAt > Date.now() - 60_000)).toBe(true)

    const id = `by-hand-${process.pid}`
    const first = await masteryOk(['jobs', 'run', 'gold-optimise', '--id', id], place)
    expect(JSON.parse(first.out)).toHaveProperty('tables')
    const again = await masteryOk(['jobs', 'run', 'gold-optimise', '--id', id], place)
    expect([again.out, again.err]).toEqual([first.out, expect.stringContaining('there already')])
    const shown = JSON.parse((await masteryOk(['jobs', 'show', `gold-optimise/${id}`, '--json'], place)).out) as Job
    expect(shown).toMatchObject({ state: 'completed', deliveries: 1, failures: 0 })
    expect((await mastery(['jobs', 'retry', `gold-optimise/${id}`], place)).code).toBe(2)
    expect((await mastery(['jobs', 'run', 'gold-optimise', '--json', '{"a":1}'], place)).err).toContain('no payload')

    // At certain minutes the schedule runs something too.
    for (const s of both) {
      const { status, body } = await idle((await s.said(/health is at (http:\S+?)["\s]/))[1]!)
      expect([status, body]).toEqual([200, expect.objectContaining({ service: 'jobs', status: 'ok', running: [] })])
    }
    // A process that did not leave in time ends itself with 1.
    for (const s of both) expect((await s.signal('SIGTERM')).code).toBe(0)
  })
})
