import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hash53 } from '../../events/hash.ts'
import { ANSWERS, type Answer, goldenText, type Said, walk } from '../../testing/model-walk.ts'
import type { Opportunity, Reason } from '../model.ts'
import golden from './golden.json' with { type: 'json' }
import { ELO, type EloParams } from './model.ts'

const ITEMS = { '101': 0.8, '102': -0.4 }
const PARAMETERS = { ability: 0.4, abilityDecay: 0.05, topic: 0.6, topicDecay: 0.05, difficulty: ITEMS }

/** Written from the published rule with maps and objects: expected score, then steps of K / (1 + decay n). */
function naive(answers: readonly Answer[], difficulty: Record<string, number>): Said[] {
  const general = { theta: 0, n: 0 }
  const topics: Record<string, { theta: number; n: number }> = {}
  const expected = (z: number) => Math.exp(z) / (Math.exp(z) + 1)
  return answers.map((a) => {
    const b = difficulty[String(a.item)] ?? 0
    for (const t of a.topics) topics[t] ??= { theta: 0, n: 0 }
    const ps = a.topics.map((t) => expected(general.theta + topics[t]!.theta - b))
    a.topics.forEach((t, i) => {
      const topic = topics[t]!
      topic.theta += (0.6 / (1 + 0.05 * topic.n)) * (a.score - ps[i]!)
      topic.n += 1
    })
    const p = ps.reduce((s, x) => s + x, 0) / ps.length
    general.theta += (0.4 / (1 + 0.05 * general.n)) * (a.score - p)
    general.n += 1
    return { p, mastery: Object.fromEntries(a.topics.map((t) => [t, expected(general.theta + topics[t]!.theta)])) }
  })
}

const score = fc.integer({ min: 0, max: 8 }).map((x) => x / 8)
const scores = fc.array(score, { minLength: 1, maxLength: 60 })
const asked = (s: number, item = 0): Opportunity => ({
  at: 0,
  topicName: 't',
  item,
  kind: 0,
  hints: 0,
  score: s,
  correct: s >= 0.5,
  weight: 1,
})

/** One answer; the thetas before and after it. */
function step(p: EloParams, theta: number, topic: number, n: number, s: number, item = 0) {
  const student = Float64Array.of(theta, n)
  const slots = Float64Array.of(topic, n)
  const q = ELO.predict(p, student, 0, slots, 0, asked(s, item))
  ELO.learnTopic(p, student, 0, slots, 0, asked(s, item), q)
  ELO.learnStudent(p, student, 0, asked(s, item), q)
  return { q, theta: student[0]! - theta, topic: slots[0]! - topic }
}
const D = ELO.defaults
const logit = fc.double({ min: -6, max: 6, noNaN: true })

