import { describe, expect, it } from 'vitest'
import { AlertLog, policyOf, STUDENT, smallRoster } from '../../testing/alert-log.ts'
import { DAY, DAY_ZERO, MINUTE } from '../../testing/learner-log.ts'

const HOUR = 60 * MINUTE
const BELOW = { id: 'struggling', kind: 'mastery_below', enter: 0.45, leave: 0.55 }

function rules(...rules: Record<string, unknown>[]) {
  return policyOf({ rules })
}

/** A log with the rules and a roster in force, and a first tick. */
function opened(...given: Record<string, unknown>[]): AlertLog {
  return new AlertLog()
    .roster()
    .policy(rules(...given))
    .tick(DAY_ZERO)
}

/** Two answers a day at one mastery, each with a tick after it. Gives the time of the last tick. */
function days(log: AlertLog, from: number, count: number, mastery: number, correct = false): number {
  let at = from
  for (let d = 0; d < count; d++)
    for (const hour of [9, 11]) {
      at = from + d * DAY + hour * HOUR
      log
        .tick(at)
        .answer(mastery, at, { correct })
        .tick(at + MINUTE)
    }
  return at + MINUTE
}

describe('an alert on low mastery', () => {
  it('fires once there is all the evidence, and tells the teacher once, with what it rests on', () => {
    const log = opened({ ...BELOW, for: '24h' })
    const end = days(log, DAY_ZERO, 6, 0.4)
    expect(log.story()).toEqual(['normal-pending', 'pending-firing told'])
    const [notice, ...others] = log.notices()
    expect(others).toEqual([])
    expect(notice).toMatchObject({
      recipient: 'teacher-1',
      role: 'teacher',
      kind: 'firing',
      sequence: 1,
      class: 'c1',
      school: 's1',
      student: STUDENT,
      topic: 'fractions',
    })
    // The eighth answer, on the fourth day.
    expect(notice!.now).toBe(DAY_ZERO + 3 * DAY + 11 * HOUR)
    const facts = new Map(notice!.evidence.map((e) => [e.code, e.value]))
    expect(facts.get('mastery')).toBe(0.4)
    expect(facts.get('attempts')).toBe(8)
    expect(facts.get('recent_correct')).toBe(0)
    expect(facts.get('sessions')).toBe(8)
    expect(facts.get('days')).toBe(4)
    expect(end).toBeGreaterThan(notice!.now)
  })

  it('has to hold all the time of `for`, and falls back where it does not', () => {
    const log = opened({ ...BELOW, for: '5d' })
    days(log, DAY_ZERO, 4, 0.4)
    days(log, DAY_ZERO + 4 * DAY, 1, 0.5)
    days(log, DAY_ZERO + 5 * DAY, 3, 0.4)
    expect(log.story()).toEqual(['normal-pending', 'pending-normal', 'normal-pending'])
    // Time alone completes it.
    log.tick(DAY_ZERO + 10 * DAY + 9 * HOUR)
    expect(log.story().at(-1)).toBe('pending-firing told')
  })

  it('recovers by hysteresis and hold, and is resolved by the clock', () => {
    const log = opened({ ...BELOW, hold: '48h', tell_resolved: true })
    days(log, DAY_ZERO, 5, 0.4)
    days(log, DAY_ZERO + 5 * DAY, 1, 0.5, true)
    const end = days(log, DAY_ZERO + 6 * DAY, 1, 0.6, true)
    expect(log.story().at(-1)).toBe('firing-recovering')
    log.tick(end + DAY)
    expect(log.story().at(-1)).toBe('firing-recovering')
    log.tick(end + 2 * DAY)
    expect(log.story().at(-1)).toBe('recovering-resolved told')
    expect(log.notices().map((n) => [n.kind, n.sequence])).toEqual([
      ['firing', 1],
      ['resolved', 2],
    ])
    expect(new Set(log.notices().map((n) => n.alert_id)).size).toBe(1)
  })

  it('in recovery goes back without another word', () => {
    const log = opened({ ...BELOW, hold: '7d' })
    days(log, DAY_ZERO, 5, 0.4)
    days(log, DAY_ZERO + 5 * DAY, 1, 0.6, true)
    days(log, DAY_ZERO + 6 * DAY, 1, 0.4)
    expect(log.story().slice(2)).toEqual(['firing-recovering', 'recovering-firing'])
    expect(log.notices()).toHaveLength(1)
  })

  it('that begins again within the cooldown is told when that is over, if it holds still', () => {
    const log = opened({ ...BELOW, hold: 0, cooldown: '20d' })
    days(log, DAY_ZERO, 5, 0.4)
    days(log, DAY_ZERO + 5 * DAY, 1, 0.7, true)
    days(log, DAY_ZERO + 6 * DAY, 4, 0.4)
    expect(log.story().slice(2)).toEqual(['firing-resolved', 'resolved-pending', 'pending-firing (cooldown)'])
    const told = log.notices()[0]!.now
    log.tick(told + 20 * DAY)
    expect(log.story().at(-1)).toBe('firing-firing told')
    expect(log.notices().map((n) => n.sequence)).toEqual([1, 1])
    expect(new Set(log.notices().map((n) => n.alert_id)).size).toBe(2)
  })

  it('is told again at once where it has become more severe', () => {
    const log = opened({ ...BELOW, urgent: 0.2 })
    days(log, DAY_ZERO, 5, 0.4)
    days(log, DAY_ZERO + 5 * DAY, 3, 0.15)
    expect(log.notices().map((n) => [n.severity, n.sequence])).toEqual([
      ['normal', 1],
      ['urgent', 2],
    ])
  })

  it('does not come of one wrong answer, however low the mastery', () => {
    const log = opened({ ...BELOW, evidence: { attempts: 2, sessions: 1, time: 0 } })
    days(log, DAY_ZERO, 10, 0.4, true)
    log.answer(0.1, DAY_ZERO + 10 * DAY, { correct: false })
    expect(log.story()).toEqual(['normal-pending'])
    log.answer(0.1, DAY_ZERO + 10 * DAY + HOUR, { correct: false })
    expect(log.story().at(-1)).toBe('pending-firing told')
  })

  it('does not begin where the topic is learned, and ends there', () => {
    const low = { ...BELOW, enter: 0.9, leave: 0.95, hold: 0, cooldown: 0 }
    const log = opened(low)
    days(log, DAY_ZERO, 6, 0.86)
    expect(log.story()).toEqual([])
    const falls = opened(low)
    days(falls, DAY_ZERO, 6, 0.5)
    days(falls, DAY_ZERO + 6 * DAY, 1, 0.86, true)
    expect(falls.story().at(-1)).toBe('firing-resolved')
  })

  it('says that nothing is known any more, and goes on from there', () => {
    const log = opened({ ...BELOW, no_data: '30d' })
    const end = days(log, DAY_ZERO, 5, 0.4)
    log.tick(end + 40 * DAY)
    expect(log.story().at(-1)).toBe('firing-no_data')
    days(log, DAY_ZERO + 60 * DAY, 1, 0.4)
    expect(log.story().at(-1)).toBe('no_data-firing')
    expect(log.notices()).toHaveLength(1)
  })

  it('without a roster is written down and told to nobody; with one it is told by the next answer', () => {
    const log = new AlertLog().policy(rules(BELOW)).tick(DAY_ZERO)
    days(log, DAY_ZERO, 5, 0.4)
    expect(log.story().at(-1)).toBe('pending-firing (no recipient)')
    expect(log.notices()).toEqual([])
    log.roster()
    days(log, DAY_ZERO + 5 * DAY, 1, 0.4)
    expect(log.story().at(-1)).toBe('firing-firing told')
    expect(log.notices()).toHaveLength(1)
  })
})

