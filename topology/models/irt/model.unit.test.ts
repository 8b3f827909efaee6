import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hash53 } from '../../events/hash.ts'
import { ANSWERS, type Answer, goldenText, type Said, walk } from '../../testing/model-walk.ts'
import type { Opportunity } from '../model.ts'
import golden from './golden.json' with { type: 'json' }
import { IRT, type IrtParams, irtGradient } from './model.ts'

const STEPS = { abilityVariance: 1, topicVariance: 0.25, abilityDrift: 0.004, topicDrift: 0.01, information: 0.2 }
const SHOWN = { ...STEPS, start: 0.3, topics: { name: ['ratios'], start: [-0.5] } }
const NUMBERED = new Map([
  [101, { difficulty: 0.8, discrimination: 1.5, guessing: 0.25 }],
  [102, { difficulty: -0.4, discrimination: 0.7, guessing: 0 }],
])
/** The walk's items are numbers, artefacts name them. */
const PARAMS: IrtParams = { ...IRT.parse(SHOWN), items: NUMBERED }

/** Written from the card's equations with maps and objects. */
function naive(answers: readonly Answer[], p: IrtParams): Said[] {
  const general = { theta: 0, v: p.abilityVariance }
  const topics = new Map<string, { theta: number; v: number }>()
  const of = (t: string) => {
    if (!topics.has(t)) topics.set(t, { theta: p.starts.get(t) ?? p.start, v: p.topicVariance })
    return topics.get(t)!
  }
  return answers.map((answer) => {
    const {
      difficulty: b,
      discrimination: a,
      guessing: c,
    } = p.items.get(answer.item ?? 0) ?? {
      difficulty: 0,
      discrimination: 1,
      guessing: 0,
    }
    const ps = answer.topics.map((t) => {
      const scale = Math.sqrt(1 + (Math.PI * a * a * (general.v + of(t).v)) / 8)
      const z = (a * (general.theta + of(t).theta - b)) / scale
      return c + ((1 - c) * Math.exp(z)) / (1 + Math.exp(z))
    })
    const step = (state: { theta: number; v: number }, q: number, drift: number) => {
      const v = 1 / (1 / state.v + a * a * p.information)
      // Derivative of the log likelihood: of the chance that the answer shows the ability at all, a (score - q).
      state.theta += v * a * (answer.score - q) * ((q - c) / (q * (1 - c)))
      state.v = v + drift
    }
    answer.topics.forEach((t, i) => {
      step(of(t), ps[i]!, p.topicDrift)
    })
    const mean = ps.reduce((s, x) => s + x, 0) / ps.length
    step(general, mean, p.abilityDrift)
    const mastery = (t: string) => 1 / (1 + Math.exp(-(general.theta + of(t).theta)))
    return { p: mean, mastery: Object.fromEntries(answer.topics.map((t) => [t, mastery(t)])) }
  })
}

const asked = (score: number, item = 0): Opportunity => ({
  at: 0,
  topicName: 't',
  item,
  kind: 0,
  hints: 0,
  score,
  correct: score >= 0.5,
  weight: 1,
})
const logit = fc.double({ min: -4, max: 4, noNaN: true })

