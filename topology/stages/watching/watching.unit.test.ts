import { describe, expect, it } from 'vitest'
import { policyOf } from '../../testing/alert-log.ts'
import {
  alertsOf,
  BEFORE,
  EVERY,
  MINUTE,
  noticesOf,
  OPERATOR,
  OpsRecords,
  SECOND,
  staffRoster,
  took,
  watched,
} from '../../testing/watch-log.ts'

const START = Date.parse('2026-10-05T08:00:00Z')
const at = (minutes: number) => START + minutes * MINUTE

const rule = (given: Record<string, unknown>) => policyOf({ rules: [{ id: 'r', kind: 'pipeline', ...given }] })
const SLOW = rule({ measure: 'latency_p99', parts: ['scoring'] })
const SILENT = rule({ measure: 'silence', for: 0, hold: 0 })

const begun = (policy = SLOW) => new OpsRecords().roster().policy(policy)
const told = (r: OpsRecords) => noticesOf(watched(r.all)).map((n) => [n.kind, (n.now - START) / SECOND])

describe('a part whose latency is too long', () => {
  const slow = { latency: took(900, 100) }

  it('is told of once it has been so for long enough, and told that it is over', () => {
    const log = begun().metrics(at(0), at(10)).metrics(at(10), at(20), slow).metrics(at(20), at(60))
    const notices = noticesOf(watched(log.all))
    expect(notices.map((n) => [n.kind, n.recipient, n.role, n.scope, n.origin_partition])).toEqual([
      ['firing', OPERATOR, 'operator', 'pipeline', BEFORE],
      ['resolved', OPERATOR, 'operator', 'pipeline', BEFORE],
    ])
    const [first, second] = notices
    expect(first!.evidence).toEqual(
      expect.arrayContaining([
        { code: 'part', value: null, text: 'scoring' },
        { code: 'latency_p99', value: 1000, text: null },
        { code: 'line', value: 500, text: null },
        { code: 'service', value: null, text: 'scoring' },
      ]),
    )
    expect(first!.evidence.find((e) => e.code === 'since')!.value).toBeGreaterThanOrEqual(at(10))
    expect(second!.alert_id).toBe(first!.alert_id)
    expect(alertsOf(watched(log.all)).map((a) => [a.before, a.state])).toEqual([
      ['normal', 'pending'],
      ['pending', 'firing'],
      ['firing', 'recovering'],
      ['recovering', 'resolved'],
    ])
  })

  it('is no alert with too few operations, in another part, or where nobody asked', () => {
    const few = begun().metrics(at(0), at(30), { operations: 1, latency: took(900, 1) })
    expect(alertsOf(watched(few.all))).toEqual([])
    const other = begun().metrics(at(0), at(30), { part: 'jobs', service: 'jobs', ...slow })
    expect(alertsOf(watched(other.all))).toEqual([])
    const nobody = new OpsRecords().roster().metrics(at(0), at(30), slow)
    expect(alertsOf(watched(nobody.all))).toEqual([])
  })

  it('is not told again within the cooldown, and is then where it goes on', () => {
    const log = begun().metrics(at(0), at(10), slow).metrics(at(10), at(30)).metrics(at(30), at(90), slow)
    const kinds = told(log)
    expect(kinds.map(([k]) => k)).toEqual(['firing', 'resolved', 'firing'])
    expect(Number(kinds[2]![1]) - Number(kinds[0]![1])).toBe(3600)
    const held = alertsOf(watched(log.all)).filter((a) => a.held_back === 'cooldown')
    expect(held).toHaveLength(1)
  })

  it('is written down with the reason where nobody can be told, and told once somebody can', () => {
    const log = new OpsRecords().policy(SLOW).metrics(at(0), at(10), slow)
    const [fired] = alertsOf(watched(log.all)).filter((a) => a.state === 'firing')
    expect(fired).toMatchObject({ told: false, held_back: 'no recipient', sequence: 0 })
    expect(noticesOf(watched(log.all))).toEqual([])
    expect(noticesOf(watched(log.roster().metrics(at(10), at(11), slow).all))).toHaveLength(1)
  })
})

describe('a service that is gone', () => {
  const both = (r: OpsRecords, from: number, until: number) => {
    for (let to = from + EVERY; to <= until; to += EVERY)
      r.metric(to).metric(to, { service: 'gold', part: 'gold', instance: 'host 2' })
    return r
  }
  const others = { service: 'gold', part: 'gold', instance: 'host 2' }

  it('is told of once, and its return resolves, under another process id', () => {
    const log = both(begun(SILENT), at(0), at(5)).metrics(at(5), at(30), others)
    const back = both(new OpsRecords(), at(30), at(31)).all.map((r) => ({
      ...r,
      value: { ...(r.value as object), instance: 'host 9' },
    }))
    log.all.push(...back)
    const notices = noticesOf(watched(log.all))
    expect(notices.map((n) => [n.kind, n.evidence.find((e) => e.code === 'part')!.text])).toEqual([
      ['firing', 'scoring'],
      ['resolved', 'scoring'],
    ])
    expect(notices[0]!.now).toBe(at(8))
    expect(notices[0]!.evidence).toContainEqual({ code: 'last_heard', value: at(5), text: null })
  })

  it('is not missed after a clean stop, nor where another process of it goes on', () => {
    const stopped = both(begun(SILENT), at(0), at(5)).metric(at(5) + SECOND, { last: true })
    expect(alertsOf(watched(stopped.metrics(at(5), at(60), others).all))).toEqual([])
    const replica = both(begun(SILENT), at(0), at(5))
    for (let to = at(5); to <= at(60); to += EVERY) replica.metric(to, { instance: 'host 3' }).metric(to, others)
    expect(alertsOf(watched(replica.all))).toEqual([])
  })

  it('is not missed because of a night in which the whole system was off', () => {
    const log = both(begun(SILENT), at(0), at(5))
    for (const minute of [600, 600.5, 601])
      log.metrics(at(minute) - EVERY, at(minute), { ...others, instance: 'host 7' })
    expect(alertsOf(watched(log.all))).toEqual([])
    log.metrics(at(601), at(610), { ...others, instance: 'host 7' })
    expect(noticesOf(watched(log.all)).map((n) => n.kind)).toEqual(['firing'])
  })
})

