import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ANSWERS, type Answer, goldenText, type Said, walk } from '../../testing/model-walk.ts'
import { describeWithReference, sharedReference } from '../../testing/shared-reference.ts'
import golden from './golden.json' with { type: 'json' }
import { BKT, type BktTopic, bktLearn, bktPredict } from './model.ts'

/** The filter as the literature writes it, in the probability that the skill is known. */
const predict = (p: BktTopic, known: number) => bktPredict(p, 1 - known)
const learn = (p: BktTopic, known: number, right: boolean) => 1 - bktLearn(p, 1 - known, right)

const DEFAULT = BKT.defaults.default

/**
 * The same filter as a hidden Markov model with explicit matrices and joint probabilities, from the definition:
 * P(state, answers so far), without any of the model's algebra.
 */
function forward(p: BktTopic, answers: readonly boolean[]): { correct: number[]; known: number[] } {
  const emit = (state: 0 | 1, right: boolean) => {
    const chance = state === 1 ? 1 - p.slip : p.guess
    return right ? chance : 1 - chance
  }
  const move = [
    [1 - p.learn, p.learn],
    [p.forget, 1 - p.forget],
  ]
  let joint = [1 - p.prior, p.prior]
  const correct: number[] = []
  const known: number[] = []
  for (const right of answers) {
    const total = joint[0]! + joint[1]!
    correct.push((joint[0]! * emit(0, true) + joint[1]! * emit(1, true)) / total)
    const seen = [joint[0]! * emit(0, right), joint[1]! * emit(1, right)]
    joint = [0, 1].map((to) => seen[0]! * move[0]![to]! + seen[1]! * move[1]![to]!)
    known.push(joint[1]! / (joint[0]! + joint[1]!))
  }
  return { correct, known }
}

function filter(p: BktTopic, answers: readonly boolean[]): number[] {
  let known = p.prior
  return answers.map((right) => {
    const predicted = predict(p, known)
    known = learn(p, known, right)
    return predicted
  })
}

/** Answers on several topics: each topic is a chain of its own, the prediction their mean. */
function naive(answers: readonly Answer[], p: BktTopic): Said[] {
  const past = new Map<string, boolean[]>()
  return answers.map((a) => {
    const right = a.score >= 0.5
    const ps: number[] = []
    const mastery: Record<string, number> = {}
    for (const topic of a.topics) {
      const chain = [...(past.get(topic) ?? []), right]
      past.set(topic, chain)
      const f = forward(p, chain)
      ps.push(f.correct.at(-1)!)
      mastery[topic] = f.known.at(-1)!
    }
    return { p: ps.reduce((s, x) => s + x, 0) / ps.length, mastery }
  })
}

const TOY = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0].map((x) => x === 1)
const close = (a: readonly number[], b: readonly number[], within = 1e-12) => {
  expect(a).toHaveLength(b.length)
  for (const [i, x] of a.entries()) expect(Math.abs(x - b[i]!)).toBeLessThan(within)
}

const unit = fc.double({ min: 0, max: 1, noNaN: true })
const anyTopic = fc
  .record({ prior: unit, learn: unit, slip: unit, guess: unit, forget: unit })
  .filter((t) => t.slip + t.guess < 1)