describe('IRT', () => {
  it('says what the golden file says, which an independent implementation made', () => {
    const parameters = { ...SHOWN, byHash: Object.fromEntries(NUMBERED) }
    const expected = goldenText(parameters, ANSWERS, naive(ANSWERS, PARAMS))
    expect(JSON.parse(expected)).toEqual(golden)
    expect(goldenText(parameters, ANSWERS, walk(IRT, PARAMS, ANSWERS))).toBe(expected)
  })

  it('has for a gradient what a small change of the ability does to the log likelihood', () => {
    const anyItem = fc.record({
      difficulty: logit,
      discrimination: fc.double({ min: 0.2, max: 2.5, noNaN: true }),
      guessing: fc.constantFrom(0, 0.2, 0.25, 0.5),
    })
    fc.assert(
      fc.property(anyItem, logit, fc.constantFrom(0, 1), (item, theta, score) => {
        const { difficulty: b, discrimination: a, guessing: c } = item
        const p = (t: number) => c + (1 - c) / (1 + Math.exp(-a * (t - b)))
        const loglik = (t: number) => Math.log(score === 1 ? p(t) : 1 - p(t))
        const slope = (loglik(theta + 1e-5) - loglik(theta - 1e-5)) / 2e-5
        expect(irtGradient(item, p(theta), score)).toBeCloseTo(slope, 5)
      }),
      { seed: 1 },
    )
  })

  it('stays between the guessing and 1, and never says less of whoever once did better', () => {
    const step = fc.record({
      score: fc.integer({ min: 0, max: 4 }).map((x) => x / 4),
      item: fc.constantFrom(0, 101, 102),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), fc.nat(), (steps, pick) => {
        const answers = steps.map((s, day): Answer => ({ ...s, topics: ['t'], day }))
        const at = pick % answers.length
        const said = walk(IRT, PARAMS, answers)
        for (const [i, { p }] of said.entries()) {
          expect(p).toBeGreaterThanOrEqual(answers[i]!.item === 101 ? 0.25 : 0)
          expect(p).toBeLessThanOrEqual(1)
        }
        const better = walk(IRT, PARAMS, answers.with(at, { ...answers[at]!, score: 1 }))
        expect(better.at(-1)!.mastery['t']).toBeGreaterThanOrEqual(said.at(-1)!.mastery['t']! - 1e-12)
      }),
      { seed: 2, numRuns: 300 },
    )
  })

  it('learns less from a right answer that could be guessed, and more from an item that discriminates', () => {
    const after = (item: number, score: number) => {
      const student = Float64Array.of(0, 1)
      const topic = Float64Array.of(0, 0.25)
      const p = IRT.predict(PARAMS, student, 0, topic, 0, asked(score, item))
      IRT.learnStudent(PARAMS, student, 0, asked(score, item), p)
      return student
    }
    const guessable = { ...PARAMS, items: new Map([[1, { difficulty: 0, discrimination: 1, guessing: 0.25 }]]) }
    const student = Float64Array.of(0, 1)
    const p = IRT.predict(guessable, student, 0, Float64Array.of(0, 0.25), 0, asked(1, 1))
    IRT.learnStudent(guessable, student, 0, asked(1, 1), p)
    expect(student[0]).toBeLessThan(after(0, 1)[0]!)
    // 101 discriminates at 1.5, 102 at 0.7: the variance that is left.
    expect(after(101, 1)[1]).toBeLessThan(after(102, 1)[1]!)
  })

  it('becomes surer with answers, to where the drift holds the balance', () => {
    const student = Float64Array.of(0, PARAMS.abilityVariance)
    const trail = Array.from({ length: 2000 }, () => {
      IRT.learnStudent(PARAMS, student, 0, asked(0.5), 0.5)
      return student[1]!
    })
    for (let i = 1; i < trail.length; i++) expect(trail[i]).toBeLessThanOrEqual(trail[i - 1]! + 1e-15)
    // Fixed point of v -> 1 / (1 / v + h) + d: v = d / 2 + sqrt(d^2 / 4 + d / h).
    const { abilityDrift: d, information: h } = PARAMS
    expect(trail.at(-1)).toBeCloseTo(d / 2 + Math.sqrt((d * d) / 4 + d / h), 9)
  })

  it('reads the items by name, guessing as 0 where the table has none', () => {
    const table = { name: ['a', '__proto__'], difficulty: [1, -1], discrimination: [1, 2] }
    const { items } = IRT.parse({ ...SHOWN, items: table })
    expect(items.get(hash53('a'))).toEqual({ difficulty: 1, discrimination: 1, guessing: 0 })
    expect(items.get(hash53('__proto__'))).toEqual({ difficulty: -1, discrimination: 2, guessing: 0 })
  })

  it.each([
    [{}, /"abilityVariance" must be a number/],
    [{ ...SHOWN, abilityDrift: -1 }, /"abilityDrift"/],
    [{ ...SHOWN, items: { name: ['a'], difficulty: [1] } }, /must have an array "discrimination" of 1/],
    [{ ...SHOWN, items: { name: ['a'], difficulty: [1], discrimination: [1], guessing: [1] } }, /"guessing" of "a"/],
    [{ ...SHOWN, topics: { name: ['t'], start: [null] } }, /Field "topics": "start" of "t" must be a number/],
  ])('refuses %j', (json, message) => {
    expect(() => IRT.parse(json)).toThrow(message)
  })
})
