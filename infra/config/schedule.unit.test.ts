import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definitionsOf } from '@mastery/topology/jobs/spec.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError } from './profile.ts'
import { loadSchedule } from './schedule.ts'

const dir = mkdtempSync(join(tmpdir(), 'schedule-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const jobs = definitionsOf([{ name: 'night', about: '', exclusive: true, parse: (p) => p }])
const file = (value: unknown) => {
  const path = join(dir, 'schedule.json')
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
  return path
}
const entry = { id: 'nightly', name: 'night', cron: '5 2 * * *', timeZone: 'America/Lima', payload: { deep: [1] } }

describe('the schedule', () => {
  it('is read', () => {
    expect(loadSchedule(jobs, file({ schedules: [entry] }))).toEqual([entry])
    expect(loadSchedule(jobs, file({ schedules: [] }))).toEqual([])
  })

  it('is refused with everything that is wrong with it', () => {
    const load = () =>
      loadSchedule(
        jobs,
        file({
          schedules: [
            { ...entry, cron: undefined },
            { ...entry, id: 'b', cron: '5 25 * * *', timeZone: 'Europe/Nowhere' },
            { ...entry, id: 'c', name: 'day' },
            { ...entry, id: 'd', payload: { email: 'x' } },
            { ...entry, id: 'e', attempt: 3 },
            entry,
            entry,
          ],
        }),
      )
    expect(load).toThrow(ConfigError)
    for (const part of [
      /schedules\.0\.cron/,
      /b: "Europe\/Nowhere" is no time zone/,
      /c: There is no job "day"; there is night/,
      /d: .*payload\.email/,
      /schedules\.4: .*attempt/,
      /nightly: there are two schedules/,
    ])
      expect(load).toThrow(part)
    expect(() => loadSchedule(jobs, file('{'))).toThrow(/can't be read as JSON/)
    expect(() => loadSchedule(jobs, file([]))).toThrow(ConfigError)
  })
})
