import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ANSWERS, type Answer, goldenText, type Said, walk } from '../../testing/model-walk.ts'
import golden from './golden.json' with { type: 'json' }
import { hintCredit, RULE } from './model.ts'

const D = RULE.defaults
const { weights: W } = D

/** The weighted mean from the definition: over all earlier answers at once, with ages, not with running sums. */
function naive(answers: readonly Answer[]): Said[] {
  const weight = (a: Answer) => W[a.kind ?? 'quiz_attempt']!
  const credit = (a: Answer) => 1 - Math.min(0.6, 0.2 * (a.hints ?? 0))
  const mean = (topic: string, before: readonly Answer[], day: number) => {
    let points = 0.5 * 2
    let evidence = 2
    for (const a of before) {
      if (!a.topics.includes(topic)) continue
      const g = Math.exp(-(day - a.day) / 30)
      points += weight(a) * g * a.score * credit(a)
      evidence += weight(a) * g
    }
    return points / evidence
  }
  return answers.map((a, i) => ({
    p: a.topics.reduce((s, t) => s + mean(t, answers.slice(0, i), a.day), 0) / a.topics.length,
    mastery: Object.fromEntries(a.topics.map((t) => [t, mean(t, answers.slice(0, i + 1), a.day)])),
  }))
}

const answer = fc.record({
  score: fc.integer({ min: 0, max: 8 }).map((x) => x / 8),
  gap: fc.double({ min: 0, max: 100, noNaN: true }),
  hints: fc.nat(8),
  kind: fc.constantFrom('quiz_attempt', 'practice_attempt', 'tutor_interaction', 'teacher_feedback'),
})
const sequence = fc.array(answer, { minLength: 1, maxLength: 40 }).map((all) => {
  let day = 0
  return all.map(({ gap, ...a }): Answer => ({ ...a, topics: ['t'], day: (day += gap) }))
})
const last = (answers: readonly Answer[]) => walk(RULE, D, answers).at(-1)!
const mastery = (answers: readonly Answer[]) => last(answers).mastery['t']!
const on = (day: number, score: number, more: Partial<Answer> = {}): Answer => ({ topics: ['t'], score, day, ...more })

describe('the rule', () => {
  it('says what the golden file says, which an independent implementation made', () => {
    const { weights: _, ...shown } = D
    const expected = goldenText(shown, ANSWERS, naive(ANSWERS))
    expect(JSON.parse(expected)).toEqual(golden)
    expect(goldenText(shown, ANSWERS, walk(RULE, D, ANSWERS))).toBe(expected)
  })

  it('is the weighted mean over all answers, for any sequence', () => {
    fc.assert(
      fc.property(sequence, (answers) => {
        const expected = naive(answers)
        for (const [i, said] of walk(RULE, D, answers).entries()) {
          expect(said.p).toBeCloseTo(expected[i]!.p, 10)
          expect(said.mastery['t']).toBeCloseTo(expected[i]!.mastery['t']!, 10)
        }
      }),
      { seed: 1 },
    )
  })

  it('stays between 0 and 1', () => {
    fc.assert(
      fc.property(sequence, (answers) => {
        for (const { p, mastery: m } of walk(RULE, D, answers))
          for (const x of [p, m['t']!]) expect(x >= 0 && x <= 1).toBe(true)
      }),
      { seed: 2 },
    )
  })

  it('never falls when a score rises, nor rises with hints', () => {
    fc.assert(
      fc.property(sequence, fc.nat(39), (answers, at) => {
        const i = at % answers.length
        const a = answers[i]!
        expect(mastery(answers.with(i, { ...a, score: 1 }))).toBeGreaterThanOrEqual(mastery(answers) - 1e-12)
        expect(mastery(answers.with(i, { ...a, hints: a.hints! + 1 }))).toBeLessThanOrEqual(mastery(answers) + 1e-12)
      }),
      { seed: 3 },
    )
  })

  it('forgets: without answers the prediction goes back to the prior, and old answers count less than new ones', () => {
    const three = [on(0, 1), on(1, 1), on(2, 1)]
    const predicted = [3, 30, 90, 3000].map((day) => last([...three, on(day, 1)]).p)
    for (let i = 1; i < predicted.length; i++) expect(predicted[i]).toBeLessThan(predicted[i - 1]!)
    expect(predicted.at(-1)).toBeCloseTo(0.5, 12)
    expect(mastery([on(0, 0), on(60, 1)])).toBeGreaterThan(mastery([on(0, 1), on(60, 0)]))
    expect(last([on(0, 1), on(30, 1)]).p).toBeCloseTo((1 + Math.exp(-1)) / (2 + Math.exp(-1)), 14)
  })

  it('converges to 1 for right answers and to 0 for wrong ones, as far as the prior lets it', () => {
    const daily = (score: number) => Array.from({ length: 400 }, (_, i) => on(i, score))
    expect(mastery(daily(1))).toBeGreaterThan(0.96)
    expect(mastery(daily(0))).toBeLessThan(0.04)
    const atOnce = Array.from({ length: 2000 }, () => on(0, 1))
    expect(mastery(atOnce)).toBeGreaterThan(0.999)
  })

  it('takes at most the largest share for hints', () => {
    expect([0, 1, 2, 3, 50].map((n) => hintCredit(D, n))).toEqual([1, 0.8, 0.6, expect.closeTo(0.4, 12), 0.4])
  })

  it('counts an answer given at the epoch, and one given before it', () => {
    const epoch = -Date.UTC(2025, 8, 1) / 86_400_000
    expect(last([on(epoch, 1), on(epoch, 1)]).p).toBeCloseTo(2 / 3, 14)
    expect(last([on(epoch - 30, 1), on(epoch, 1)]).p).toBeCloseTo((1 + Math.exp(-1)) / (2 + Math.exp(-1)), 10)
  })

  it.each([
    [{ ...D, prior: 2 }, /"prior"/],
    [{ ...D, weights: { quiz_attempt: -1 } }, /"quiz_attempt"/],
    [{ ...D, scaleDays: 0 }, /"scaleDays"/],
    [null, /"quiz_attempt"|null/],
  ])('refuses %j', (json, message) => {
    expect(() => RULE.parse(json)).toThrow(message)
  })

  it('reads its own defaults back', () => {
    expect(RULE.parse(JSON.parse(JSON.stringify(D)))).toEqual(D)
  })
})
