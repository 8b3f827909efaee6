import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { describe, expect, it } from 'vitest'
import { deliveriesOf, NoticeSource, notified, person } from '../../testing/notice-log.ts'

/** A Monday. */
const at = (day: number, time: string) => Date.parse(`2026-09-0${day}T${time}:00Z`)
const MONDAY = 7
const from = (time = '09:00', day = MONDAY) => new NoticeSource(0, at(day, time))
const told = (d: Delivery) => d.items.filter((i) => i.place === 'text').map((i) => i.alert_id)
const when = (d: Delivery) => new Date(d.now).toISOString().slice(8, 16)
const sent = (...sources: NoticeSource[]) =>
  deliveriesOf(
    notified(
      sources.flatMap((s) => s.records),
      sources.length,
    ),
  )

describe('when a reader is told', () => {
  it('tells what presses at once, outside of quiet hours', () => {
    const [d, ...more] = sent(from().notice({ severity: 'urgent' }))
    expect(more).toEqual([])
    expect([d!.kind, told(d!), d!.now]).toEqual(['urgent', ['a1'], at(MONDAY, '09:00')])
  })

  it('keeps what presses until quiet hours end, and does not drop it', () => {
    const late = from('22:10').notice({ severity: 'urgent' }, { recipient: person(2), severity: 'urgent' })
    expect(sent(late)).toEqual([])
    late.tick(at(MONDAY + 1, '06:55'))
    expect(sent(late)).toEqual([])
    late.tick(at(MONDAY + 1, '07:00'))
    expect(sent(late).map((d) => [d.kind, d.recipient, when(d)])).toEqual([
      ['urgent', person(1), '08T07:00'],
      ['urgent', person(2), '08T07:00'],
    ])
  })

  it('tells the rest once a day, at the hour of the digest, and on school days only', () => {
    const s = from('09:00', 4).notice({}).tick(at(4, '15:30'))
    // Friday's hour has passed: the weekend is quiet.
    s.notice({ alert_id: 'a2' }).tick(at(MONDAY, '15:25')).tick(at(MONDAY, '15:35'))
    expect(sent(s).map((d) => [d.kind, told(d), when(d)])).toEqual([
      ['digest', ['a1'], '04T15:30'],
      ['digest', ['a2'], '07T15:30'],
    ])
  })

  it('waits until every source has reached the hour', () => {
    const a = from().notice({}).tick(at(MONDAY, '15:30'))
    const b = new NoticeSource(1, at(MONDAY, '09:00')).tick(at(MONDAY, '15:25'))
    expect(sent(a, b)).toEqual([])
    b.notice({ alert_id: 'b1', now: at(MONDAY, '15:10') }).tick(at(MONDAY, '15:30'))
    expect(sent(a, b).map((d) => told(d).sort())).toEqual([['a1', 'b1']])
  })

  it('goes by the clock of the school, on both sides of a change of the clocks', () => {
    const s = new NoticeSource(0, Date.parse('2026-10-23T09:00:00Z'))
      .marker('prepare', 'roster', 'school', '1', {
        schools: [
          { id: 's1', zone: 'Europe/Berlin' },
          { id: 's2', zone: null },
        ],
      })
      .marker('activate', 'roster', 'school', '1')
      .notice({}, { recipient: person(2), school: 's2' })
      .tick(Date.parse('2026-10-23T16:00:00Z'))
      .notice({ alert_id: 'a2' })
      .tick(Date.parse('2026-10-26T16:00:00Z'))
    expect(sent(s).map((d) => new Date(d.now).toISOString())).toEqual([
      '2026-10-23T13:30:00.000Z',
      '2026-10-23T15:30:00.000Z',
      '2026-10-26T14:30:00.000Z',
    ])
  })

  it('goes by the version of the policy that the notice names', () => {
    const section = { zone: 'America/New_York', everybody: { digest_at: '12:00', quiet_hours: null } }
    const s = from().marker('prepare', 'policy', 'alerts/school', 'p2', { notifications: section })
    s.notice({ policy: 'p2' }).notice({ alert_id: 'a2', policy: 'p1' }).tick(at(MONDAY, '18:00'))
    expect(sent(s).map((d) => [told(d), when(d), d.policy])).toEqual([
      [['a2'], '07T15:30', 'p1'],
      [['a1'], '07T16:00', 'p2'],
    ])
  })

  it('refuses a policy whose section is wrong, and says why', () => {
    const s = from().marker('prepare', 'policy', 'alerts/school', 'p2', {
      notifications: { zone: 'Mars/Olympus', everybody: { quiet_days: [1, 2, 3, 4, 5, 6, 7], per_day: 0 }, rooms: 1 },
    })
    const [dead] = notified(s.records).deadLetters()
    expect(dead!.code).toBe('marker_refused')
    for (const what of ['notifications.rooms', 'notifications.zone', 'per_day']) expect(dead!.message).toContain(what)
  })
})

