import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AlertLog, policyOf, smallRoster } from '../../testing/alert-log.ts'
import { exact } from '../../testing/exact.ts'
import { DAY, DAY_ZERO, MINUTE } from '../../testing/learner-log.ts'
import type { DriverOptions } from '../../testing/topology-driver.ts'
import { VirtualRun } from '../../virtual-run.ts'
import { alertingStage } from './stage.ts'

const HOUR = 60 * MINUTE
const STUDENTS = ['student-1', 'student-2', 'student-3']
const TOPICS = ['fractions', 'ratios']
const QUICK = { evidence: { attempts: 2, sessions: 1, time: 0 }, hold: 0, cooldown: '3d' }
const RULES = policyOf(
  {
    breaks: [{ from: '2025-09-10', until: '2025-09-14' }],
    rules: [
      { id: 'low', kind: 'mastery_below', for: '12h', hold: '24h', tell_resolved: true, no_data: '20d' },
      { id: 'quick', kind: 'mastery_below', enter: 0.4, leave: 0.5, urgent: 0.15, ...QUICK },
      { id: 'falls', kind: 'falling', hold: 0, cooldown: '3d' },
      { id: 'spins', kind: 'stalled', answers: 10 },
      { id: 'learned', kind: 'mastery_above', to: ['student'] },
      { id: 'absent', kind: 'inactive', after: '5d', urgent: '9d', escalate: { after: '24h', to: ['guardian'] } },
      { id: 'gap', kind: 'prerequisite_gap', evidence: { attempts: 3, sessions: 1, time: 0 } },
    ],
  },
  { ratios: ['fractions'] },
)

/** What happens next, some time after the last thing. */
interface Happening {
  after: number
  what: 'answer' | 'late' | 'repair' | 'tick' | 'silence' | 'acknowledge'
  student: number
  topic: number
  /** The mastery moves by so much. */
  by: number
  correct: boolean
}

const happening: fc.Arbitrary<Happening> = fc.record({
  after: fc.integer({ min: 5 * MINUTE, max: 12 * HOUR }),
  what: fc.oneof(
    { weight: 8, arbitrary: fc.constant('answer' as const) },
    { weight: 4, arbitrary: fc.constant('tick' as const) },
    fc.constantFrom('late' as const, 'repair' as const, 'silence' as const, 'acknowledge' as const),
  ),
  student: fc.nat(2),
  topic: fc.nat(1),
  by: fc.integer({ min: -25, max: 23 }),
  correct: fc.boolean(),
})
const happenings = fc.array(happening, { minLength: 100, maxLength: 220, size: 'max' })

/** Plays what happens into a log. `again`: each record with this index comes a second time. */
function play(all: readonly Happening[], options: DriverOptions & { mostWoken?: number } = {}): AlertLog {
  const log = new AlertLog(options).roster(smallRoster(STUDENTS)).policy(RULES).tick(DAY_ZERO)
  const mastery = new Map<string, number>()
  let now = DAY_ZERO
  for (const [i, h] of all.entries()) {
    now += h.after
    const student = STUDENTS[h.student]!
    const topic = TOPICS[h.topic]!
    const key = `${student} ${topic}`
    const m = Math.min(0.98, Math.max(0.02, (mastery.get(key) ?? 0.5) + h.by / 100))
    mastery.set(key, m)
    const command_id = `c${i}`
    if (h.what === 'tick') log.tick(now)
    else if (h.what === 'repair') log.rescored(m, now, topic)
    else if (h.what === 'silence')
      log.command('silence', { command_id, student, rule: null, until: now + 2 * DAY, author: 't', reason: 'Ill.' })
    else if (h.what === 'acknowledge') {
      const open = log.alerts().findLast((a) => a.student === student && a.state === 'firing')
      if (open) log.command('acknowledge', { command_id, student, alert: open.alert_id })
    } else log.answer(m, h.what === 'late' ? now - 6 * DAY : now, { student, topic, correct: h.correct })
  }
  return log
}

const everything = (log: AlertLog) => [
  ...log.alerts().map(exact),
  ...log.driver.outputs('mastery.notices').map((o) => exact(o)),
]
const bytes = (log: AlertLog) =>
  STUDENTS.flatMap((s) => {
    const state = log.driver.state('alerts', s)
    return state === undefined ? [] : [Buffer.from(log.driver.bytes('alerts', s)).toString('hex')]
  })

const keyOf = (n: Notice) => `${n.recipient} ${n.role} ${n.rule} ${n.student} ${n.topic}`