describe('Elo', () => {
  it('says what the golden file says, which an independent implementation made', () => {
    const expected = goldenText(PARAMETERS, ANSWERS, naive(ANSWERS, ITEMS))
    expect(JSON.parse(expected)).toEqual(golden)
    expect(goldenText(PARAMETERS, ANSWERS, walk(ELO, ELO.parse(PARAMETERS), ANSWERS))).toBe(expected)
    const plain = goldenText({}, ANSWERS, walk(ELO, ELO.defaults, ANSWERS))
    expect(plain).toBe(goldenText({}, ANSWERS, naive(ANSWERS, {})))
  })

  it('stays between 0 and 1', () => {
    fc.assert(
      fc.property(scores, (all) => {
        const said = walk(
          ELO,
          D,
          all.map((s, day) => ({ topics: ['t'], score: s, day })),
        )
        for (const { p, mastery } of said) for (const x of [p, mastery['t']!]) expect(x > 0 && x < 1).toBe(true)
      }),
      { seed: 1 },
    )
    expect(step(D, 1e6, 0, 0, 0).q).toBe(1)
    expect(step(D, -1e6, 0, 0, 1).q).toBe(0)
  })

  it('moves both abilities up when the score beats the expectation, down when it falls short, not at all when it meets it', () => {
    fc.assert(
      fc.property(logit, logit, fc.nat(100), score, (theta, topic, n, s) => {
        const d = step(D, theta, topic, n, s)
        expect(Math.sign(d.theta)).toBe(Math.sign(s - d.q))
        expect(Math.sign(d.topic)).toBe(Math.sign(s - d.q))
      }),
      { seed: 2 },
    )
    expect(step(D, 0, 0, 3, 0.5)).toEqual({ q: 0.5, theta: 0, topic: 0 })
  })

  it('is zero-sum: what a student gains for an answer, one at the mirrored place loses for the mirrored answer', () => {
    fc.assert(
      fc.property(logit, logit, fc.nat(100), score, (theta, topic, n, s) => {
        const gain = step(D, theta, topic, n, s)
        const loss = step(D, -theta, -topic, n, 1 - s)
        expect(gain.theta).toBeCloseTo(-loss.theta, 12)
        expect(gain.topic).toBeCloseTo(-loss.topic, 12)
      }),
      { seed: 3 },
    )
  })

  it('gains more for a right answer that nobody expected, and less with every answer', () => {
    fc.assert(
      fc.property(logit, logit, fc.nat(50), (a, b, n) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        expect(step(D, low, 0, n, 1).theta).toBeGreaterThanOrEqual(step(D, high, 0, n, 1).theta - 1e-12)
        expect(step(D, low, 0, n, 1).theta).toBeGreaterThan(step(D, low, 0, n + 1, 1).theta)
      }),
      { seed: 4 },
    )
  })

  it('expects less of harder items, and nothing special of items that were not fitted', () => {
    const p = ELO.parse(PARAMETERS)
    expect(step(p, 0, 0, 0, 1, 101).q).toBeLessThan(0.5)
    expect(step(p, 0, 0, 0, 1, 102).q).toBeGreaterThan(0.5)
    expect(step(p, 0, 0, 0, 1, 999).q).toBe(0.5)
  })

  it('reads a fitted artefact: items by name, and where the ability of a topic starts', () => {
    const table = { name: ['item-1', '__proto__'], difficulty: [0.8, -0.4] }
    const fitted = { ...PARAMETERS, items: table, start: 0.25, topics: { name: ['t'], start: [1.5] } }
    const p = ELO.parse(JSON.parse(JSON.stringify(fitted)))
    expect(p.difficulty.get(hash53('item-1'))).toBe(0.8)
    expect(p.difficulty.get(hash53('__proto__'))).toBe(-0.4)
    expect(p.difficulty.get(101)).toBe(0.8)
    const said = (topic: string, item: number) => walk(ELO, p, [{ topics: [topic], score: 1, day: 0, item }])[0]!.p
    expect(said('t', hash53('item-1'))).toBeCloseTo(1 / (1 + Math.exp(-0.7)), 14)
    expect(said('t', 999)).toBeCloseTo(1 / (1 + Math.exp(-1.5)), 14)
    expect(said('another', 999)).toBeCloseTo(1 / (1 + Math.exp(-0.25)), 14)
  })

  it('explains the ability on a topic by what goes beyond its start', () => {
    const p = { ...D, starts: new Map([['t', 1.5]]) }
    const reasons: Reason[] = []
    ELO.explain(p, 't', Float64Array.of(0, 3), 0, Float64Array.of(1.5, 3), 0, 3, reasons)
    expect(reasons).toEqual([
      { code: 'overall_ability', value: 0, effect: 0 },
      { code: 'topic_ability', value: 0, effect: 0 },
    ])
  })

  it('converges to the share of points that a steady student earns', () => {
    for (const share of [0.25, 0.5, 0.75]) {
      const answers = Array.from({ length: 4000 }, (_, i) => ({
        topics: ['t'],
        score: Math.floor((i + 1) * share) - Math.floor(i * share),
        day: i,
      }))
      expect(walk(ELO, D, answers).at(-1)!.mastery['t']!).toBeCloseTo(share, 1)
    }
  })

  it.each([
    [{}, /"ability" must be a number/],
    [{ ...PARAMETERS, topicDecay: -1 }, /"topicDecay"/],
    [{ ...PARAMETERS, difficulty: { 5: null } }, /"5" must be a number/],
    [{ ...PARAMETERS, difficulty: { '1e300': 1 } }, /keyed by item hashes/],
    [{ ...PARAMETERS, items: { name: ['a'], difficulty: ['1'] } }, /Field "items": "difficulty" of "a"/],
    [{ ...PARAMETERS, topics: { name: ['t'] } }, /Field "topics" must have an array "start" of 1 numbers/],
    [{ ...PARAMETERS, start: 'high' }, /"start" must be a number/],
  ])('refuses %j', (json, message) => {
    expect(() => ELO.parse(json)).toThrow(message)
  })
})
