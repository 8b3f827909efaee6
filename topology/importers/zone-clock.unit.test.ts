import { describe, expect, it } from 'vitest'
import { ZoneClock } from './zone-clock.ts'

const clock = new ZoneClock()
const iso = (text: string, zone: string) => {
  const at = clock.instant(text, zone)
  return at === null ? null : new Date(at).toISOString()
}

describe('ZoneClock', () => {
  it.each([
    ['2024-01-15 12:00:00', 'America/New_York', '2024-01-15T17:00:00.000Z'],
    ['2024-07-15 12:00:00.25', 'America/New_York', '2024-07-15T16:00:00.250Z'],
    ['2024-07-15 12:00:00', 'Asia/Kolkata', '2024-07-15T06:30:00.000Z'],
    ['2024-07-15 12:00:00', 'UTC', '2024-07-15T12:00:00.000Z'],
    ['2024-07-15 12:00:00', '', '2024-07-15T12:00:00.000Z'],
    ['2024-07-15 12:00:00', 'Nowhere', '2024-07-15T12:00:00.000Z'],
    ['2024-07-15 12:00:00+03:00', 'America/New_York', '2024-07-15T09:00:00.000Z'],
    ['1969-12-31 19:00:00', 'America/New_York', '1970-01-01T00:00:00.000Z'],
    // The night in which clocks go forward, and the one in which they go back.
    ['2024-03-10 01:59:59', 'America/New_York', '2024-03-10T06:59:59.000Z'],
    ['2024-03-10 02:30:00', 'America/New_York', '2024-03-10T07:30:00.000Z'],
    ['2024-03-10 03:00:00', 'America/New_York', '2024-03-10T07:00:00.000Z'],
    ['2024-11-03 01:30:00', 'America/New_York', '2024-11-03T05:30:00.000Z'],
    ['2024-11-03 02:00:00', 'America/New_York', '2024-11-03T07:00:00.000Z'],
    ['2024-03-31 03:00:00', 'Europe/Berlin', '2024-03-31T01:00:00.000Z'],
  ])('%s in %s', (text, zone, expected) => {
    expect(iso(text, zone)).toBe(expected)
  })

  it('reads no other texts', () => {
    expect(iso('noon', 'UTC')).toBeNull()
  })

  it('knows zones', () => {
    expect(clock.knows('US/Eastern')).toBe(true)
    expect(clock.knows('Nowhere')).toBe(false)
    expect(clock.knows('')).toBe(false)
  })
})