describe('the BKT filter', () => {
  it('agrees with a hidden Markov model from the definition', () => {
    for (const forget of [0, 0.05]) {
      const p = { prior: 0.4, learn: 0.35, slip: 0.25, guess: 0.12, forget }
      close(filter(p, TOY), forward(p, TOY).correct)
    }
    fc.assert(
      fc.property(anyTopic, fc.array(fc.boolean(), { maxLength: 30 }), (p, answers) => {
        const f = forward(p, answers)
        // Beyond this the joint probabilities underflow; the filter does not.
        if (f.correct.every(Number.isFinite) && f.known.every((x) => x > 1e-12 && x < 1 - 1e-12))
          close(filter(p, answers), f.correct, 1e-9)
      }),
      { seed: 1 },
    )
  })

  it('begins where it was worked out by hand', () => {
    const p = { prior: 0.4, learn: 0.35, slip: 0.25, guess: 0.12, forget: 0 }
    // 0.4 * 0.75 + 0.6 * 0.12; after a wrong answer 0.4 * 0.25 / 0.628 knows, and 0.35 of the rest learns.
    const known = 0.1 / 0.628 + (1 - 0.1 / 0.628) * 0.35
    close(filter(p, [false, false]), [0.372, known * 0.75 + (1 - known) * 0.12])
  })

  it('stays between 0 and 1 for any parameters, also next to the ends', () => {
    const edge = fc.oneof(unit, fc.constantFrom(0, 1, 1e-16, 1 - 1e-16, 1.2e-16, 5e-324))
    const p = fc.record({ prior: edge, learn: edge, slip: edge, guess: edge, forget: edge })
    fc.assert(
      fc.property(
        p.filter((t) => t.slip + t.guess < 1),
        edge,
        fc.array(fc.boolean(), { maxLength: 40 }),
        (t, unknown, answers) => {
          for (const right of answers) {
            unknown = bktLearn(t, unknown, right)
            expect(unknown).toBeGreaterThanOrEqual(0)
            expect(unknown).toBeLessThanOrEqual(1)
            const q = bktPredict(t, unknown)
            expect(q >= 0 && q <= 1).toBe(true)
          }
        },
      ),
      { numRuns: 500, seed: 4 },
    )
    expect(bktLearn({ ...DEFAULT, slip: 1.2e-16, learn: 0 }, 0, false)).toBe(0)
  })

  it('never lowers P(known) for a right answer, while slip + guess < 1 and nothing is forgotten', () => {
    fc.assert(
      fc.property(anyTopic, unit, (t, known) => {
        const p = { ...t, forget: 0 }
        expect(learn(p, known, true)).toBeGreaterThanOrEqual(known - 1e-15)
        expect(learn(p, known, true)).toBeGreaterThanOrEqual(learn(p, known, false) - 1e-15)
      }),
      { seed: 5 },
    )
  })

  it('rises in P(known): whoever knew more before knows more after, and answers better', () => {
    fc.assert(
      fc.property(anyTopic, unit, unit, fc.boolean(), (t, a, b, right) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        expect(predict(t, high)).toBeGreaterThanOrEqual(predict(t, low) - 1e-15)
        if (t.learn + t.forget <= 1) expect(learn(t, high, right)).toBeGreaterThanOrEqual(learn(t, low, right) - 1e-12)
      }),
      { seed: 6 },
    )
  })

  it('converges: right answers to knowing, wrong ones to the fixed point of the wrong', () => {
    let known = DEFAULT.prior
    for (let i = 0; i < 15; i++) known = learn(DEFAULT, known, true)
    expect(known).toBeGreaterThan(1 - 1e-9)
    for (let i = 0; i < 200; i++) known = learn(DEFAULT, known, false)
    expect(learn(DEFAULT, known, false)).toBeCloseTo(known, 12)
    expect(known).toBeGreaterThan(DEFAULT.learn)
    expect(known).toBeLessThan(0.3)
  })
})

describe('next to certainty', () => {
  it('comes back from certainty: wrong answers after a long run of right ones count as the equations say', () => {
    let unknown = 1 - DEFAULT.prior
    for (let i = 0; i < 40; i++) unknown = bktLearn(DEFAULT, unknown, true)
    expect(unknown).toBeGreaterThan(0)
    expect(unknown).toBeLessThan(1e-20)
    for (let i = 0; i < 60; i++) unknown = bktLearn(DEFAULT, unknown, false)
    expect(1 - unknown).toBeLessThan(0.3)
  })
})

describe('the BKT model', () => {
  it('says what the golden file says, which an independent implementation made', () => {
    const expected = naive(ANSWERS, DEFAULT)
    expect(JSON.parse(goldenText({ default: DEFAULT }, ANSWERS, expected))).toEqual(golden)
    expect(goldenText({ default: DEFAULT }, ANSWERS, walk(BKT, BKT.defaults, ANSWERS))).toBe(
      goldenText({ default: DEFAULT }, ANSWERS, expected),
    )
  })

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', ''])(
    'takes a topic called "%s" like any other',
    (name) => {
      const answers = [{ topics: [name], score: 1, day: 0 }]
      expect(walk(BKT, BKT.defaults, answers)[0]!.p).toBeCloseTo(0.27, 14)
      const fitted = BKT.parse(JSON.parse(`{"topics":{"${name}":{"prior":0.5,"learn":0.1,"slip":0,"guess":0.5}}}`))
      expect(walk(BKT, fitted, answers)[0]!.p).toBe(0.75)
      expect(walk(BKT, fitted, [{ topics: ['other'], score: 1, day: 0 }])[0]!.p).toBeCloseTo(0.27, 14)
    },
  )

  it('reads forgetting, and takes it as 0 where it is not given', () => {
    const parsed = BKT.parse({ default: { prior: 0.2, learn: 0.1, slip: 0.1, guess: 0.2, forget: 0.03 } })
    expect(parsed.default.forget).toBe(0.03)
    expect(BKT.parse({ default: { prior: 0.2, learn: 0.1, slip: 0.1, guess: 0.2 } }).default.forget).toBe(0)
    expect(BKT.parse({})).toEqual(BKT.defaults)
    for (const bad of [
      null,
      { default: null },
      { topics: { a: { prior: 'x' } } },
      { default: { ...DEFAULT, forget: 2 } },
    ])
      expect(() => BKT.parse(bad)).toThrow()
  })
})

describeWithReference('the BKT filter against the oracle', ['bkt-oracle.json'], () => {
  it.each(['filter', 'filter_forget'] as const)('%s', (name) => {
    const oracle = JSON.parse(sharedReference('bkt-oracle.json')) as {
      toy_sequence: number[]
      filter: { params: BktTopic; one_step_p_correct: number[] }
      filter_forget: { params: BktTopic; one_step_p_correct: number[] }
    }
    const { params, one_step_p_correct } = oracle[name]
    close(
      filter(
        params,
        oracle.toy_sequence.map((x) => x === 1),
      ),
      one_step_p_correct,
    )
  })
})
