import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { abilityBefore, type ItemAnswer } from './answer.ts'
import { itemHealth } from './health.ts'
import type { ItemHealth } from './item-health.ts'
import { ItemSums } from './item-sums.ts'
import type { ItemParameters } from './parameters.ts'
import { type AnswersShape, answersTo } from './testing/answers.ts'
import { bruteForce } from './testing/brute-force.ts'

function sumsOf(answers: readonly ItemAnswer[]): ItemSums {
  const sums = new ItemSums()
  for (const a of answers) sums.add(a)
  return sums
}

const healthOf = (answers: readonly ItemAnswer[]) => itemHealth(sumsOf(answers), null, false)
const codes = (h: ItemHealth) => h.flags.map((f) => f.code)

function expectAsByBruteForce(h: ItemHealth, answers: readonly ItemAnswer[]): void {
  const by = bruteForce(answers)
  expect(h.answers).toBe(answers.length)
  expect(h.students).toBe(by.students)
  expect(h.pValue).toBeCloseTo(by.pValue, 12)
  expect(h.pValueFirst).toBeCloseTo(by.pValueFirst, 12)
  expect(h.meanResidual).toBeCloseTo(by.meanResidual, 12)
  expect(h.raw.infit).toBeCloseTo(by.rawInfit, 10)
  expect(h.raw.outfit).toBeCloseTo(by.rawOutfit, 10)
  expect(h.pointBiserial).toBeCloseTo(by.pointBiserial, 9)
  // From bins of a quarter logit.
  expect(Math.abs(h.observed.value - by.difficulty)).toBeLessThan(0.01)
  expect(Math.abs(h.observed.se - by.difficultySe)).toBeLessThan(0.005)
  const few = answers.length < 100
  expect(Math.abs(h.fit.infit - by.infit)).toBeLessThan(few ? 0.05 : 0.01)
  expect(Math.abs(h.fit.outfit - by.outfit)).toBeLessThan(few ? 0.1 : 0.03)
  expect(Math.abs(h.medianMs! / by.medianMs - 1)).toBeLessThan(few ? 0.3 : 0.05)
  expect(h.rapidRate).toBeCloseTo(by.rapid(h.threshold.chosen!), 12)
}

describe('item health', () => {
  it.each<[string, AnswersShape]>([
    ['a plain item', { answers: 400 }],
    ['a hard item', { answers: 400, difficulty: 2 }],
    ['an easy item', { answers: 300, difficulty: -2.5 }],
    ['a flat item', { answers: 500, slope: 0.2 }],
    ['an item that many guess on', { answers: 600, rapid: 0.3 }],
    ['few answers', { answers: 12 }],
  ])('is what the single answers give: %s', (_, shape) => {
    const answers = answersTo(5, shape)
    const h = healthOf(answers)
    expectAsByBruteForce(h, answers)
    const { upperLower } = bruteForce(answers)
    expect(Math.abs(h.upperLower - upperLower)).toBeLessThan(shape.answers < 100 ? 0.2 : 0.06)
  })

  it('is the same however the answers are divided among sums that are merged', () => {
    const answers = answersTo(6, { answers: 120, rapid: 0.2 }).map((a, i) => ({ ...a, option: 'abcd'[i % 4]! }))
    const whole = healthOf(answers)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 120, maxLength: 120 }), (part) => {
        const parts = [0, 1, 2, 3].map((p) => sumsOf(answers.filter((_, i) => part[i] === p)))
        const merged = new ItemSums()
        for (const p of parts) merged.merge(p)
        const h = itemHealth(merged, null, false)
        expect({
          ...h,
          observed: 0,
          fit: 0,
          raw: 0,
          pointBiserial: 0,
          meanResidual: 0,
          upperLower: 0,
          options: 0,
        }).toEqual({
          ...whole,
          ...{ observed: 0, fit: 0, raw: 0, pointBiserial: 0, meanResidual: 0, upperLower: 0, options: 0 },
        })
        expect(h.observed.value).toBeCloseTo(whole.observed.value, 9)
        expect(h.fit.outfit).toBeCloseTo(whole.fit.outfit, 9)
        expect(h.pointBiserial).toBeCloseTo(whole.pointBiserial!, 9)
        expect(h.options.map((o) => o.answers)).toEqual(whole.options.map((o) => o.answers))
      }),
      { numRuns: 20 },
    )
  })

  it('concludes nothing from fewer than 30 answers', () => {
    const never = answersTo(7, { answers: 30, difficulty: 50 })
    expect(healthOf(never.slice(0, 29))).toMatchObject({ status: 'insufficient', flags: [], pValue: 0 })
    expect(codes(healthOf(never))).toContain('too_hard')
  })

  it('flags what is planted, and says why', () => {
    const reversed = answersTo(8, { answers: 500, slope: -1 })
    expect(codes(healthOf(reversed))).toEqual(expect.arrayContaining(['negative_discrimination', 'noisy']))
    expect(healthOf(reversed).flags[0]!.reason).toMatch(/abler students are right less often.*key may be wrong/)
    expect(codes(healthOf(answersTo(9, { answers: 500, slope: 0 })))).toContain('poor_discrimination')
    expect(codes(healthOf(answersTo(10, { answers: 500, slope: 6 })))).toContain('too_regular')
    expect(codes(healthOf(answersTo(11, { answers: 500, difficulty: -6 })))).toContain('too_easy')
    expect(codes(healthOf(answersTo(12, { answers: 500, rapid: 0.25 })))).toContain('rapid_guessing')
  })

  it('raises hardly a flag on items that are as they should be', () => {
    const flagged = Array.from({ length: 100 }, (_, i) => codes(healthOf(answersTo(100 + i, { answers: 150 }))))
    expect(flagged.filter((c) => c.length > 0).length).toBeLessThanOrEqual(4)
  })

  it('flags a difficulty that moved only where it is comparable, and beyond its error', () => {
    const fitted: ItemParameters = {
      difficulty: 0,
      discrimination: 1,
      guessing: 0,
      difficultySe: 0.1,
      discriminationSe: null,
      guessingSe: null,
      answers: 300,
    }
    const sums = sumsOf(answersTo(13, { answers: 300, difficulty: 1 }))
    expect(codes(itemHealth(sums, fitted, true))).toEqual(['harder_than_fitted'])
    expect(codes(itemHealth(sums, { ...fitted, difficulty: 2 }, true))).toEqual(['easier_than_fitted'])
    expect(codes(itemHealth(sums, { ...fitted, difficulty: 1 }, true))).toEqual([])
    expect(codes(itemHealth(sums, fitted, false))).toEqual([])
    expect(codes(itemHealth(sums, { ...fitted, difficultySe: 1 }, true))).toEqual([])
    const odd = { ...fitted, difficulty: 4.5, discrimination: 0.2, discriminationSe: 0.05, guessing: 0.4 }
    expect(codes(itemHealth(sums, odd, false))).toEqual(['weak_slope', 'extreme_difficulty', 'high_guessing'])
  })

  it('has the standard normal deviates of Wilson and Hilferty for answers that follow the model', () => {
    const z = Array.from({ length: 300 }, (_, i) => {
      const { abilityGrid } = sumsOf(answersTo(500 + i, { answers: 200 }))
      return abilityGrid.fit(abilityGrid.difficulty().value)
    })
    for (const found of [z.map((f) => f.infitZ), z.map((f) => f.outfitZ)]) {
      const mean = found.reduce((s, x) => s + x, 0) / found.length
      const sd = Math.sqrt(found.reduce((s, x) => s + (x - mean) ** 2, 0) / found.length)
      expect(Math.abs(mean)).toBeLessThan(0.25)
      expect(sd).toBeGreaterThan(0.75)
      expect(sd).toBeLessThan(1.25)
    }
  })
})

