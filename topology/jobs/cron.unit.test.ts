import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextTime, parseCron } from './cron.ts'

const times = (cron: string, zone: string, from: string, n: number) => {
  const parsed = parseCron(cron, zone)
  const found: string[] = []
  for (let at = Date.parse(from); found.length < n; ) {
    at = nextTime(parsed, at)!
    found.push(new Date(at).toISOString().replace('.000Z', 'Z'))
  }
  return found
}

describe('cron', () => {
  it.each([
    ['30 2 * * *', 'UTC', '2026-01-31T02:30:00Z', ['2026-02-01T02:30:00Z', '2026-02-02T02:30:00Z']],
    ['*/20 9-10 * * 1-5', 'UTC', '2026-03-06T10:20:00Z', ['2026-03-06T10:40:00Z', '2026-03-09T09:00:00Z']],
    ['0 0 1 jan,jul *', 'UTC', '2026-01-01T00:00:00Z', ['2026-07-01T00:00:00Z', '2027-01-01T00:00:00Z']],
    ['0 12 13 * fri', 'UTC', '2026-11-13T11:00:00Z', ['2026-11-13T12:00:00Z', '2026-11-20T12:00:00Z']],
    ['0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z']],
    ['0 7 * * 7', 'Asia/Kathmandu', '2026-05-01T00:00:00Z', ['2026-05-03T01:15:00Z', '2026-05-10T01:15:00Z']],
    ['30 5 * * * *', 'UTC', '2026-05-01T00:05:30Z', ['2026-05-01T01:05:30Z', '2026-05-01T02:05:30Z']],
    ['0 1 * * *', 'Pacific/Auckland', '2026-05-01T12:59:59Z', ['2026-05-01T13:00:00Z', '2026-05-02T13:00:00Z']],
  ])('%s in %s after %s', (cron, zone, from, expected) => {
    expect(times(cron, zone, from, 2)).toEqual(expected)
  })

  it('runs a nightly job once in every night, also where the clock jumps', () => {
    // 02:30 does not exist on 29 March 2026 in Berlin, and comes twice on 25 October.
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-29T01:30:00Z',
      '2026-03-30T00:30:00Z',
    ])
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-23T12:00:00Z', 3)).toEqual([
      '2026-10-24T00:30:00Z',
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ])
  })

  it.each([
    ['* * * *', 'UTC', /4 fields/],
    ['60 * * * *', 'UTC', /"60" is no minute/],
    ['* 24 * * *', 'UTC', /"24" is no hour/],
    ['* * 0 * *', 'UTC', /"0" is no day of month/],
    ['* * * foo *', 'UTC', /"foo" is no month/],
    ['* * * * 8', 'UTC', /"8" is no day of week/],
    ['5-1 * * * *', 'UTC', /"5-1" is no minute/],
    ['*/0 * * * *', 'UTC', /"\*\/0" is no minute/],
    ['1,,2 * * * *', 'UTC', /is no minute/],
    ['0 0 30 2 *', 'UTC', /never comes/],
    ['0 0 * * *', 'Europe/Atlantis', /no time zone/],
    ['0 0 * * *', '', /no time zone/],
  ])('refuses %s in "%s"', (cron, zone, why) => {
    expect(() => parseCron(cron, zone)).toThrow(why)
  })

  it('gives a time that fits, after the one before, and leaves none out', () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 4 })
    const hours = fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 3 })
    const from = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2029, 0) })
    fc.assert(
      fc.property(minutes, hours, from, (m, h, after) => {
        const next = nextTime(parseCron(`${m.join(',')} ${h.join(',')} * * *`, 'UTC'), after)!
        let slow = Math.floor(after / 60_000) * 60_000 + 60_000
        while (!m.includes(new Date(slow).getUTCMinutes()) || !h.includes(new Date(slow).getUTCHours())) slow += 60_000
        expect(next).toBe(slow)
      }),
      { numRuns: 200 },
    )
  })
})