describe('late answers and repairs', () => {
  it('that show the condition tell nobody; the next answer in time does', () => {
    const log = opened(BELOW).tick(DAY_ZERO + 30 * DAY)
    for (let d = 0; d < 8; d++) log.answer(0.4, DAY_ZERO + d * DAY)
    expect(log.story().at(-1)).toBe('pending-firing (late)')
    expect(log.notices()).toEqual([])
    log.answer(0.4, DAY_ZERO + 30 * DAY)
    expect(log.story().at(-1)).toBe('firing-firing told')
  })

  it('may resolve what fires, and tell nobody of that', () => {
    const log = opened({ ...BELOW, hold: 0, tell_resolved: true })
    const end = days(log, DAY_ZERO, 5, 0.4)
    log.tick(end + 9 * DAY).answer(0.8, DAY_ZERO + 2 * DAY, { correct: true })
    expect(log.story().at(-1)).toBe('firing-resolved (late)')
    expect(log.notices()).toHaveLength(1)
  })

  it('a score that is repaired is no evidence, and may resolve', () => {
    const log = opened({ ...BELOW, hold: 0, evidence: { attempts: 2, sessions: 1, time: 0 } })
    days(log, DAY_ZERO, 4, 0.6)
    log.rescored(0.2, DAY_ZERO + 5 * DAY)
    expect(log.story()).toEqual(['normal-pending'])
    days(log, DAY_ZERO + 6 * DAY, 1, 0.2)
    expect(log.story().at(-1)).toBe('pending-firing told')
    log.rescored(0.7, DAY_ZERO + 8 * DAY)
    expect(log.story().at(-1)).toBe('firing-resolved')
  })
})

