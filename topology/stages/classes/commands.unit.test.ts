import { describe, expect, it } from 'vitest'
import { classSubject } from '../../events/class-command.ts'
import { TENANT } from '../../testing/alert-log.ts'
import { ClassLog, HOUR, START, story, WEEK } from '../../testing/class-log.ts'
import { command, DAY_ZERO } from '../../testing/learner-log.ts'
import { bothStages, TopologyDriver } from '../../testing/topology-driver.ts'
import { CLASS_STATE } from './state.ts'

const BY = { author: 'teacher-1', reason: 'We repeat it.' }
const MONDAY = START + WEEK + HOUR
const firing = () => new ClassLog().begin().week(START, 0.8, 0.6).tick(MONDAY)
const fired = ['normal-firing told']

describe('what people do about an alert on a class', () => {
  it('is carried out once time has passed that of its source everywhere, and written down with who did it', () => {
    const w = firing().command('acknowledge', { alert: firing().alertId(), ...BY })
    expect(story(w)).toEqual(fired)
    expect(story(w.tick(MONDAY + HOUR))).toEqual([...fired, 'firing-acknowledged'])
    expect(w.alerts().at(-1)).toMatchObject({
      cause: 'acknowledge',
      by: 'teacher-1',
      reason: 'We repeat it.',
      scope: 'class',
      student: null,
      class: 'c1',
      alert_id: w.alerts()[0]!.alert_id,
      sequence: 0,
    })
    expect(w.notices()).toHaveLength(1)
    // Its end is told: as long as nobody hears it, the notices on its members are muted.
    w.week(START + WEEK, 0.6, 0.65).tick(START + 2 * WEEK + HOUR)
    expect(story(w).at(-1)).toBe('acknowledged-resolved told')
    expect(w.notices().map((n) => n.kind)).toEqual(['firing', 'resolved'])
  })

  it('is kept as a label where it was of no use', () => {
    const w = firing()
      .command('not_useful', { alert: firing().alertId(), ...BY })
      .tick(MONDAY + HOUR)
    expect(w.alerts().at(-1)).toMatchObject({ cause: 'not_useful', before: 'firing', state: 'acknowledged' })
  })

  it('silences later alerts of the class until its end, and an unsilence takes that back', () => {
    const until = START + 4 * WEEK
    const begun = () => firing().command('silence', { rule: 'class', topic: 'fractions', until, ...BY })
    const again = (w: ClassLog) =>
      w
        .week(START + WEEK, 0.6, 0.65)
        .week(START + 2 * WEEK, 0.65, 0.4)
        .tick(START + 3 * WEEK + HOUR)
    const silent = again(begun())
    expect(story(silent)).toEqual([
      ...fired,
      'firing-silenced',
      'silenced-resolved told',
      'resolved-silenced (silenced)',
    ])
    expect(silent.alerts()[1]).toMatchObject({ cause: 'silence', until })
    // Nobody was told that it began, so that nobody is told that it is over.
    silent.week(START + 3 * WEEK, 0.4, 0.45).tick(START + 4 * WEEK + HOUR)
    expect(story(silent).at(-1)).toBe('firing-resolved')
    expect(silent.notices().map((n) => n.kind)).toEqual(['firing', 'resolved'])
    const taken = begun()
      .tick(MONDAY + HOUR)
      .command('unsilence', { rule: 'class', topic: 'fractions', ...BY })
    expect(story(again(taken)).at(-1)).toBe('resolved-firing told')
  })

  it('does nothing as a copy, about an alert that is not there, or where it lacks what it needs', () => {
    const w = firing().command('acknowledge', { alert: 'another' }).command('acknowledge', {})
    for (let n = 0; n < 2; n++) w.command('not_useful', { command_id: 'twice', alert: w.alertId() })
    expect(story(w.tick(MONDAY + HOUR))).toEqual([...fired, 'firing-acknowledged'])
    expect(w.driver.deadLetters().map((d) => d.code)).toEqual(['bad_command'])
  })

  it('comes through the stages before as it is, and nothing of it stays there', () => {
    const student = classSubject('school', 'c1')
    const given = { student, alert: 'a', issued_at: DAY_ZERO }
    const driver = new TopologyDriver(bothStages()).send(
      command('ack', 'acknowledge', given),
      command('gone', 'erase', given),
    )
    expect(driver.outputs('mastery.scores').map((o) => [o.subject, o.key])).toEqual([['student-command', student]])
    expect(driver.deadLetters().map((d) => d.code)).toEqual(['bad_command'])
  })

  it('keeps states of classes readable that nobody did anything about', () => {
    const before = { ...CLASS_STATE.empty(''), tenant: TENANT, class: 'c1' }
    const bytes = CLASS_STATE.encode(before)
    expect(bytes[0]).toBe(1)
    expect(CLASS_STATE.decode(bytes, '')).toEqual(before)
    const waiting = { ...before, commands: [7], silences: [{ rule: null, topic: 't', until: 9 }] }
    expect(CLASS_STATE.decode(CLASS_STATE.encode(waiting), '')).toEqual(waiting)
  })
})