describe('options', () => {
  const chosen = (a: ItemAnswer, wrong: (a: ItemAnswer) => string): ItemAnswer => ({
    ...a,
    option: a.correct ? 'b' : wrong(a),
  })

  it('have the correlations of choosing them, and their flags', () => {
    // The able who are wrong choose a, the others c; d is there and nobody wants it.
    const answers = answersTo(20, { answers: 800, difficulty: 0.5, slope: 0.4 }).map((a) =>
      chosen(a, (x) => (x.ability > 0.3 ? 'a' : 'c')),
    )
    answers[0] = { ...answers[0]!, option: 'd', correct: false }
    const h = healthOf(answers)
    expect(h.options.map((o) => [o.option, o.key])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
      ['d', false],
    ])
    for (const o of h.options) {
      const by = bruteForce(answers.map((a) => ({ ...a, correct: a.option === o.option })))
      expect(o.pointBiserial).toBeCloseTo(by.pointBiserial, 9)
      expect(o.share).toBeCloseTo(by.pValue, 12)
    }
    expect(codes(h)).toEqual(expect.arrayContaining(['attractive_distractor', 'unused_option']))
    expect(h.flags.find((f) => f.code === 'unused_option')!.reason).toMatch(/option d/)
  })

  it('that work as they should are not flagged', () => {
    const answers = answersTo(21, { answers: 800 }).map((a, i) => chosen(a, () => 'acd'[i % 3]!))
    expect(codes(healthOf(answers))).toEqual([])
  })
})

describe('ability before an answer', () => {
  it('is what the models started from', () => {
    const item: ItemParameters = {
      difficulty: 1.2,
      discrimination: 1.5,
      guessing: 0.2,
      difficultySe: null,
      discriminationSe: null,
      guessingSe: null,
      answers: null,
    }
    for (const theta of [-2, -0.3, 0, 1.1]) {
      expect(abilityBefore(1 / (1 + Math.exp(-theta)), undefined)).toBeCloseTo(theta, 10)
      const elo = 1 / (1 + Math.exp(1.2 - theta))
      expect(abilityBefore(elo, { ...item, discrimination: 1, guessing: 0 })).toBeCloseTo(theta, 10)
      const irt = 0.2 + 0.8 / (1 + Math.exp(1.5 * (1.2 - theta)))
      expect(abilityBefore(irt, item)).toBeCloseTo(theta, 10)
    }
    expect(abilityBefore(0.05, item)).toBeGreaterThan(-10)
  })
})