describe('whatever happens', () => {
  it('restarts, batches and how many a tick may wake decide nothing but when', () => {
    fc.assert(
      fc.property(happenings, fc.integer({ min: 1, max: 9 }), (all, every) => {
        const whole = play(all)
        const cut = play(all, { cut: (_stage, count) => count % every === 0 })
        expect(everything(cut)).toEqual(everything(whole))
        expect(bytes(cut)).toEqual(bytes(whole))
      }),
      { numRuns: 60 },
    )
  })

  it('a run in virtual time over the same records and their ticks gives the same', () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const log = play(all)
        const run = new VirtualRun(alertingStage({ generation: 0 }))
        const found = log.driver.steps.flatMap(({ record }) => run.outputs(record))
        const should = log.driver.steps.flatMap(({ result }) => (result.type === 'ok' ? result.outputs : []))
        expect(found.map(exact)).toEqual(should.map(exact))
      }),
      { numRuns: 60 },
    )
  })

  it('a record that comes again changes nothing', () => {
    fc.assert(
      fc.property(happenings, fc.nat(1000), (all, pick) => {
        const log = play(all)
        const before = [everything(log), bytes(log)]
        const read = log.driver.steps.map((s) => s.record).filter((r) => r.subject !== 'tick' || pick % 2 === 0)
        for (const r of [read[pick % read.length]!, read.at(-1)!])
          log.driver.append('mastery.scores', 0, r.subject, r.key, r.value)
        expect([everything(log), bytes(log)]).toEqual(before)
      }),
      { numRuns: 60 },
    )
  })

  it('nobody is told that an alert fires twice within its cooldown, unless it has become more severe', () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const last = new Map<string, Notice>()
        for (const n of play(all)
          .notices()
          .filter((n) => n.kind === 'firing')) {
          const before = last.get(keyOf(n))
          const rule = RULES.rules.find((r) => r.id === n.rule)!
          if (before && before.severity === n.severity) expect(n.now - before.now).toBeGreaterThanOrEqual(rule.cooldown)
          last.set(keyOf(n), n)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('no notice speaks of the past, and ids are never given twice', () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const log = play(all)
        const ids = new Set<string>()
        for (const n of log.notices()) {
          expect(n.now - n.occurred_at).toBeLessThanOrEqual(2 * DAY)
          const id = `${n.alert_id} ${n.sequence} ${n.recipient} ${n.role}`
          expect(ids.has(id)).toBe(false)
          ids.add(id)
        }
        // A late answer may end things; it begins nothing that is told.
        for (const a of log.alerts()) if (a.cause === 'late_answer' || a.cause === 'repair') expect(a.told).toBe(false)
      }),
      { numRuns: 100 },
    )
  })

  it('states follow one another: what an alert was is what it had become', () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const states = new Map<string, string>()
        for (const a of play(all).alerts()) {
          const key = `${a.rule} ${a.student} ${a.topic}`
          expect(a.before).toBe(states.get(key) ?? 'normal')
          states.set(key, a.state)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('students of other partitions change nothing, in whatever order the partitions are read', () => {
    fc.assert(
      fc.property(happenings, fc.infiniteStream(fc.boolean()), (all, coins) => {
        const of = (log: AlertLog, p: number) =>
          log
            .notices()
            .filter((n) => n.origin_partition === p)
            .map(exact)
        const mixed = new AlertLog({ partitions: 2 }).roster(smallRoster(STUDENTS)).policy(RULES)
        const lanes = [0, 1].map((p) => {
          let m = 0.5
          return all.flatMap((h, i) => {
            m = Math.min(0.98, Math.max(0.02, m + h.by / 100))
            const at = DAY_ZERO + i * 8 * HOUR
            const mastery = m
            return [
              () => mixed.driver.append('mastery.scores', p, 'tick', '', { at }),
              () => mixed.answer(mastery, at, { student: STUDENTS[p]!, partition: p, correct: h.correct }),
            ]
          })
        })
        const next = [0, 0]
        const stream = coins[Symbol.iterator]()
        while (next.some((n, p) => n < lanes[p]!.length)) {
          const p = stream.next().value ? 1 : 0
          const lane = next[p]! < lanes[p]!.length ? p : 1 - p
          lanes[lane]![next[lane]!++]!()
        }
        const first = new AlertLog({ partitions: 2 }).roster(smallRoster(STUDENTS)).policy(RULES)
        const records = mixed.driver.steps.map((s) => s.record)
        for (const p of [1, 0])
          for (const r of records.filter((r) => r.origin.partition === p && r.subject !== 'marker'))
            first.driver.append('mastery.scores', p, r.subject, r.key, r.value)
        for (const p of [0, 1]) expect(of(first, p)).toEqual(of(mixed, p))
      }),
      { numRuns: 20 },
    )
  })
})

describe('a mastery that falls and falls', () => {
  it('is told once, however it falls', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 60, maxLength: 80 }), (steps) => {
        const policy = policyOf({ rules: [{ id: 'low', kind: 'mastery_below', for: '24h' }] })
        const log = new AlertLog().roster().policy(policy).tick(DAY_ZERO)
        let mastery = 0.84
        steps.forEach((step, i) => {
          mastery *= 1 - step / 400
          const at = DAY_ZERO + i * 9 * HOUR
          log.tick(at).answer(mastery, at)
        })
        if (mastery <= 0.3) expect(log.notices()).toHaveLength(1)
        else expect(log.notices().length).toBeLessThan(2)
      }),
      { numRuns: 100 },
    )
  })
})

it('the random logs have something to tell: every rule, every state', () => {
  const logs = fc.sample(happenings, { numRuns: 80, seed: 7 }).map((all) => play(all))
  const states = new Set(logs.flatMap((l) => l.alerts().map((a) => a.state)))
  const told = new Set(logs.flatMap((l) => l.notices().map((n) => n.rule)))
  const held = new Set(logs.flatMap((l) => l.alerts().map((a) => a.held_back)))
  expect([...told].sort()).toEqual(['absent', 'falls', 'gap', 'learned', 'low', 'quick', 'spins'])
  for (const s of ['pending', 'firing', 'recovering', 'resolved', 'acknowledged', 'silenced', 'normal'])
    expect(states).toContain(s)
  for (const h of ['late', 'cooldown', 'silenced']) expect(held).toContain(h)
})
