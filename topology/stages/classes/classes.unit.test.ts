import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { policyText } from '../../alerts/policy.ts'
import type { StageRecord } from '../../stage.ts'
import { policyOf } from '../../testing/alert-log.ts'
import { ClassLog, classPolicy, HOUR, SOURCES, START, STUDENTS, story, WEEK } from '../../testing/class-log.ts'
import { exact } from '../../testing/exact.ts'
import { TopologyDriver } from '../../testing/topology-driver.ts'
import { classesStage } from './stage.ts'

const fact = (a: Alert, code: string) => a.evidence.find((e) => e.code === code)?.value

describe('a class that falls back', () => {
  const fell = () => new ClassLog().begin().week(START, 0.8, 0.6)

  it('is told to its teachers once the week is over, with what it rests on', () => {
    const w = fell()
    expect(w.tick(START + WEEK - 1).alerts()).toEqual([])
    const [a, ...more] = w.tick(START + WEEK + HOUR).alerts()
    expect(more).toEqual([])
    expect(a).toMatchObject({
      scope: 'class',
      class: 'c1',
      student: null,
      topic: 'fractions',
      state: 'firing',
      told: true,
    })
    expect(a!.now).toBe(START + WEEK)
    // The first score of all has no mastery before it: four answers moved each of twelve from 0.8 to 0.6.
    expect(fact(a!, 'class_fall')).toBeCloseTo(0.2, 6)
    expect([fact(a!, 'members'), fact(a!, 'members_fell')]).toEqual([12, 12])
    expect(fact(a!, 'class_mastery')).toBeCloseTo(0.6, 6)
    expect(w.notices()).toMatchObject([
      { recipient: 'teacher-1', role: 'teacher', kind: 'firing', class: 'c1', student: null, alert_id: a!.alert_id },
    ])
    // Numbers of sources behind those of the partitions of scores.
    expect(w.notices()[0]!.origin_partition).toBeGreaterThanOrEqual(SOURCES)
  })

  it('has recovered after a later week, and may fall back again', () => {
    const w = fell()
      .week(START + WEEK, 0.6, 0.65)
      .week(START + 2 * WEEK, 0.65, 0.4)
      .tick(START + 3 * WEEK + HOUR)
    expect(story(w)).toEqual(['normal-firing told', 'firing-resolved told', 'resolved-firing told'])
    const ids = w.alerts().map((a) => a.alert_id)
    expect([ids[0] === ids[1], ids[1] === ids[2]]).toEqual([true, false])
    expect(w.notices().map((n) => `${n.kind} ${n.sequence}`)).toEqual(['firing 1', 'resolved 2', 'firing 1'])
  })

  it('stays so while a fall lies between the thresholds, and where too few answer, for four weeks', () => {
    const between = fell()
      .week(START + WEEK, 0.6, 0.55)
      .tick(START + 2 * WEEK + HOUR)
    expect(story(between)).toEqual(['normal-firing told'])
    const silent = fell()
    for (let week = 1; week <= 4; week++) silent.tick(START + week * WEEK + HOUR)
    expect(story(silent)).toEqual(['normal-firing told'])
    expect(story(silent.tick(START + 5 * WEEK + HOUR))).toEqual(['normal-firing told', 'firing-resolved told'])
  })

  it('does not hold up time over weeks in which nothing is to be decided', () => {
    const w = fell()
    for (let n = 0; n < 6; n++) w.tick(START + 52 * WEEK + n * HOUR)
    expect(story(w)).toEqual(['normal-firing told', 'firing-resolved told'])
    const told = w.driver.outputs('mastery.notices').filter((o) => o.subject === 'tick' && o.key === `tick/${SOURCES}`)
    expect((told.at(-1)!.value as { at: number }).at).toBe(START + 52 * WEEK + 5 * HOUR)
  })

  it('ends where the rule is taken away, and that is told', () => {
    const w = fell().tick(START + WEEK + HOUR)
    w.version('policy', 'p2', policyText(policyOf({ rules: [] }))).tick(START + 2 * WEEK + HOUR)
    expect(story(w)).toEqual(['normal-firing told', 'firing-resolved told'])
    expect(w.alerts()[1]!.cause).toBe('policy')
  })

  it('is judged by the rules of its school', () => {
    const strict = classPolicy({}, { overrides: [{ schools: ['s1'], rules: { class: { members: { least: 13 } } } }] })
    expect(
      story(
        new ClassLog()
          .begin(strict)
          .week(START, 0.8, 0.6)
          .tick(START + WEEK + HOUR),
      ),
    ).toEqual([])
  })
})

