import { describe, expect, it } from 'vitest'
import { policyOf } from '../../testing/alert-log.ts'
import { exact } from '../../testing/exact.ts'
import { alertsOf, MINUTE, noticesOf, OPERATOR, OpsRecords, took, watched } from '../../testing/watch-log.ts'

const START = Date.parse('2026-10-05T08:00:00Z')
const at = (minutes: number) => START + minutes * MINUTE
const SLOW = policyOf({
  rules: [{ id: 'slow', kind: 'pipeline', measure: 'latency_p99', parts: ['scoring'], cooldown: '1h' }],
})
const slow = { latency: took(900, 100) }

const begun = () => new OpsRecords().roster().policy(SLOW).metrics(at(0), at(20), slow)
const idOf = (log: OpsRecords) => noticesOf(watched(log.all))[0]!.alert_id
const kinds = (log: OpsRecords) =>
  noticesOf(watched(log.all)).map((n) => [n.kind, Math.round((n.now - START) / MINUTE)])
const states = (log: OpsRecords) => alertsOf(watched(log.all)).map((a) => a.state)

describe('what an operator does about an alert on the system', () => {
  const first = kinds(begun())
  const id = idOf(begun())

  it('takes it on: it is written down by whom and why, and told again where it goes on when that ends', () => {
    const log = begun()
      .command('acknowledge', id, { until: at(150), author: OPERATOR, reason: 'restarting it' })
      .metrics(at(20), at(200), slow)
    expect(kinds(log)).toEqual([...first, ['firing', 150]])
    const done = alertsOf(watched(log.all)).find((a) => a.cause === 'acknowledge')!
    expect(done).toMatchObject({ alert_id: id, state: 'acknowledged', before: 'firing', by: OPERATOR, until: at(150) })
    expect(done.reason).toBe('restarting it')
    expect(done.evidence).toContainEqual({ code: 'part', value: null, text: 'scoring' })
  })

  it('takes it on for two weeks where nothing else is said, and its end is told all the same', () => {
    const log = begun().command('acknowledge', id).metrics(at(20), at(200), slow).metrics(at(200), at(260))
    expect(kinds(log).map(([k]) => k)).toEqual(['firing', 'resolved'])
    expect(states(log)).toEqual(['pending', 'firing', 'acknowledged', 'recovering', 'resolved'])
  })

  it('silences a rule on one part, also for episodes to come, until the silence ends or is taken back', () => {
    const silent = () => begun().command('silence', id, { until: at(400), author: OPERATOR, reason: 'being moved' })
    const on = (log: OpsRecords) => log.metrics(at(20), at(60)).metrics(at(60), at(500), slow)
    const ended = on(silent())
    expect(kinds(ended)).toEqual([...first, ['firing', 400]])
    expect(
      alertsOf(watched(ended.all))
        .filter((a) => a.held_back === 'silenced')
        .map((a) => a.state),
    ).toEqual(['resolved', 'silenced'])
    const back = silent().metrics(at(20), at(60)).metrics(at(60), at(200), slow)
    back.command('unsilence', id).metrics(at(200), at(230), slow)
    // The alert that was silenced is over; what the command names is gone.
    expect(kinds(back)).toEqual(first)
    const again = silent().metrics(at(20), at(60), slow).command('unsilence', id).metrics(at(60), at(100), slow)
    expect(states(again)).toEqual(['pending', 'firing', 'silenced', 'firing'])
    expect(kinds(again)).toEqual(first)
  })

  it('says that it is of no use, which changes nothing and is kept', () => {
    const log = begun().command('not_useful', id, { author: OPERATOR }).metrics(at(20), at(30), slow)
    expect(kinds(log)).toEqual(first)
    expect(alertsOf(watched(log.all)).at(-1)).toMatchObject({ cause: 'not_useful', state: 'firing', before: 'firing' })
  })

  it('does it once, whatever is repeated and wherever the stage starts again, and nothing about what is not there', () => {
    const log = begun()
      .command('acknowledge', id, { until: at(150) })
      .metrics(at(20), at(200), slow)
    const whole = watched(log.all)
    const twice = log.all.flatMap((r) => (r.subject === 'student-command' ? [r, r] : [r]))
    const plain = (d: ReturnType<typeof watched>) =>
      [...alertsOf(d), ...noticesOf(d)].map((o) => exact({ ...o, origin_offset: 0 }))
    expect(plain(watched(twice))).toEqual(plain(whole))
    expect(plain(watched(log.all, { cut: () => true }))).toEqual(plain(whole))
    const unknown = begun().command('silence', 'nobody knows it', { until: at(400) })
    expect(plain(watched(unknown.all))).toEqual(plain(watched(begun().all)))
    // Whoever asks what became of it is told more than that it came.
    expect(watched(unknown.all).steps.at(-1)!.result).toEqual({ type: 'drop', reason: 'the alert is over' })
  })
})
