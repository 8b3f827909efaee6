import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hash53 } from '../events/hash.ts'
import { BKT } from '../models/bkt/model.ts'
import { ELO } from '../models/elo/model.ts'
import { IRT } from '../models/irt/model.ts'
import type { AnyModel } from '../models/model.ts'
import { learnStudentPart, learnTopicPart } from '../models/part.ts'
import { RULE } from '../models/rule/model.ts'
import { RAPID_GUESSES, rapidTimes } from './rapid-policy.ts'

const POLICY = RAPID_GUESSES.parse({
  weight: 0.5,
  thresholds: {
    items: { name: ['q1'], ms: [1200], usual: [12_000] },
    topics: { name: ['ratios'], ms: [900], usual: [0] },
    other: 500,
    otherUsual: 5000,
  },
})

describe('what is a rapid guess', () => {
  it.each([
    ['below the threshold of its item', 'q1', 'ratios', 1199, { thresholdMs: 1200, usualMs: 12_000 }],
    ['that takes the threshold is none', 'q1', 'ratios', 1200, null],
    ['to an item that is not listed goes by its topic', 'q2', 'ratios', 800, { thresholdMs: 900, usualMs: null }],
    ['to neither goes by all', 'q2', 'algebra', 499, { thresholdMs: 500, usualMs: 5000 }],
    ['whose time is not known is none', 'q1', 'ratios', -1, null],
    ['that took no time at all is none: nobody measured it', 'q1', 'ratios', 0, null],
  ])('an answer %s', (_, item, topic, ms, times) => {
    expect(rapidTimes(POLICY, hash53(item), topic, ms)).toEqual(times)
  })

  it('is nothing where there is no threshold for it', () => {
    const none = RAPID_GUESSES.parse({ weight: 0.5, thresholds: { items: { name: [], ms: [] } } })
    expect(rapidTimes(none, hash53('q1'), 'ratios', 1)).toBeNull()
  })

  it.each([
    [{}, /"thresholds" must have the tables/],
    [{ thresholds: {} }, /"weight" must be a number from 0 to 1/],
    [{ weight: 0.5, thresholds: { items: { name: ['a'], ms: [-1] } } }, /"ms" of "a" must be a number/],
    [{ weight: 0.5, thresholds: { other: 'long' } }, /"other" must be a number/],
  ])('says what does not fit (%#)', (json, message) => {
    expect(() => RAPID_GUESSES.parse(json)).toThrow(message)
  })
})

const MODELS: readonly AnyModel[] = [RULE, BKT, ELO, IRT]

/** States after answers of the given weights, and the prediction of one more. */
function after(model: AnyModel, answers: readonly { score: number; day: number; weight: number }[], asked: number) {
  const student = new Float64Array(Math.max(1, model.studentSlots))
  const topic = new Float64Array(Math.max(1, model.topicSlots))
  const p = model.defaults
  model.initStudent(p, student, 0)
  model.initTopic(p, 't', topic, 0)
  const opportunity = (score: number, day: number, weight: number) => ({
    ...{ at: 86_400_000 * day, topicName: 't', item: 0, kind: 0, hints: 0, score, correct: score >= 0.5, weight },
  })
  for (const { score, day, weight } of answers) {
    const o = opportunity(score, day, weight)
    const said = model.predict(p, student, 0, topic, 0, o)
    learnTopicPart(model, p, student, 0, topic, 0, o, said)
    learnStudentPart(model, p, student, 0, o, said)
  }
  return model.predict(p, student, 0, topic, 0, opportunity(0, asked, 1))
}

const answers = fc
  .array(
    fc.record({ score: fc.integer({ min: 0, max: 4 }), gap: fc.integer({ min: 0, max: 40 }), rapid: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 30,
    },
  )
  .map((all) => {
    let day = 0
    return all.map(({ score, gap, rapid }) => ({ score: score / 4, day: (day += gap), rapid }))
  })

describe.each(MODELS.map((m) => [m.id, m] as const))('a part of an answer, in %s', (_, model) => {
  it('of 0 is no answer at all', () => {
    fc.assert(
      fc.property(answers, (all) => {
        const last = all.at(-1)!.day + 1
        const weighed = after(
          model,
          all.map((a) => ({ ...a, weight: a.rapid ? 0 : 1 })),
          last,
        )
        const left = after(
          model,
          all.filter((a) => !a.rapid).map((a) => ({ ...a, weight: 1 })),
          last,
        )
        expect(weighed).toBeCloseTo(left, 10)
      }),
    )
  })

  it('moves what comes next less than a whole one, and to the same side', () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 0, max: 4 }), (all, score) => {
        const before = all.map((a) => ({ ...a, weight: 1 }))
        const day = all.at(-1)!.day
        const next = (weight: number) => after(model, [...before, { score: score / 4, day, weight }], day)
        const [none, half, whole] = [next(0), next(0.5), next(1)]
        expect(Math.abs(half - none)).toBeLessThanOrEqual(Math.abs(whole - none) + 1e-12)
        expect((half - none) * (whole - none)).toBeGreaterThanOrEqual(-1e-12)
      }),
    )
  })
})

describe('half an answer', () => {
  it('is half the evidence of the rule, and ages as any other', () => {
    // Prior 0.5 worth two answers; right, half, then 30 days on: half a unit of evidence, by e^-1.
    const g = 0.5 * Math.exp(-1)
    expect(after(RULE, [{ score: 1, day: 0, weight: 0.5 }], 30)).toBeCloseTo((1 + g) / (2 + g), 12)
  })

  it('is half the step of the Elo rating', () => {
    expect(after(ELO, [{ score: 1, day: 0, weight: 0.5 }], 0)).toBeCloseTo(1 / (1 + Math.exp(-0.5 * 0.5)), 12)
  })

  it('takes the skill half the way in BKT', () => {
    const { prior, learn, slip, guess } = BKT.defaults.default
    const known = (prior * (1 - slip)) / (prior * (1 - slip) + (1 - prior) * guess)
    const whole = known + (1 - known) * learn
    const half = prior + 0.5 * (whole - prior)
    expect(after(BKT, [{ score: 1, day: 0, weight: 0.5 }], 0)).toBeCloseTo(half * (1 - slip) + (1 - half) * guess, 12)
  })
})