describe('before a generation is what readers see', () => {
  const all = (log: AlertLog) =>
    days(
      log
        .roster()
        .policy(rules({ ...BELOW, cooldown: '3d' }))
        .tick(DAY_ZERO),
      DAY_ZERO,
      6,
      0.4,
    )

  it('it decides the same and tells nobody; what it tells afterwards has the numbers of the one before', () => {
    const log = new AlertLog({ generation: 1 })
    all(log)
    expect(log.story()).toEqual(['normal-pending', 'pending-firing (replayed)'])
    expect(log.notices()).toEqual([])
    const first = new AlertLog()
    all(first)
    const names = (l: AlertLog) => l.alerts().map((a) => [a.alert_id, a.sequence])
    expect(names(log)).toEqual(names(first))
    log.marker({ action: 'activate', subject: 'generation', name: 'pipeline', version: '1' })
    for (const l of [log, first]) {
      days(l, DAY_ZERO + 6 * DAY, 1, 0.9, true)
      l.tick(DAY_ZERO + 9 * DAY)
      days(l, DAY_ZERO + 10 * DAY, 3, 0.4)
    }
    expect(log.notices()).toHaveLength(1)
    expect(log.notices()[0]!.alert_id).toBe(first.notices()[1]!.alert_id)
  })

  it('the one before falls silent where another is activated', () => {
    const log = new AlertLog().marker({ action: 'activate', subject: 'generation', name: 'pipeline', version: '1' })
    all(log)
    expect(log.story().at(-1)).toBe('pending-firing (replayed)')
    expect(log.notices()).toEqual([])
  })
})

describe('a student', () => {
  it('who does nothing is missed, outside of holidays, and is back with the next answer', () => {
    const policy = policyOf({
      breaks: [{ from: '2025-09-05', until: '2025-09-12' }],
      rules: [{ id: 'absent', kind: 'inactive', after: '14d' }],
    })
    const log = new AlertLog()
      .roster()
      .policy(policy)
      .tick(DAY_ZERO)
      .answer(0.6, DAY_ZERO + HOUR)
    for (let d = 1; d < 21; d++) log.tick(DAY_ZERO + d * DAY)
    expect(log.story()).toEqual([])
    log.tick(DAY_ZERO + 21 * DAY + HOUR)
    expect(log.story()).toEqual(['normal-firing told'])
    expect(log.notices()[0]).toMatchObject({ topic: null, evidence: [{ code: 'idle_days', value: 14 }, {}] })
    log.answer(0.6, DAY_ZERO + 22 * DAY)
    expect(log.story().at(-1)).toBe('firing-resolved')
  })

  it('whose last answer came with an import from long ago is missed by nobody', () => {
    const log = opened({ id: 'absent', kind: 'inactive' })
    log.tick(DAY_ZERO + 100 * DAY).answer(0.6, DAY_ZERO)
    expect(log.story()).toEqual(['normal-firing (late)'])
    log.tick(DAY_ZERO + 130 * DAY)
    expect(log.notices()).toEqual([])
  })

  it('who is erased leaves nothing', () => {
    const log = opened(BELOW)
    days(log, DAY_ZERO, 5, 0.4)
    log.answer(0, DAY_ZERO + 5 * DAY, { correct: null as never, cause: 'erased', rows: [] })
    expect(log.alerts().at(-1)).toMatchObject({ cause: 'erased', rule: '', student: STUDENT })
    expect(log.driver.state('alerts', STUDENT)).toMatchObject({ topics: [], instances: [], tenant: '' })
    log.tick(DAY_ZERO + 60 * DAY)
    expect(log.alerts().at(-1)!.cause).toBe('erased')
  })
})

