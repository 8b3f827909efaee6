import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { describe, expect, it } from 'vitest'
import { explainInWords } from '../features/words.ts'
import { alertMarkers, policyOf, smallRoster } from '../testing/alert-log.ts'
import { answer, command, DAY, DAY_ZERO, eventInput, voiding } from '../testing/learner-log.ts'
import { bothStages, type Input, RING, TopologyDriver } from '../testing/topology-driver.ts'
import { topicAt } from '../topics.ts'
import { alertingStage } from './alerting/stage.ts'
import { scoringStage } from './scoring/stage.ts'
import { windowingStage } from './windowing/stage.ts'

const at = (day: number) => DAY_ZERO + day * DAY
const wrong = (id: string, day: number) => eventInput(answer(id, { occurred_at: at(day), item: id, score: 0 }))
const right = (id: string, day: number) => eventInput(answer(id, { occurred_at: at(day), item: id }))
const judged = (id: string, day: number, score: number) =>
  eventInput(answer(id, { kind: 'teacher_feedback', item: null, occurred_at: at(day), score }))
const correction = command('fix', 'correction', {
  target_event_id: 'b',
  correct: true,
  issued_at: at(5),
  reason: 'key',
})

const scoresOf = (driver: TopologyDriver, generation = 0) =>
  driver.outputs(topicAt('mastery.scores', generation)).map((o) => o.value as MasteryScore)
const scored = (...inputs: Input[]) => scoresOf(new TopologyDriver(bothStages()).send(...inputs))
const blend = (s: MasteryScore) => s.rows[0]!.scores.at(-1)!.mastery

describe('what teachers say of a score', () => {
  const answers = [right('a', 0), wrong('b', 1), wrong('c', 2), right('d', 3)]

  it('moves it where an answer is corrected, and the explanation says so and by how much', () => {
    const [before, after] = scored(...answers, correction).slice(-2) as [MasteryScore, MasteryScore]
    const factor = after.rows[0]!.factors.find((f) => f.code === 'corrected_answer')!
    expect(after).toMatchObject({ cause: 'corrected', reason: 'key', correct: null, predictions: [] })
    expect(factor.value).toBe(1)
    expect(factor.effect).toBeCloseTo(blend(after) - blend(before), 12)
    expect(factor.effect).toBeGreaterThan(0.01)
    expect(explainInWords(after.rows[0]!).text).toMatch(/An answer was corrected to 100 % \(\+\d+ points?\)\./)
    expect(after.revised).toEqual([{ answered_at: at(1), topics: ['algebra'], before: false, after: true }])
  })

  it('moves it where an answer is voided, and is told even where other reasons weigh more', () => {
    const after = scored(...answers, eventInput(voiding('v', 'd', { occurred_at: at(5) }))).at(-1)!
    expect(after.rows[0]!.factors.map((f) => f.code)).toContain('voided_answer')
    expect(explainInWords(after.rows[0]!).text).toMatch(/An answer that had earned 100 % does not count any more \(−/)
    expect(after.revised).toEqual([{ answered_at: at(3), topics: ['algebra'], before: true, after: null }])
  })

  it('moves it where a teacher judges the topic: evidence, but no answer that a model could have predicted', () => {
    const [before, after] = scored(...answers, judged('mark', 4, 0.9)).slice(-2) as [MasteryScore, MasteryScore]
    expect(blend(after)).toBeGreaterThan(blend(before))
    expect(after).toMatchObject({ item: null, correct: null, score: null, predictions: [], revised: [] })
    expect(explainInWords(after.rows[0]!).text).toMatch(/A teacher judged it at 90 % \(\+\d+ points?\)\./)
    const [next] = scored(...answers, judged('mark', 4, 0.9), right('e', 5)).slice(-1)
    expect(next!.predictions.find((p) => p.model === 'blend')!.p).toBeGreaterThan(
      scored(...answers, right('e', 5))
        .at(-1)!
        .predictions.find((p) => p.model === 'blend')!.p,
    )
  })

  it('is said in the same words by a new generation that is computed from the log', () => {
    const log = [...answers, correction, judged('mark', 6, 0.2)]
    const again = new TopologyDriver([
      windowingStage({ days: [7, 30, 90], ring: RING, generation: 1 }),
      scoringStage({ ring: RING, generation: 1 }),
    ]).send(...log)
    const plain = (all: MasteryScore[]) => all.map(({ generation: _, ...s }) => s)
    expect(plain(scoresOf(again, 1))).toEqual(plain(scored(...log)))
    const codes = scoresOf(again, 1).flatMap((s) => s.rows.flatMap((r) => r.factors.map((f) => f.code)))
    expect(codes).toEqual(expect.arrayContaining(['corrected_answer', 'teacher_feedback']))
  })
})

describe('evidence of an alert', () => {
  const QUICK = { evidence: { attempts: 4, sessions: 1, time: 0 }, hold: 0 }
  const POLICY = policyOf({ rules: [{ id: 'low', kind: 'mastery_below', enter: 0.6, leave: 0.9, ...QUICK }] })

  function alerts(...inputs: Input[]): Alert[] {
    const stages = [...bothStages(), alertingStage({ generation: 0 })]
    const driver = new TopologyDriver(stages).send(...alertMarkers(POLICY, smallRoster()))
    driver.send({ subject: 'tick', value: { at: DAY_ZERO } })
    for (const [i, input] of inputs.entries()) driver.send(input, { subject: 'tick', value: { at: at(i) + 1 } })
    return driver.outputs('mastery.alerts').map((o) => o.value as Alert)
  }
  const told = (all: Alert[]) => {
    const facts = new Map(all.at(-1)!.evidence.map((e) => [e.code, e.value]))
    return ['recent_correct', 'recent_answers', 'sessions', 'attempts'].map((code) => facts.get(code))
  }
  const lows = [wrong('a', 0), wrong('b', 1), wrong('c', 2), wrong('d', 3)]
  const seen = (...more: Input[]) => {
    const all = alerts(...lows, ...more)
    const id = all.find((a) => a.state === 'firing')!.alert_id
    return alerts(...lows, ...more, command('ack', 'acknowledge', { alert: id, author: 'teacher-1', issued_at: at(9) }))
  }

  it('counts a corrected answer as what it came to be', () => {
    expect(told(seen())).toEqual([0, 4, 4, 4])
    expect(told(seen(correction))).toEqual([1, 4, 4, 4])
  })

  it('counts a voided one no more, and its session with it', () => {
    const without = seen(command('v', 'void', { target_event_id: 'b', issued_at: at(5) }))
    expect(told(without)).toEqual([0, 3, 3, 3])
  })

  it('counts one that stands again, and a regrade by the source', () => {
    const restored = seen(
      command('v', 'void', { target_event_id: 'b', issued_at: at(5) }),
      command('vv', 'void', { target_event_id: 'v', issued_at: at(6) }),
    )
    expect(told(restored)).toEqual([0, 4, 4, 4])
    expect(told(seen(eventInput(answer('regrade', { supersedes: 'c', occurred_at: at(5), score: 0.8 }))))).toEqual([
      1, 4, 4, 4,
    ])
  })

  it("does not count a teacher's judgement among the answers", () => {
    expect(told(seen(judged('mark', 5, 0.1)))).toEqual([0, 4, 4, 5])
  })
})
