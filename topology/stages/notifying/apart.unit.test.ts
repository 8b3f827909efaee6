import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { policyText } from '../../alerts/policy.ts'
import { policyOf } from '../../testing/alert-log.ts'
import { deliveriesOf, type NoticeRecord, NoticeSource, notified, person } from '../../testing/notice-log.ts'
import { MINUTE, OpsRecords, watched } from '../../testing/watch-log.ts'

/** A Thursday, in school hours. */
const START = Date.parse('2026-10-22T09:00:00Z')
const HOUR = 60 * MINUTE
const SOURCES = 2
const OPERATOR = person(50)
const onService = {
  recipient: OPERATOR,
  role: 'operator',
  scope: 'pipeline' as const,
  alert_id: 'ops',
  student: null,
  class: null,
  topic: null,
  school: null,
}
const onData = { ...onService, recipient: person(1), role: 'teacher', alert_id: 'data' }

/** Notices on the system itself come from the source behind the others. */
const apart = (now = START) => new NoticeSource(SOURCES, now)
const ticks = (...times: number[]) =>
  times.flatMap((t) => Array.from({ length: SOURCES }, (_, s) => new NoticeSource(s, t).tick(t).records).flat())
const told = (records: readonly NoticeRecord[]) =>
  deliveriesOf(notified(records, SOURCES)).map((d) => ({
    to: d.recipient,
    at: (d.now - START) / HOUR,
    kind: d.kind,
    items: d.items.map((i) => `${i.alert_id} ${i.kind} ${i.place}`),
  }))

describe('a notice on the system itself', () => {
  it('is told at once, whatever its severity, while no other source says anything', () => {
    const source = apart()
      .notice({ ...onService, severity: 'info' })
      .notice({ ...onService, kind: 'resolved', sequence: 2, now: START + HOUR })
    expect(told(source.records)).toEqual([
      { to: OPERATOR, at: 0, kind: 'group', items: ['ops firing text'] },
      { to: OPERATOR, at: 1, kind: 'group', items: ['ops resolved text'] },
    ])
    const urgent = apart().notice({ ...onService, severity: 'urgent' })
    expect(told(urgent.records)).toMatchObject([{ kind: 'urgent' }])
  })

  it('waits for the end of quiet hours, together with what else waits', () => {
    const night = Date.parse('2026-10-22T22:00:00Z')
    const owner = { ...onService, role: 'content_owner', scope: 'item' as const, now: night }
    const source = apart(night)
      .notice({ ...owner, alert_id: 'a', topic: 'area' })
      .notice({ ...owner, alert_id: 'b', topic: 'fractions' })
    expect(told([...source.records, ...ticks(night + HOUR)])).toEqual([])
    expect(told([...source.records, ...ticks(night + 12 * HOUR)])).toEqual([
      { to: OPERATOR, at: 22, kind: 'group', items: ['a firing text', 'b firing text'] },
    ])
  })

  it('on items goes out with the others of its look, in one message', () => {
    const owner = { ...onService, role: 'content_owner', scope: 'item' as const }
    const source = apart()
    for (const topic of ['area', 'fractions', 'ratios']) source.notice({ ...owner, alert_id: topic, topic })
    expect(told(source.records)).toEqual([])
    expect(told([...source.records, ...ticks(START + MINUTE)]).map((d) => d.items.length)).toEqual([3])
    source.notice({ ...owner, alert_id: 'area', topic: 'area', kind: 'resolved', sequence: 2, now: START + 2 * HOUR })
    const over = told([...source.records.slice(0, 3), ...ticks(START + MINUTE), ...source.records.slice(3)])
    expect(over).toHaveLength(1)
  })

  it('that is over before anybody was told of it is told to nobody, nor is its end', () => {
    const night = Date.parse('2026-10-22T22:00:00Z')
    const owner = { ...onService, role: 'content_owner', scope: 'item' as const }
    const morning = night + 9.5 * HOUR
    const source = apart(night)
      .notice({ ...owner, now: night })
      .notice({ ...owner, kind: 'resolved', sequence: 2, now: morning })
    expect(told([...source.records, ...ticks(night + 12 * HOUR)])).toEqual([])
  })

  it('comes once however often its record does', () => {
    const { records } = apart().notice(onService)
    expect(told([...records, ...records])).toHaveLength(1)
  })
})

