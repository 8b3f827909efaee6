import { describe, expect, it } from 'vitest'
import { AlertLog, policyOf } from '../../testing/alert-log.ts'
import { command, DAY, DAY_ZERO, MINUTE } from '../../testing/learner-log.ts'
import { bothStages, TopologyDriver } from '../../testing/topology-driver.ts'

const HOUR = 60 * MINUTE
const QUICK = { evidence: { attempts: 2, sessions: 1, time: 0 }, hold: 0 }
const LOW = { id: 'low', kind: 'mastery_below', ...QUICK, tell_resolved: true }
const BY = { author: 'teacher-1', reason: 'We spoke.' }

/** Fires at once, at DAY_ZERO and an hour. */
function firing(rule: Record<string, unknown> = {}): AlertLog {
  const log = new AlertLog()
    .roster()
    .policy(policyOf({ rules: [{ ...LOW, ...rule }] }))
    .tick(DAY_ZERO)
  log.answer(0.3, DAY_ZERO).answer(0.3, DAY_ZERO + HOUR)
  expect(log.story().at(-1)).toBe('pending-firing told')
  return log
}

const idOf = (log: AlertLog) => log.alerts().at(-1)!.alert_id

describe('an acknowledgement', () => {
  it('stops repeats for fourteen days, and what fires still is told again', () => {
    const log = firing()
    log.command('acknowledge', { alert: idOf(log), ...BY })
    expect(log.alerts().at(-1)).toMatchObject({
      state: 'acknowledged',
      by: 'teacher-1',
      reason: 'We spoke.',
      until: DAY_ZERO + 14 * DAY,
    })
    log.tick(DAY_ZERO + 13 * DAY)
    expect(log.notices()).toHaveLength(1)
    log.tick(DAY_ZERO + 14 * DAY)
    expect(log.story().at(-1)).toBe('acknowledged-firing told')
    expect(log.notices().map((n) => n.sequence)).toEqual([1, 2])
  })

  it('ends where it becomes more severe', () => {
    const log = firing({ urgent: 0.2 })
    log.command('acknowledge', { alert: idOf(log), ...BY }).answer(0.1, DAY_ZERO + 2 * HOUR)
    expect(log.story().at(-1)).toBe('acknowledged-firing told')
    expect(log.notices().map((n) => n.severity)).toEqual(['normal', 'urgent'])
  })

  it('is carried out once, and of an alert that is not there not at all', () => {
    const log = firing()
    const alert = idOf(log)
    log.command('acknowledge', { alert, command_id: 'twice' })
    log.command('acknowledge', { alert, command_id: 'twice' }).command('acknowledge', { alert: 'another' })
    expect(log.story().filter((s) => s === 'firing-acknowledged')).toHaveLength(1)
    log.command('acknowledge', {})
    expect(log.driver.deadLetters().map((d) => d.code)).toEqual(['bad_command'])
  })
})

describe('"not useful"', () => {
  it('is written down, and stops repeats too', () => {
    const log = firing()
    log.command('not_useful', { alert: idOf(log), ...BY }).tick(DAY_ZERO + 13 * DAY)
    expect(log.alerts().at(-1)).toMatchObject({ cause: 'not_useful', before: 'firing', state: 'acknowledged' })
    expect(log.notices()).toHaveLength(1)
  })
})

describe('a silence', () => {
  const until = DAY_ZERO + 5 * DAY

  it('needs an author, a reason and an end', () => {
    const log = firing()
    log.command('silence', { rule: 'low', until, author: 'teacher-1' }).command('silence', { rule: 'low', ...BY })
    expect(log.driver.deadLetters().map((d) => d.code)).toEqual(['bad_command', 'bad_command'])
    expect(log.story().at(-1)).toBe('pending-firing told')
  })

  it('holds back what begins under it, and lets it be told when it ends', () => {
    const log = new AlertLog()
      .roster()
      .policy(policyOf({ rules: [LOW] }))
      .tick(DAY_ZERO)
    log.command('silence', { rule: 'low', topic: 'fractions', until, ...BY })
    log.answer(0.3, DAY_ZERO).answer(0.3, DAY_ZERO + HOUR)
    expect(log.story().at(-1)).toBe('pending-silenced (silenced)')
    log.tick(until - MINUTE)
    expect(log.notices()).toEqual([])
    log.tick(until)
    expect(log.story().at(-1)).toBe('silenced-firing told')
    expect(log.notices()).toHaveLength(1)
  })

  it('of what was told before it says nothing when it ends', () => {
    const log = firing()
    log.command('silence', { alert: idOf(log), until, ...BY })
    expect(log.alerts().at(-1)).toMatchObject({ state: 'silenced', until, by: 'teacher-1', cause: 'silence' })
    log.tick(until)
    expect(log.story().at(-1)).toBe('silenced-firing')
    expect(log.notices()).toHaveLength(1)
  })

  it('can be taken back, and is about its own rule and topic', () => {
    const log = firing()
    log.command('silence', { rule: null, topic: 'ratios', until, ...BY })
    log.command('silence', { rule: 'other', until, ...BY })
    expect(log.story().at(-1)).toBe('pending-firing told')
    log.command('silence', { until, ...BY }).command('unsilence', { author: 'teacher-1' })
    expect(log.story().slice(-2)).toEqual(['firing-silenced', 'silenced-firing'])
  })
})

describe('an urgent alert that nobody acknowledges', () => {
  const escalating = { severity: 'urgent', escalate: { after: '24h', to: ['guardian'] } }

  it('is escalated once', () => {
    const log = firing(escalating)
    for (let h = 2; h < 80; h++) log.tick(DAY_ZERO + h * HOUR)
    expect(log.notices().map((n) => [n.kind, n.recipient, n.sequence])).toEqual([
      ['firing', 'teacher-1', 1],
      ['escalated', 'parent-1', 2],
    ])
  })

  it('is not, where somebody has or it is over', () => {
    const log = firing(escalating)
    log.command('acknowledge', { alert: idOf(log), ...BY }).tick(DAY_ZERO + 3 * DAY)
    const over = firing(escalating)
      .answer(0.9, DAY_ZERO + 2 * HOUR, { correct: true })
      .tick(DAY_ZERO + 3 * DAY)
    for (const l of [log, over]) expect(l.notices().some((n) => n.kind === 'escalated')).toBe(false)
  })
})

describe('commands about alerts', () => {
  it('pass the stages before as they are, and change nothing there', () => {
    const about = { until: DAY_ZERO + DAY, rule: 'low', ...BY }
    const driver = new TopologyDriver(bothStages()).send(command('c1', 'silence', about), command('c2', 'erase'))
    driver.send(command('c3', 'silence', about))
    const passed = driver.outputs('mastery.scores').filter((o) => o.subject === 'student-command')
    expect(passed.map((o) => (o.value as { command_id: string }).command_id)).toEqual(['c1'])
    expect(driver.scores().map((s) => s.cause)).toEqual(['erased'])
  })
})
