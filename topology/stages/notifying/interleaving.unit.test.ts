import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decidedOf, deliveriesOf, type NoticeRecord, NoticeSource, notified, person } from '../../testing/notice-log.ts'

const START = Date.parse('2026-10-22T05:00:00Z')
const MINUTE = 60_000
const SOURCES = 3
const GROUPS = { notifications: { zone: 'Europe/Berlin', roles: { guardian: { mode: 'groups', per_day: 2 } } } }

/** What one source decides in one step of time: about which of its alerts, for whom, and how pressing. */
const happening = fc.record({
  source: fc.nat(SOURCES - 1),
  /** Minutes after the last. */
  after: fc.nat(400),
  alert: fc.nat(4),
  kind: fc.constantFrom('firing', 'firing', 'resolved', 'escalated'),
  severity: fc.constantFrom('info', 'normal', 'normal', 'urgent'),
  scope: fc.constantFrom('student', 'student', 'student', 'class', 'pipeline'),
  role: fc.constantFrom('teacher', 'teacher', 'guardian', 'both'),
  reader: fc.nat(2),
})
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

/** Each source's records. All sources hear the same ticks, as one ticker sends them. */
function sourcesOf(steps: readonly Happening[]): NoticeSource[] {
  const sources = Array.from({ length: SOURCES }, (_, s) =>
    new NoticeSource(s, START)
      .marker('prepare', 'policy', 'alerts/school', 'p1', GROUPS)
      .marker('prepare', 'roster', 'school', 'r1', { schools: [{ id: 's1', zone: 'America/New_York' }] })
      .marker('activate', 'roster', 'school', 'r1'),
  )
  const sequences = new Map<string, number>()
  let now = START
  for (const s of steps) {
    for (let m = 0; m < s.after; m += 60) for (const x of sources) x.tick(now + Math.min(s.after, m + 60) * MINUTE)
    now += s.after * MINUTE
    const alert_id = `${s.source}/${s.alert}`
    const sequence = (sequences.get(alert_id) ?? 0) + 1
    sequences.set(alert_id, sequence)
    const about = {
      alert_id,
      sequence,
      kind: s.kind as 'firing',
      severity: s.severity as 'normal',
      // An alert is about one thing for good.
      scope: (['student', 'class', 'pipeline', 'student', 'student'] as const)[s.alert]!,
      school: s.reader === 0 ? 's1' : 's2',
      recipient: person(s.reader),
      now,
    }
    const roles = s.role === 'both' ? ['teacher', 'guardian'] : [s.role]
    sources[s.source]!.notice(...roles.map((role) => ({ ...about, role })))
  }
  for (const day of [1, 2, 3, 4, 5]) for (const x of sources) x.tick(now + day * 24 * 60 * MINUTE)
  return sources
}

/** One order in which the records of all sources may stand in a partition, by picks of the source that comes next. */
function interleaved(sources: readonly NoticeSource[], picks: readonly number[], repeat: boolean): NoticeRecord[] {
  const places = sources.map(() => 0)
  const log: NoticeRecord[] = []
  let turn = 0
  while (places.some((p, s) => p < sources[s]!.records.length)) {
    const pick = picks[turn++ % picks.length]!
    const open = sources.filter((x) => places[x.source]! < x.records.length)
    const chosen = open[pick % open.length]!
    const at = places[chosen.source]!++
    log.push(chosen.records[at]!)
    // An owner that was replaced sends a stretch again, behind what its successor has sent.
    if (repeat && turn % 7 === 0) log.push(...chosen.records.slice(Math.max(0, at - 4), at + 1))
  }
  return log
}

const orders = fc.array(fc.nat(11), { minLength: 3, maxLength: 40 })

describe('how records come between each other decides nothing', () => {
  it('gives the same deliveries for every interleaving, cut, restart and repeat', () => {
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 1, maxLength: 40 }),
        orders,
        orders,
        fc.integer({ min: 1, max: 9 }),
        (steps, one, other, cut) => {
          const sources = sourcesOf(steps)
          const first = decidedOf(notified(interleaved(sources, one, false), SOURCES))
          const again = notified(interleaved(sources, other, true), SOURCES, { cut: (_s, n) => n % cut === 0 })
          expect(decidedOf(again)).toEqual(first)
          // One source after the other, whole: time stands still until the last of them.
          const whole = sources.flatMap((s) => s.records)
          expect(decidedOf(notified(whole, SOURCES))).toEqual(first)
        },
      ),
      { numRuns: 150, seed: 11 },
    )
  })

  it('tells each reader of each notice once at most, and loses none but what a newer one made void', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 40 }), orders, (steps, order) => {
        const sources = sourcesOf(steps)
        const driver = notified(interleaved(sources, order, true), SOURCES)
        expect(driver.deadLetters()).toEqual([])
        const told = deliveriesOf(driver).flatMap((d) =>
          d.items.map((i) => `${d.recipient} ${i.alert_id}#${i.sequence}`),
        )
        expect(new Set(told).size).toBe(told.length)
        const ids = deliveriesOf(driver).map((d) => d.delivery_id)
        expect(new Set(ids).size).toBe(ids.length)
        // Of each alert and reader the last notice is told, where it says that something goes on.
        const last = new Map<string, { kind: string; sequence: number }>()
        for (const s of sources)
          for (const r of s.records)
            if (r.subject === 'notice') {
              const n = r.value as { recipient: string; alert_id: string; kind: string; sequence: number }
              last.set(`${n.recipient} ${n.alert_id}`, n)
            }
        for (const [who, { kind, sequence }] of last)
          if (kind !== 'resolved') expect(told).toContain(`${who}#${sequence}`)
      }),
      { numRuns: 150, seed: 12 },
    )
  })

  it('never tells anybody in quiet hours, and keeps to the budget of a day', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 20, maxLength: 60 }), orders, (steps, order) => {
        const driver = notified(interleaved(sourcesOf(steps), order, false), SOURCES)
        const texts = new Map<string, number>()
        for (const d of deliveriesOf(driver)) {
          const zone = d.school === 's1' ? 'America/New_York' : 'Europe/Berlin'
          const civil = new Intl.DateTimeFormat('en-GB', {
            timeZone: zone,
            weekday: 'short',
            hour: '2-digit',
            hour12: false,
          })
          const parts = Object.fromEntries(civil.formatToParts(d.now).map((p) => [p.type, p.value]))
          const hour = Number(parts['hour'])
          if (d.role === 'guardian') expect(hour).toSatisfy((h: number) => h >= 8 && h < 21)
          else {
            expect(hour).toSatisfy((h: number) => h >= 7 && h < 19)
            expect(['Sat', 'Sun']).not.toContain(parts['weekday'])
          }
          if (d.kind === 'urgent') continue
          const day = `${d.recipient} ${d.role} ${new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(d.now)}`
          texts.set(day, (texts.get(day) ?? 0) + d.items.filter((i) => i.place === 'text').length)
          expect(texts.get(day)).toBeLessThanOrEqual(d.role === 'guardian' ? 2 : 5)
        }
      }),
      { numRuns: 100, seed: 13 },
    )
  })
})
