import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job, ScheduleStanding } from '@mastery/topology/ports/job-queue.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { mastery, masteryOk } from '../processes/here.ts'
import { startMastery } from '../processes/server.ts'

const folder = mkdtempSync(join(tmpdir(), 'jobs-e2e-'))
const data = join(folder, 'data')
const place = { data }
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const listed = async (...more: string[]) =>
  JSON.parse((await masteryOk(['jobs', 'list', '--json', ...more], place)).out) as Job[]

describe('jobs on the embedded profile', { timeout: 120_000 }, () => {
  it('run from the command line alone, and inside a running "npm start", which keeps the schedule', async () => {
    const alone = await masteryOk(['jobs', 'run', 'gold-optimise', '--id', 'by-hand'], place)
    expect(JSON.parse(alone.out)).toHaveProperty('tables')
    expect((await listed()).map((j) => [j.id, j.state])).toEqual([['gold-optimise/by-hand', 'completed']])
    expect(await listed('--dead')).toEqual([])

    const { server } = await startMastery(data)
    try {
      const standing = JSON.parse((await masteryOk(['jobs', 'schedule', '--json'], place)).out) as ScheduleStanding[]
      expect(standing.map((s) => s.id)).toEqual(expect.arrayContaining(['optimise-nightly', 'rebuild-stale-hourly']))
      const again = await masteryOk(['jobs', 'run', 'gold-optimise', '--id', 'by-hand'], place)
      expect([again.out, again.err.includes('there already')]).toEqual([alone.out, true])
      await masteryOk(['jobs', 'run', 'gold-optimise'], place)
      const byHand = (await listed('--name', 'gold-optimise')).filter((j) => j.schedule === null)
      expect(byHand).toHaveLength(2)
      for (const wrong of [
        ['run', 'nobody'],
        ['run', 'gold-optimise', '--json', '{'],
        ['retry', 'gold-optimise/by-hand'],
        ['cancel', 'gold-optimise/by-hand'],
        ['show', 'gold-optimise/none'],
        ['show'],
        ['juggle'],
      ])
        expect([wrong, (await mastery(['jobs', ...wrong], place)).code]).toEqual([wrong, 2])
      expect((await server.signal('SIGTERM')).code).toBe(0)
    } finally {
      await server.signal('SIGKILL')
    }
  })
})
