import { describe, expect, it } from 'vitest'
import { hash128 } from '../events/hash.ts'
import { Random } from '../school/random.ts'
import { simulateSchool } from '../school/school.ts'
import { alertMarkers, policyOf, smallRoster } from '../testing/alert-log.ts'
import { exact } from '../testing/exact.ts'
import { command, DAY, DAY_ZERO, eventInput, marker, shuffled, troublesomeLog } from '../testing/learner-log.ts'
import { deliveriesOf, type NoticeRecord, NoticeSource, notified, person } from '../testing/notice-log.ts'
import { bothStages, type DriverOptions, type Input, TopologyDriver } from '../testing/topology-driver.ts'
import { alertingStage } from './alerting/stage.ts'
import { classesStage } from './classes/stage.ts'

const BKT_2 = { default: { prior: 0.3, learn: 0.15, slip: 0.08, guess: 0.25, forget: 0.01 } }

const EASY = { evidence: { attempts: 2, sessions: 1, time: 0 }, hold: '1d', cooldown: '2d' }
const RULES = policyOf(
  {
    rules: [
      { id: 'low', kind: 'mastery_below', for: '6h', tell_resolved: true, ...EASY },
      { id: 'high', kind: 'mastery_above', enter: 0.7, leave: 0.6, ...EASY },
      { id: 'falls', kind: 'falling', enter: 0.1, leave: 0.02, ...EASY },
      { id: 'absent', kind: 'inactive', after: '2d', severity: 'urgent', escalate: { after: '6h', to: ['teacher'] } },
      {
        id: 'class',
        kind: 'class_drop',
        enter: 0.01,
        leave: 0,
        members: { least: 3, answers: 1, fell: 0.01, share: 0.3 },
      },
    ],
  },
  {},
)
const ALERTING = alertingStage({ generation: 0, mostWoken: 3 })
const CLASSES = classesStage({ generation: 0, sources: 3, mostWoken: 1 })

const school = simulateSchool({
  seed: 5,
  students: 40,
  events: 6000,
  tenant: 'school',
  pseudonym: (id) => hash128('test', id),
})
const schoolLog: Input[] = [...school.records()].map((r) =>
  r.type === 'event' ? eventInput(r.event) : { subject: 'tick', value: { at: r.at } },
)

schoolLog.unshift(...alertMarkers(RULES, smallRoster(school.students.map((s) => hash128('test', s.id)))))

/** Late, out of order, with duplicates, markers, ticks and commands in between. */
function handMade(): Input[] {
  const events = troublesomeLog(3, 400)
  const late = shuffled(events, 1).slice(0, 80)
  const log: Input[] = events.filter((e) => !late.includes(e)).map(eventInput)
  log.splice(200, 0, ...late.map(eventInput), ...events.slice(0, 30).map(eventInput))
  const silence = { rule: 'low', until: DAY_ZERO + 9 * DAY, author: 't', reason: 'Ill.', student: 'student-0' }
  log.splice(250, 0, { subject: 'tick', value: { at: DAY_ZERO + 40 * DAY } }, command('c3', 'silence', silence))
  log.splice(20, 0, { subject: 'tick', value: { at: DAY_ZERO } }, command('c1', 'void', { target_event_id: 'e7' }))
  log.splice(90, 0, marker('prepare', 'bkt', '2', BKT_2), marker('activate', 'bkt', '9'))
  log.splice(120, 0, marker('activate', 'bkt', '2'), command('c2', 'erase'))
  log.push(
    { subject: 'tick', value: { at: DAY_ZERO + 90 * DAY } },
    { subject: 'tick', value: { at: DAY_ZERO + 99 * DAY } },
  )
  return [...alertMarkers(RULES, smallRoster(['student-0', 'student-1', 'student-2'])), ...log]
}

/** The same, with rapid guesses that count less from one place on, and in full again from another. */
function hasty(): Input[] {
  const log = handMade()
  const policy = (action: 'prepare' | 'activate', version: string, payload: unknown = null) =>
    marker(action, 'rapid-guesses', version, payload, 'policy')
  const thresholds = { items: { name: ['item-3'], ms: [60_000] }, topics: { name: ['ratios'], ms: [40_000] } }
  log.splice(400, 0, policy('prepare', 'off'), policy('activate', 'off'))
  log.splice(60, 0, policy('prepare', 'v1', { weight: 0.5, thresholds }), policy('activate', 'v1'))
  return log
}

/** Everything that left the stages, and every state. */
function rows(log: readonly Input[], ring: { min: number; max: number; days: number }, options: DriverOptions) {
  const driver = new TopologyDriver([...bothStages(ring), ALERTING, CLASSES], { partitions: 3, ...options }).send(
    ...log,
  )
  const dropped = driver.steps.map(({ stage, record, result }) =>
    result.type === 'drop' ? `${stage} ${exact(record.origin)} ${result.reason}` : result.type,
  )
  return [
    ...driver.outputs('learning.features').map(exact),
    ...driver.outputs('mastery.scores').map(exact),
    ...driver.outputs('mastery.alerts').map(exact),
    ...driver.outputs('mastery.notices').map(exact),
    ...driver.outputs('mastery.classes').map(exact),
    ...driver.deadLetters().map(exact),
    ...dropped,
  ]
}