describe('other measures of a part', () => {
  it.each([
    ['lag', { lag: 50_000 }, 50_000],
    ['stopped', { stopped: 2, problem: 'a dead letter could not be written' }, 2],
    ['dead_letters', { dead_letters: 5 }, 0.05],
    ['errors', { errors: 2 }, 0.02],
    ['retries', { retries: 30 }, 0.3],
    ['age_p99', { age: took(100_000, 100) }, 120_000],
  ] as const)('%s begins an alert and ends it', (measure, bad, value) => {
    const log = begun(rule({ measure })).metrics(at(0), at(10), bad).metrics(at(10), at(40))
    const notices = noticesOf(watched(log.all))
    expect(notices.map((n) => n.kind)).toEqual(['firing', 'resolved'])
    expect(notices[0]!.evidence).toContainEqual({ code: measure, value, text: null })
  })

  it('a service whose every attempt fails is told of, though it gets nothing done', () => {
    const log = begun(rule({ measure: 'retries' })).metrics(at(0), at(10), { operations: 0, retries: 40, latency: [] })
    expect(noticesOf(watched(log.all)).map((n) => n.kind)).toEqual(['firing'])
  })

  it('an alert whose part says nothing any more is one of which nothing is known', () => {
    const log = begun(rule({ measure: 'lag' })).metrics(at(0), at(10), { lag: 50_000 })
    log.metric(at(10) + SECOND, { lag: 50_000, last: true })
    log.metrics(at(10), at(90), { service: 'gold', part: 'gold' })
    expect(alertsOf(watched(log.all)).at(-1)).toMatchObject({ before: 'firing', state: 'no_data', told: false })
  })
})

describe('what holds for readers', () => {
  it('a generation that they do not see tells nobody, and goes on from there when they see it', () => {
    const log = begun().metrics(at(0), at(10), { latency: took(900, 100) })
    const hidden = watched(log.all, { generation: 2 })
    expect(noticesOf(hidden)).toEqual([])
    expect(alertsOf(hidden).find((a) => a.state === 'firing')).toMatchObject({ told: false, held_back: 'replayed' })
    const generation = { action: 'activate', subject: 'generation', name: 'pipeline', version: '2' } as const
    log.marker(generation).metrics(at(10), at(40))
    const seen = watched(log.all, { generation: 2 })
    const ids = noticesOf(watched(begun().metrics(at(0), at(10), { latency: took(900, 100) }).all)).map(
      (n) => n.alert_id,
    )
    expect(noticesOf(seen).map((n) => [n.kind, n.alert_id])).toEqual([['resolved', ids[0]]])
    expect(noticesOf(watched(log.all)).map((n) => n.kind)).toEqual(['firing'])
  })

  it('a rule that is taken out of force ends its alerts, and those who were told hear it', () => {
    const log = begun()
      .metrics(at(0), at(10), { latency: took(900, 100) })
      .policy(SILENT, 'p2')
    const last = alertsOf(watched(log.all)).at(-1)
    expect(last).toMatchObject({ state: 'resolved', cause: 'policy', told: true })
    expect(noticesOf(watched(log.all)).map((n) => n.kind)).toEqual(['firing', 'resolved'])
  })

  it('people whom the policy names are told in place of the administrators, if the roster knows them', () => {
    const people = { operators: ['teacher-1', 'nobody'] }
    const policy = policyOf({ people, rules: [{ id: 'r', kind: 'pipeline', measure: 'latency_p99' }] })
    const log = begun(policy).metrics(at(0), at(10), { latency: took(900, 100) })
    expect(noticesOf(watched(log.all)).map((n) => [n.recipient, n.role])).toEqual([['teacher-1', 'operator']])
  })

  it('policies and rosters are told on to readers of notices, under the source of the stage', () => {
    const forwarded = watched(begun().all).steps.flatMap((s) => (s.result.type === 'ok' ? s.result.outputs : []))
    expect(forwarded.map((o) => [o.subject, o.key, o.everywhere])).toEqual(
      Array.from({ length: 4 }, () => ['marker', `marker/${BEFORE}`, true]),
    )
  })

  it('the roster says who is an administrator', () => {
    const roster = staffRoster()
    const disabled = { ...roster, users: roster.users.map((u) => ({ ...u, enabled: u.pseudonym !== OPERATOR })) }
    const log = new OpsRecords()
      .roster(disabled)
      .policy(SLOW)
      .metrics(at(0), at(10), { latency: took(900, 100) })
    expect(noticesOf(watched(log.all))).toEqual([])
  })
})