describe('a teacher who is told of the data', () => {
  const mastery = (alert_id: string, now: number) =>
    new NoticeSource(0, now).notice({ alert_id, recipient: person(1), now, class: null }).records
  const numbered = (records: readonly NoticeRecord[]) => {
    let n = 0
    return records.map((r) => ({
      ...r,
      value:
        r.subject === 'notice' && (r.value as { origin_partition: number }).origin_partition === 0
          ? { ...(r.value as object), origin_offset: n++ }
          : r.value,
    }))
  }

  it('finds what was computed from it in the inbox only, until it is over', () => {
    const source = apart()
      .notice(onData)
      .notice({ ...onData, kind: 'resolved', sequence: 2, now: START + 23 * HOUR })
    const [begins, ends] = source.records
    const log = [
      begins!,
      ...mastery('one', START + MINUTE),
      // The digest of the day, half past three.
      ...ticks(START + 8 * HOUR),
      ends!,
      ...mastery('two', START + 24 * HOUR),
      ...ticks(START + 31 * HOUR),
    ]
    expect(told(numbered(log)).map(({ at, items }) => [at, items])).toEqual([
      [0, ['data firing text']],
      [6.5, ['one firing muted']],
      [23, ['data resolved text']],
      [30.5, ['two firing text']],
    ])
  })

  it('is told all of it where the notice came as one for operators', () => {
    const { records } = apart().notice({ ...onService, recipient: person(1) })
    const log = [...records, ...mastery('one', START + MINUTE), ...ticks(START + 8 * HOUR)]
    expect(told(numbered(log)).at(-1)!.items).toEqual(['one firing text'])
  })
})

describe('everybody else', () => {
  const happening = fc.record({
    source: fc.nat(SOURCES),
    after: fc.nat(300),
    alert: fc.nat(3),
    kind: fc.constantFrom('firing', 'firing', 'resolved'),
    severity: fc.constantFrom('normal', 'urgent'),
    reader: fc.nat(2),
  })

  it('gets the same deliveries wherever notices on the system itself come between the others', () => {
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(11), { minLength: 3, maxLength: 30 }),
        fc.array(fc.nat(11), { minLength: 3, maxLength: 30 }),
        (steps, one, other) => {
          const sources = Array.from({ length: SOURCES + 1 }, (_, s) => new NoticeSource(s, START))
          const sequences = new Map<string, number>()
          let now = START
          for (const s of steps) {
            now += s.after * MINUTE
            for (const x of sources.slice(0, SOURCES)) x.tick(now)
            const alert_id = `${s.source}/${s.alert}`
            const sequence = (sequences.get(alert_id) ?? 0) + 1
            sequences.set(alert_id, sequence)
            const about = { alert_id, sequence, kind: s.kind as 'firing', severity: s.severity as 'normal', now }
            // Readers of the one are none of the others.
            const to = s.source === SOURCES ? { ...onService, ...about } : { ...about, recipient: person(s.reader) }
            sources[s.source]!.notice(to)
          }
          for (const x of sources.slice(0, SOURCES)) x.tick(now + 96 * HOUR)
          const run = (picks: readonly number[]) => {
            const places = sources.map(() => 0)
            const log: NoticeRecord[] = []
            for (let turn = 0; places.some((p, s) => p < sources[s]!.records.length); turn++) {
              const open = sources.filter((x) => places[x.source]! < x.records.length)
              const chosen = open[picks[turn % picks.length]! % open.length]!
              log.push(chosen.records[places[chosen.source]!++]!)
            }
            const all = deliveriesOf(notified(log, SOURCES))
            const bare = all.map(({ origin_partition: _p, origin_offset: _o, ordinal: _n, ...d }) => d)
            return {
              others: bare
                .filter((d) => d.recipient !== OPERATOR)
                .map((d) => JSON.stringify(d))
                .sort(),
              operator: bare.filter((d) => d.recipient === OPERATOR).map((d) => JSON.stringify(d)),
            }
          }
          const [first, second] = [run(one), run(other)]
          expect(second.others).toEqual(first.others)
          // Without quiet hours an operator is told in the order of decision, and at once.
          expect(second.operator).toEqual(first.operator)
        },
      ),
      { numRuns: 120, seed: 41 },
    )
  })

  it('hears of zones and policies from the markers of the watching stage', () => {
    const notifications = {
      zone: 'Europe/Berlin',
      roles: { operator: { quiet_hours: { from: '10:00', until: '12:00' } } },
    }
    const policy = policyOf({ notifications, rules: [{ id: 'lag', kind: 'pipeline', measure: 'lag', for: 0 }] })
    expect(policyText(policy)).toContain('Europe/Berlin')
    const log = new OpsRecords().roster().policy(policy).metric(START, { lag: 1e6 })
    const records = watched(log.all).steps.flatMap((s) =>
      s.result.type === 'ok' ? s.result.outputs.filter((o) => o.topic === 'mastery.notices') : [],
    )
    // Eleven o'clock in Berlin.
    expect(told(records)).toEqual([])
    expect(told([...records, ...ticks(START + 2 * HOUR)])).toMatchObject([{ at: 1 }])
  })
})
