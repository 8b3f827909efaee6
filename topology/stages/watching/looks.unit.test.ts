import { describe, expect, it } from 'vitest'
import { policyOf } from '../../testing/alert-log.ts'
import { alertsOf, MINUTE, noticesOf, OPERATOR, OpsRecords, OWNER, watched } from '../../testing/watch-log.ts'

const START = Date.parse('2026-10-05T03:00:00Z')
const DAY = 24 * 60 * MINUTE
const day = (n: number) => START + n * DAY
const ITEMS = policyOf({
  people: { content_owners: [{ users: [OWNER], topics: ['fractions'] }] },
  rules: [{ id: 'items', kind: 'item_health', cooldown: '2d', findings: ['key', 'too_hard'] }],
})
const item = (subject: string, topic: string | null = 'fractions', findings = ['key']) => ({ subject, topic, findings })
const begun = () => new OpsRecords().roster().policy(ITEMS)
const told = (log: OpsRecords) =>
  noticesOf(watched(log.all)).map((n) => [n.kind, n.recipient, n.topic, (n.now - START) / DAY])

describe('items of a topic', () => {
  it('are told of once, to whoever answers for the topic, else to the operators', () => {
    const log = begun()
    for (let n = 0; n < 10; n++) log.look(day(n), 'item_health', [item('a'), item('b'), item('c', 'area')])
    expect(told(log)).toEqual([
      ['firing', OPERATOR, 'area', 0],
      ['firing', OWNER, 'fractions', 0],
    ])
    expect(noticesOf(watched(log.all)).map((n) => n.role)).toEqual(['content_owner', 'content_owner'])
  })

  it('are told of again when one joins, not when one leaves or comes back, and not within the cooldown', () => {
    const log = begun().look(day(0), 'item_health', [item('a'), item('b')])
    log.look(day(1), 'item_health', [item('a'), item('b'), item('c')])
    log.look(day(2), 'item_health', [item('a'), item('c')])
    log.look(day(3), 'item_health', [item('c')])
    for (const n of [4, 5, 6, 7]) log.look(day(n), 'item_health', [item('a'), item('b')])
    expect(told(log).map(([kind, , , n]) => [kind, n])).toEqual([
      ['firing', 0],
      ['firing', 2],
    ])
    const [first, second] = noticesOf(watched(log.all))
    expect([second!.alert_id, second!.sequence]).toEqual([first!.alert_id, 2])
  })

  it('whose one joined and was gone when the cooldown ended are not told of again', () => {
    const log = begun().look(day(0), 'item_health', [item('a')])
    log.look(day(1), 'item_health', [item('a'), item('b')])
    for (const n of [2, 3, 4]) log.look(day(n), 'item_health', [item('a')])
    expect(told(log)).toHaveLength(1)
  })

  it('count by the findings that were asked for, are named five at most, and end where nothing is found', () => {
    const many = Array.from({ length: 9 }, (_, i) => item(`item-${i}`))
    const log = begun().look(day(0), 'item_health', [item('x', 'fractions', ['noisy']), ...many])
    log.look(day(1), 'item_health', [item('x', 'fractions', ['noisy'])])
    const [first, second] = noticesOf(watched(log.all))
    const named = first!.evidence.filter((e) => e.code === 'item').map((e) => e.text)
    expect(named).toEqual(['item-0', 'item-1', 'item-2', 'item-3', 'item-4'])
    expect(first!.evidence.find((e) => e.code === 'found')!.value).toBe(9)
    expect(second).toMatchObject({ kind: 'resolved', recipient: OWNER, alert_id: first!.alert_id })
  })

  it('of which there are too many to be named are not over because they are not named', () => {
    const log = begun().look(day(0), 'item_health', [item('a')])
    const cut = log.look(day(1), 'item_health', [item('b', 'area')]).all.at(-1)!.value as { total: number }
    cut.total = 900
    expect(told(log).map(([kind, , topic]) => [kind, topic])).toEqual([
      ['firing', 'fractions'],
      ['firing', 'area'],
    ])
    log.look(day(2), 'item_health', [item('b', 'area')])
    expect(told(log).at(-1)!.slice(0, 3)).toEqual(['resolved', OWNER, 'fractions'])
  })

  it('that nobody looks at any more are items of which nothing is known', () => {
    const log = begun().look(day(0), 'item_health', [item('a')])
    for (const n of [5, 13, 15]) log.metric(day(n))
    expect(alertsOf(watched(log.all)).map((a) => a.state)).toEqual(['firing', 'no_data'])
    log.look(day(16), 'item_health', [item('a')])
    expect(told(log)).toHaveLength(1)
  })

  it('are none of the business of another organisation, of another kind, or of a look that is older', () => {
    const log = begun().look(day(1), 'item_drift', [item('a')])
    const other = log.look(day(1), 'item_health', [item('a')]).all.pop()!
    log.all.push({ ...other, value: { ...(other.value as object), tenant: 'elsewhere' } })
    log.look(day(2), 'item_health', []).look(day(1), 'item_health', [item('a')])
    expect(alertsOf(watched(log.all))).toEqual([])
  })
})

describe('model versions and inputs', () => {
  it('that nobody looks at any more hold nobody back for good', () => {
    const policy = policyOf({ rules: [{ id: 'd', kind: 'data_quality', measure: 'drift', to: ['teacher'] }] })
    const log = new OpsRecords()
      .roster()
      .policy(policy)
      .look(day(0), 'data_drift', [{ subject: 'volume/events' }])
    for (const n of [5, 13, 15]) log.metric(day(n))
    const notices = noticesOf(watched(log.all))
    expect(notices.map((n) => [n.kind, n.recipient])).toEqual([
      ['firing', 'teacher-1'],
      ['resolved', 'teacher-1'],
    ])
    expect(notices[1]!.evidence).toContainEqual({ code: 'unknown_since', value: day(0), text: null })
  })

  it('are told of by version, and as one for all series', () => {
    const policy = policyOf({
      rules: [
        { id: 'm', kind: 'model_drift', models: ['blend@*'] },
        { id: 'd', kind: 'data_quality', measure: 'drift', series: ['missing/*', 'volume/*'] },
      ],
    })
    const log = new OpsRecords().roster().policy(policy)
    log.look(day(0), 'model_drift', [{ subject: 'blend@1' }, { subject: 'blend@2' }, { subject: 'bkt@7' }])
    log.look(day(0), 'data_drift', [
      { subject: 'missing/hints' },
      { subject: 'volume/events' },
      { subject: 'mix/kind' },
    ])
    log.look(day(1), 'model_drift', [{ subject: 'blend@2' }])
    const notices = noticesOf(watched(log.all))
    const names = (code: string) => (n: (typeof notices)[number]) =>
      n.evidence.flatMap((e) => (e.code === code && e.text !== null ? [e.text] : []))
    expect(notices.map((n) => [n.rule, n.kind, n.scope, ...names('model')(n), ...names('series')(n)])).toEqual([
      ['m', 'firing', 'model', 'blend@1'],
      ['m', 'firing', 'model', 'blend@2'],
      ['d', 'firing', 'pipeline', 'missing/hints', 'volume/events'],
      ['m', 'resolved', 'model', 'blend@1'],
    ])
  })
})