describe('what a reader is told', () => {
  const groups = { notifications: { everybody: { mode: 'groups', per_day: 3 } } }
  const grouped = () => from().marker('prepare', 'policy', 'alerts/school', 'p1', groups)

  it('tells nobody of what is over before it was told', () => {
    const s = from().notice({}).tick(at(MONDAY, '09:10')).notice({ kind: 'resolved', sequence: 2 })
    expect(sent(s.tick(at(MONDAY, '15:30')).tick(at(MONDAY + 1, '15:30')))).toEqual([])
  })

  it('tells the end of what was told, once', () => {
    const s = from().notice({}).tick(at(MONDAY, '15:30')).notice({ kind: 'resolved', sequence: 2 })
    s.tick(at(MONDAY + 1, '15:30')).tick(at(MONDAY + 2, '15:30'))
    expect(sent(s).flatMap((d) => d.items.map((i) => [i.kind, i.sequence]))).toEqual([
      ['firing', 1],
      ['resolved', 2],
    ])
  })

  it('puts a group into one message once its wait is over, by class and rule', () => {
    const s = grouped().notice({}).tick(at(MONDAY, '09:10')).notice({ alert_id: 'a2' }, { alert_id: 'a3', class: 'c2' })
    s.tick(at(MONDAY, '09:15')).tick(at(MONDAY, '09:30'))
    expect(sent(s).map((d) => [d.kind, when(d), told(d).sort()])).toEqual([
      ['group', '07T09:15', ['a1', 'a2']],
      ['group', '07T09:25', ['a3']],
    ])
  })

  it('leaves what is beyond the day of a reader to the digest, and names how much more there is', () => {
    const s = grouped()
    for (let i = 0; i < 5; i++) s.notice({ alert_id: `a${i}`, severity: i === 4 ? 'normal' : 'info' })
    s.tick(at(MONDAY, '09:20')).tick(at(MONDAY, '15:30'))
    const [group, digest, ...more] = sent(s)
    expect(more).toEqual([])
    expect([group!.kind, told(group!), group!.more]).toEqual(['group', ['a4', 'a0', 'a1'], 0])
    expect([digest!.kind, told(digest!), digest!.more]).toEqual(['digest', [], 2])
    expect(digest!.items.map((i) => [i.alert_id, i.place])).toEqual([
      ['a2', 'more'],
      ['a3', 'more'],
    ])
  })

  it('puts the most pressing first, by severity and then by evidence', () => {
    const s = from()
    const evidence = (mastery: number, attempts: number) => [
      { code: 'mastery', value: mastery, text: null },
      { code: 'attempts', value: attempts, text: null },
    ]
    s.notice({ alert_id: 'weak', evidence: evidence(0.1, 20), severity: 'info' })
    s.notice({ alert_id: 'few', evidence: evidence(0.1, 1) })
    s.notice({ alert_id: 'many', evidence: evidence(0.2, 30) })
    expect(told(sent(s.tick(at(MONDAY, '15:30')))[0]!)).toEqual(['many', 'few', 'weak'])
  })

  it('lets an alert on the whole class stand for its members, and counts them', () => {
    const s = from().notice({}).notice({ alert_id: 'a2', topic: 'area' }).notice({ alert_id: 'a3', class: 'c2' })
    s.notice({ alert_id: 'drop', scope: 'class', student: null, rule: 'class_drop' }).tick(at(MONDAY, '15:30'))
    // The class goes on dropping: members of the next day are muted as well.
    s.notice({ alert_id: 'a4' })
      .notice({ alert_id: 'a5', topic: 'area' })
      .tick(at(MONDAY + 1, '15:30'))
    s.notice({ alert_id: 'drop', scope: 'class', student: null, kind: 'resolved', sequence: 2 })
    s.notice({ alert_id: 'a6' }).tick(at(MONDAY + 2, '15:30'))
    const places = sent(s).map((d) => d.items.map((i) => `${i.alert_id} ${i.place} ${i.mutes}`))
    expect(places).toEqual([
      ['drop text 1', 'a2 text 0', 'a3 text 0', 'a1 muted 0'],
      ['a5 text 0', 'a4 muted 0'],
      ['a6 text 0', 'drop text 0'],
    ])
  })

  it('mutes what was computed from bad data, in its scope, until that is over', () => {
    const pipeline = { alert_id: 'lag', scope: 'pipeline' as const, student: null, class: null, topic: null }
    const s = from().notice({ ...pipeline, severity: 'urgent' })
    s.notice({}).notice({ alert_id: 'other', school: 's2' }).tick(at(MONDAY, '15:30'))
    s.notice({ ...pipeline, kind: 'resolved', sequence: 2 })
      .notice({ alert_id: 'a2' })
      .tick(at(MONDAY + 1, '15:30'))
    const [urgent, first, second] = sent(s)
    expect(told(urgent!)).toEqual(['lag'])
    expect(first!.items.map((i) => [i.alert_id, i.place])).toEqual([
      ['other', 'text'],
      ['a1', 'muted'],
    ])
    expect([first!.muted, told(second!)]).toEqual([1, ['a2', 'lag']])
  })

  it('tells a person who teaches and is a parent of an alert once, and the rest by role', () => {
    const child = { alert_id: 'child' }
    const s = from()
      .notice(child, { ...child, role: 'guardian', class: null })
      .notice({ alert_id: 'pupil' })
    s.notice({ alert_id: 'sibling', role: 'guardian', class: null }).tick(at(MONDAY, '19:00'))
    expect(sent(s).map((d) => [d.role, when(d), told(d).sort()])).toEqual([
      ['teacher', '07T15:30', ['child', 'pupil']],
      ['guardian', '07T18:00', ['sibling']],
    ])
  })

  it('puts all children of a guardian into one message', () => {
    const s = from()
    for (let i = 0; i < 3; i++)
      s.notice({ role: 'guardian', class: null, alert_id: `a${i}`, student: person(200 + i), topic: 'area' })
    const [d, ...more] = sent(s.tick(at(MONDAY, '18:00')))
    expect(more).toEqual([])
    expect(new Set(d!.items.map((i) => i.student)).size).toBe(3)
  })

  it('tells the newer of two notices of an alert', () => {
    const s = from().notice({}).tick(at(MONDAY, '10:00')).notice({ kind: 'escalated', sequence: 2, severity: 'urgent' })
    s.tick(at(MONDAY, '15:30'))
    expect(sent(s).flatMap((d) => d.items.map((i) => [d.kind, i.sequence]))).toEqual([['urgent', 2]])
  })

  it('has the same delivery id in every generation, and takes a notice once', () => {
    const s = from().notice({}).tick(at(MONDAY, '15:30'))
    const again = [...s.records, ...s.records.map((r) => r)]
    expect(deliveriesOf(notified(again))).toHaveLength(1)
    const other = s.records.map((r) =>
      r.subject === 'notice' ? { ...r, value: { ...(r.value as object), generation: 3 } } : r,
    )
    expect(deliveriesOf(notified(other))[0]!.delivery_id).toBe(sent(s)[0]!.delivery_id)
  })
})