describe('nothing is said', () => {
  const nothing = (w: ClassLog) => expect(story(w.tick(START + WEEK + HOUR).tick(START + 2 * WEEK + HOUR))).toEqual([])

  it('where fewer than the least of a class answered enough', () => {
    nothing(new ClassLog().begin().week(START, 0.8, 0.6, STUDENTS.slice(0, 3)))
  })

  it('where a few fell far and the others did not', () => {
    nothing(
      new ClassLog().begin().week(START, 0.8, 0.2, STUDENTS.slice(0, 5)).week(START, 0.6, 0.62, STUDENTS.slice(5)),
    )
  })

  it('of answers that were given in another week', () => {
    const w = new ClassLog().begin()
    w.tick(START + WEEK + HOUR)
    for (const student of STUDENTS)
      for (let n = 0; n < 6; n++)
        w.answer({ at: START + WEEK + 2 * HOUR, given: START + n * HOUR, student, mastery: 0.8 - n / 20 })
    expect(story(w.tick(START + 2 * WEEK + HOUR))).toEqual([])
  })

  it('of a student in what a class is told: parts have no names', () => {
    const w = new ClassLog()
      .begin()
      .week(START, 0.8, 0.6)
      .tick(START + WEEK + HOUR)
    const parts = w.driver.outputs('mastery.classes').filter((o) => o.subject === 'class-part')
    expect(parts.length).toBeGreaterThan(0)
    for (const said of [...parts, ...w.alerts(), ...w.notices()]) expect(JSON.stringify(said)).not.toContain('student-')
  })

  it('to anybody by a generation that readers do not see', () => {
    const w = new ClassLog().begin()
    const activate = { marker_id: 'g', action: 'activate', subject: 'generation', name: 'generation', version: '1' }
    w.everywhere('marker', { ...activate, payload: null, issued_at: START })
      .week(START, 0.8, 0.6)
      .tick(START + WEEK + HOUR)
    expect(story(w)).toEqual(['normal-firing (replayed)'])
    expect(w.notices()).toEqual([])
  })
})

/** Weeks of a school of twelve: how far each student is moved in each. */
const weeks = fc.array(
  fc.array(fc.constantFrom<number[]>(-0.3, -0.12, -0.06, 0, 0.1), { minLength: 12, maxLength: 12 }),
  {
    minLength: 1,
    maxLength: 4,
  },
)

/** Which source comes next, and with how many records: one may be weeks ahead of another. */
const runs = fc.array(fc.tuple(fc.nat(SOURCES - 1), fc.integer({ min: 1, max: 60 })), { maxLength: 12 })

function played(moves: readonly (readonly number[])[], options: ConstructorParameters<typeof ClassLog>[0]): ClassLog {
  const w = new ClassLog(options).begin()
  moves.forEach((of, week) => {
    const begin = START + week * WEEK
    for (const [i, s] of STUDENTS.entries()) w.week(begin, 0.7, 0.7 + of[i]!, [s])
    if (week === 1) w.version('policy', 'p2', policyText(classPolicy({ enter: 0.06 })))
    for (let hour = 0; hour < 12; hour++) {
      w.tick(begin + WEEK + hour * HOUR)
      // Some come for alerts that are not there.
      const by = { author: 'teacher-1', reason: 'seen' }
      if (hour === 6) w.command('acknowledge', { ...by, command_id: `ack ${week}`, alert: w.alertId(week + 1) })
      if (hour === 7 && week === 1) w.command('silence', { ...by, command_id: 'hush', until: begin + 3 * WEEK })
    }
  })
  return w
}

const decided = (w: ClassLog) => w.alerts().map(({ origin_offset: _o, ordinal: _n, ...a }) => exact(a))
const firings = (w: ClassLog) => w.alerts().filter((a) => a.state === 'firing')

