import { describe, expect, it } from 'vitest'
import { DEFAULT_NOTIFICATIONS, type NotificationPolicy, parseNotifications } from './notification-policy.ts'
import { ReaderCalendar } from './reader-calendar.ts'

const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16)
const at = (text: string) => Date.parse(`${text}:00Z`)
const policy = (everybody: object, zone = 'Europe/Berlin'): NotificationPolicy =>
  parseNotifications({ zone, everybody, roles: { guardian: {}, operator: {} } })

describe('quiet hours', () => {
  const berlin = new ReaderCalendar(
    policy({ quiet_hours: { from: '22:00', until: '06:30' }, quiet_days: [7] }),
    'teacher',
    null,
  )

  it.each([
    ['2026-01-13T12:00', '2026-01-13T12:00'],
    ['2026-01-13T21:30', '2026-01-14T05:30'],
    ['2026-01-14T05:29', '2026-01-14T05:30'],
    // Saturday night runs into a quiet Sunday, and its night into Monday.
    ['2026-01-17T22:00', '2026-01-19T05:30'],
    // In summer the same clocks are an hour earlier in UTC.
    ['2026-07-14T21:30', '2026-07-15T04:30'],
    // The night in which clocks go forward, and the one in which they go back.
    ['2026-03-28T23:00', '2026-03-30T04:30'],
    ['2026-10-24T23:00', '2026-10-26T05:30'],
  ])('%s is free from %s', (from, free) => {
    expect(iso(berlin.free(at(from)))).toBe(free)
  })

  it('end where the end of them is shown twice', () => {
    const c = new ReaderCalendar(
      policy({ quiet_hours: { from: '01:00', until: '02:30' }, quiet_days: [] }),
      'teacher',
      null,
    )
    // 02:15 for the second time, at which 02:30 has been shown once before.
    expect(iso(c.free(at('2026-10-25T01:15')))).toBe('2026-10-25T01:30')
    expect(iso(c.free(at('2026-10-25T00:15')))).toBe('2026-10-25T00:30')
  })
})

describe('the digest', () => {
  it('comes at its hour, and not before what is ready for it', () => {
    const c = new ReaderCalendar(DEFAULT_NOTIFICATIONS, 'teacher', 'Asia/Kolkata')
    expect(iso(c.digestFrom(at('2026-01-13T10:00')))).toBe('2026-01-13T10:00')
    expect(iso(c.digestFrom(at('2026-01-13T10:01')))).toBe('2026-01-14T10:00')
    expect(iso(c.digestFrom(at('2026-01-16T10:01')))).toBe('2026-01-19T10:00')
    expect(iso(c.digestFrom(at('2026-01-13T09:00')))).toBe('2026-01-13T10:00')
  })

  it('waits for the end of quiet hours that it falls into, and takes what comes until then', () => {
    const c = new ReaderCalendar(
      policy({ digest_at: '22:30', quiet_hours: { from: '22:00', until: '06:00' } }),
      'teacher',
      null,
    )
    expect(iso(c.digestFrom(at('2026-01-13T20:00')))).toBe('2026-01-14T05:00')
    expect(iso(c.digestFrom(at('2026-01-14T04:59')))).toBe('2026-01-14T05:00')
    expect(iso(c.digestFrom(at('2026-01-14T05:01')))).toBe('2026-01-15T05:00')
  })

  it('is the same whatever was asked before', () => {
    const one = new ReaderCalendar(DEFAULT_NOTIFICATIONS, 'guardian', 'America/St_Johns')
    const times = Array.from({ length: 400 }, (_, i) => at('2026-03-01T00:00') + i * 3_700_000)
    const forward = times.map((t) => one.digestFrom(t))
    const backward = [...times].reverse().map((t) => one.digestFrom(t))
    expect(backward.reverse()).toEqual(forward)
    for (const t of times.slice(0, 40))
      expect(new ReaderCalendar(DEFAULT_NOTIFICATIONS, 'guardian', 'America/St_Johns').digestFrom(t)).toBe(
        one.digestFrom(t),
      )
  })
})

describe('the section of a policy', () => {
  it('takes the defaults for what it leaves out', () => {
    expect(parseNotifications(null)).toBe(DEFAULT_NOTIFICATIONS)
    const p = parseNotifications({ zone: 'Europe/Vienna', roles: { teacher: { per_day: 3 } } })
    expect([p.zone, p.groupWaitMinutes, p.roles.teacher, p.roles.guardian?.digestAt]).toEqual([
      'Europe/Vienna',
      15,
      { perDay: 3 },
      '18:00',
    ])
  })

  it('says all that is wrong at once, each with its place', () => {
    const wrong = {
      zone: 'Berlin',
      group_wait_minutes: -1,
      everybody: { digest_at: '25:00', quiet_hours: { from: '07:00', until: '07:00' }, digest_days: [0] },
      roles: { teachers: {}, guardian: { mode: 'never' } },
    }
    const places = [
      'zone',
      'group_wait_minutes',
      'everybody.digest_at',
      'everybody.quiet_hours',
      'everybody.digest_days',
      'roles.teachers',
      'roles.guardian.mode',
    ]
    try {
      parseNotifications(wrong)
      expect.unreachable()
    } catch (e) {
      for (const place of places) expect((e as Error).message).toContain(`notifications.${place} `)
    }
  })

  it('refuses days on which nobody would ever be told', () => {
    expect(() => parseNotifications({ roles: { student: { quiet_days: [1, 2, 3, 4, 5, 6, 7] } } })).toThrow(
      /every day quiet for a student/,
    )
  })
})