function randomCuts(seed: number): DriverOptions {
  const random = new Random(seed)
  return { cut: () => random.uniform() < 0.15 }
}

const CUTS: [string, () => DriverOptions][] = [
  ['1', () => ({ cut: () => true })],
  ['7', () => ({ cut: (_stage, count) => count % 7 === 0 })],
  ['1000', () => ({ cut: (_stage, count) => count % 1000 === 0 })],
  ['random', () => randomCuts(1)],
  ['other random', () => randomCuts(2)],
]

describe('batching never decides what exists', () => {
  const wide = { min: 1024, max: 4096, days: 90 }
  const tight = { min: 16, max: 60, days: 20 }
  const logs: [string, Input[], typeof wide][] = [
    ['a hand-made log', handMade(), wide],
    ['a hand-made log in small rings', handMade(), tight],
    ['rapid guesses that count less', hasty(), wide],
    ['rapid guesses that count less, in small rings', hasty(), tight],
  ]

  for (const [name, log, ring] of logs) {
    const whole = rows(log, ring, {})
    it.each(CUTS)(`${name}: the same rows in batches of %s`, (_size, options) => {
      expect(rows(log, ring, options())).toEqual(whole)
    })
  }

  const schoolWhole = rows(schoolLog, wide, {})
  it.each(CUTS.slice(1, 4))('the simulated school: the same rows in batches of %s', (_size, options) => {
    expect(rows(schoolLog, wide, options()).join('\n') === schoolWhole.join('\n')).toBe(true)
  })

  it('has rows to compare', () => {
    const driver = new TopologyDriver(bothStages(), { partitions: 3 }).send(...schoolLog)
    expect(driver.features()).toHaveLength(6000)
    const sent = school.sent()
    expect(driver.scores().filter((s) => s.predictions.length > 0)).toHaveLength(sent.opportunities)
    const how = driver.features().map((f) => f.disposition)
    expect(how.filter((d) => d === 'duplicate')).toHaveLength(sent.duplicates)
    const alerting = (log: Input[]) =>
      new TopologyDriver([...bothStages(), ALERTING, CLASSES], { partitions: 3 }).send(...log)
    for (const log of [handMade(), schoolLog]) {
      const said = alerting(log)
      expect(said.outputs('mastery.alerts').length).toBeGreaterThan(20)
      expect(said.outputs('mastery.notices').filter((o) => o.subject === 'notice').length).toBeGreaterThan(5)
      expect(said.outputs('mastery.classes').filter((o) => o.subject === 'class-part').length).toBeGreaterThan(5)
    }
    const made = new TopologyDriver(bothStages()).send(...handMade()).features()
    for (const d of ['counted', 'outranked', 'corrected', 'superseded', 'duplicate', 'context', 'view_unpaired'])
      expect(made.some((f) => f.disposition === d)).toBe(true)
  })
})

/** A week of notices from two sources, for few readers, with ends, urgent ones and alerts on classes. */
function noticeLog(): NoticeRecord[] {
  const random = new Random(8)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.uniform() * from.length)]!
  const sources = [0, 1].map((s) => new NoticeSource(s, DAY_ZERO))
  const log: NoticeRecord[] = []
  const sequences = new Map<string, number>()
  for (let n = 0; n < 600; n++) {
    const now = DAY_ZERO + n * 17 * 60_000
    for (const s of sources) {
      const before = s.records.length
      if (n % 3 === 0) s.tick(now)
      const alert_id = `${s.source}/${Math.floor(random.uniform() * 40)}`
      const sequence = (sequences.get(alert_id) ?? 0) + 1
      sequences.set(alert_id, sequence)
      s.notice({
        alert_id,
        sequence,
        now,
        kind: pick(['firing', 'firing', 'resolved', 'escalated']),
        severity: pick(['info', 'normal', 'normal', 'urgent']),
        scope: alert_id.endsWith('7') ? 'class' : 'student',
        recipient: person(1 + Math.floor(random.uniform() * 4)),
        role: pick(['teacher', 'guardian', 'operator']),
      })
      log.push(...s.records.slice(before))
    }
  }
  return log
}

describe('batching never decides what people are told', () => {
  const log = noticeLog()
  const rowsOf = (options: DriverOptions) => {
    const driver = notified(log, 2, options)
    return [...driver.outputs('mastery.deliveries').map(exact), ...driver.deadLetters().map(exact)]
  }
  const whole = rowsOf({})

  it.each(CUTS)('the same deliveries in batches of %s', (_size, options) => {
    expect(rowsOf(options())).toEqual(whole)
  })

  it('has deliveries of every kind to compare', () => {
    const kinds = new Set(deliveriesOf(notified(log, 2)).map((d) => d.kind))
    expect([...kinds].sort()).toEqual(['digest', 'group', 'urgent'])
    expect(whole.length).toBeGreaterThan(200)
  })
})