describe('what is decided', () => {
  it('is what the sums over the members say, whoever stands in which partition', () => {
    let fired = 0
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<number[]>(-0.3, -0.12, -0.06, 0, 0.1), { minLength: 12, maxLength: 12 }),
        (moves) => {
          const mean = -moves.reduce((a, b) => a + Math.round(b * 1e6), 0) / 12 / 1e6
          const enters = mean >= 0.1 && moves.filter((m) => m <= -0.05).length >= 0.6 * 12
          if (enters) fired++
          expect(firings(played([moves], {})).length).toBe(enters ? 1 : 0)
        },
      ),
      { numRuns: 60, seed: 3 },
    )
    expect(fired).toBeGreaterThan(5)
  })

  it('does not hang on restarts, on how many are woken at a time, or on records that come twice', () => {
    let fired = 0
    fc.assert(
      fc.property(weeks, fc.integer({ min: 1, max: 9 }), (moves, every) => {
        const whole = played(moves, {})
        fired += firings(whole).length
        expect(decided(played(moves, { cut: (_s, n) => n % every === 0 }))).toEqual(decided(whole))
        expect(decided(played(moves, { mostWoken: 4 }))).toEqual(decided(whole))
      }),
      { numRuns: 25, seed: 5 },
    )
    expect(fired).toBeGreaterThan(5)
  })

  it('does not hang on how the records of the sources come between each other', () => {
    let fired = 0
    fc.assert(
      fc.property(weeks, runs, fc.boolean(), (moves, picks, twice) => {
        const said = played(moves, { classes: false }).driver
        const from = sourcesIn(said)
        const whole = folded(inTurn(from, [], false))
        fired += whole.filter((x) => x.includes('firing')).length
        expect(folded(inTurn(from, picks, twice))).toEqual(whole)
      }),
      { numRuns: 40, seed: 7 },
    )
    expect(fired).toBeGreaterThan(5)
  })
})

type Sent = Pick<StageRecord, 'subject' | 'key' | 'value'>

/** What each source partition tells the one partition that class c1 stands in, in its order. */
function sourcesIn(driver: TopologyDriver): Sent[][] {
  const from: Sent[][] = Array.from({ length: SOURCES }, () => [])
  for (const { record, result } of driver.steps)
    if (result.type === 'ok')
      for (const o of result.outputs)
        if (o.topic === 'mastery.classes')
          from[record.origin.partition]!.push({ subject: o.subject, key: o.key, value: o.value })
  return from
}

/** One order of all of them, by picks of the source that comes next; `twice`: each source says its last few once more. */
function inTurn(
  from: readonly Sent[][],
  picks: readonly (readonly [source: number, records: number])[],
  twice: boolean,
): Sent[] {
  const places = from.map(() => 0)
  const all: Sent[] = []
  const next = (s: number) => {
    const r = from[s]![places[s]!]
    if (r === undefined) return false
    places[s]!++
    all.push(r)
    if (twice && places[s]! % 5 === 0) all.push(...from[s]!.slice(places[s]! - 5, places[s]!))
    return true
  }
  for (const [source, records] of picks) for (let n = 0; n < records; n++) next(source)
  for (let more = true; more; ) more = from.map((_, s) => next(s)).includes(true)
  return all
}

/** Alerts, notices and what came between them, but for the places of the records that brought them. */
function folded(records: readonly Sent[]): string[] {
  const driver = new TopologyDriver([classesStage({ generation: 0, sources: SOURCES })], { partitions: 1 })
  for (const r of records) driver.append('mastery.classes', 0, r.subject, r.key, r.value)
  // After a gap each tick brings one week.
  const last = Math.max(...records.map((r) => (r.subject === 'tick' ? (r.value as { at: number }).at : 0)))
  for (let n = 0; n < 6; n++) driver.append('mastery.classes', 0, 'tick', 'tick/0', { at: last })
  const said = driver.steps.flatMap(({ result }) => (result.type === 'ok' ? result.outputs : []))
  return said.flatMap(({ subject, key, value }) => {
    if (subject === 'tick') return []
    const { origin_offset: _o, ordinal: _n, ...rest } = value as Alert
    return [`${subject} ${key} ${exact(rest)}`]
  })
}