describe('other kinds', () => {
  it('falling: a fall over the window, whatever the level', () => {
    const log = opened({ id: 'falls', kind: 'falling', enter: 0.15, leave: 0.05, window: '21d', hold: 0 })
    for (let d = 0; d < 16; d++) {
      const at = DAY_ZERO + d * DAY
      log.tick(at).answer(0.8 - 0.012 * d, at)
    }
    expect(log.story()).toEqual(['normal-pending', 'pending-firing told'])
    const facts = new Map(log.notices()[0]!.evidence.map((e) => [e.code, e.value]))
    expect(facts.get('trend_per_week')).toBeCloseTo(-0.084, 3)
    expect(facts.get('fall')).toBeGreaterThanOrEqual(0.15)
  })

  it('stalled: many answers without mastery; never again once it was learned', () => {
    const log = opened({ id: 'spins', kind: 'stalled', answers: 20, hold: 0 })
    const end = days(log, DAY_ZERO, 12, 0.55)
    expect(log.story()).toEqual(['normal-pending', 'pending-firing told'])
    days(log, DAY_ZERO + 12 * DAY, 1, 0.9, true)
    expect(log.story().at(-1)).toBe('firing-resolved')
    days(log, end + DAY, 8, 0.5)
    expect(log.story()).toHaveLength(3)
  })

  it('rapid guessing: by the share of the last ten, and over when it is low', () => {
    const log = opened({ id: 'hasty', kind: 'rapid_guessing', enter: 0.5, leave: 0.2, hold: 0 })
    const answers = (from: number, count: number, rapid: boolean) => {
      for (let i = from; i < from + count; i++) {
        const at = DAY_ZERO + i * 8 * HOUR
        log.tick(at).answer(0.6, at, { correct: i % 2 === 0, rapid })
      }
    }
    answers(0, 6, false)
    answers(6, 4, true)
    expect(log.story()).toEqual([])
    answers(10, 5, true)
    expect(log.story()).toEqual(['normal-pending', 'pending-firing told'])
    expect(log.notices()[0]!.evidence[0]).toEqual({ code: 'rapid_of_last_ten', value: 8, text: null })
    answers(15, 8, false)
    expect(log.story().at(-1)).toBe('firing-resolved')
  })

  it('mastery above: told when it is learned', () => {
    const log = opened({ id: 'learned', kind: 'mastery_above', to: ['student', 'guardian'] })
    days(log, DAY_ZERO, 6, 0.9, true)
    expect(log.notices().map((n) => [n.role, n.recipient])).toEqual([
      ['guardian', 'parent-1'],
      ['student', STUDENT],
    ])
  })

  it('prerequisite gap: the topic that comes before is named', () => {
    const policy = policyOf({ rules: [{ id: 'gap', kind: 'prerequisite_gap' }] }, { ratios: ['fractions'] })
    const log = new AlertLog().roster().policy(policy).tick(DAY_ZERO)
    for (let d = 0; d < 9; d++) {
      const at = DAY_ZERO + d * DAY
      log
        .tick(at)
        .answer(0.3, at)
        .answer(0.45, at + HOUR, { topic: 'ratios' })
    }
    expect(log.story()).toEqual(['normal-pending', 'pending-firing told'])
    expect(log.notices()[0]).toMatchObject({ topic: 'ratios' })
    expect(log.notices()[0]!.evidence).toContainEqual({ code: 'prerequisite', value: 0.3, text: 'fractions' })
  })
})

describe('rules of schools and grades', () => {
  it('hold where the roster says that the student is', () => {
    const file = {
      rules: [BELOW],
      overrides: [{ grades: ['7'], rules: { struggling: { enter: 0.3, leave: 0.4 } } }],
    }
    const log = new AlertLog().roster().policy(policyOf(file)).tick(DAY_ZERO)
    days(log, DAY_ZERO, 5, 0.4)
    expect(log.story()).toEqual([])
    const other = new AlertLog()
      .roster({ ...smallRoster(), classes: [{ id: 'c1', school: 's1', grades: ['8'], topics: [] }] })
      .policy(policyOf(file))
      .tick(DAY_ZERO)
    days(other, DAY_ZERO, 5, 0.4)
    expect(other.notices()).toHaveLength(1)
  })

  it('another policy ends what its rules no longer say, and keeps what they do', () => {
    const log = opened(BELOW, { ...BELOW, id: 'other' })
    const end = days(log, DAY_ZERO, 5, 0.4)
    expect(log.notices()).toHaveLength(2)
    log.policy(rules({ ...BELOW, enter: 0.42 }), 'p2').tick(end + HOUR)
    expect(log.story('other').at(-1)).toBe('firing-resolved')
    expect(log.alerts().at(-1)).toMatchObject({ cause: 'policy', rule: 'other', policy: 'p2' })
    expect(log.story('struggling')).toHaveLength(2)
    days(log, DAY_ZERO + 6 * DAY, 2, 0.4)
    expect(log.notices()).toHaveLength(2)
  })
})
