import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Answer, walk } from '../testing/model-walk.ts'
import { MODELS } from './catalog.ts'

const steps = fc.array(
  fc.record({
    score: fc.integer({ min: 0, max: 4 }).map((x) => x / 4),
    pause: fc.double({ min: 0, max: 40, noNaN: true }),
    kind: fc.constantFrom('quiz_attempt', 'assignment_submission', 'practice_attempt'),
    item: fc.nat(3),
  }),
  { minLength: 1, maxLength: 30 },
)

function answersOf(given: readonly { score: number; pause: number; kind: Answer['kind']; item: number }[]): Answer[] {
  let day = 0
  return given.map(({ score, pause, kind, item }) => ({
    topics: ['algebra'],
    score,
    day: (day += pause),
    kind: kind!,
    item,
  }))
}

/** Rounding may take the last digits of a difference that is none. */
const NEARLY = 1e-12

describe.each(MODELS.map((m) => [m.id, m] as const))('%s', (_id, model) => {
  const after = (answers: readonly Answer[]) => walk(model, model.defaults, answers).at(-1)!.mastery['algebra']!

  it('stays between 0 and 1, in what it predicts and in what it says of a topic', () => {
    fc.assert(
      fc.property(steps, (given) => {
        for (const { p, mastery } of walk(model, model.defaults, answersOf(given)))
          for (const x of [p, mastery['algebra']!]) {
            expect(x).toBeGreaterThanOrEqual(0)
            expect(x).toBeLessThanOrEqual(1)
          }
      }),
      { numRuns: 100, seed: 5 },
    )
  })

  it('never says less of a student who did one thing better, wherever in the past it was', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (given, pick) => {
        const answers = answersOf(given)
        const at = pick % answers.length
        const better = answers.map((a, i) => (i === at ? { ...a, score: 1 } : a))
        expect(after(better)).toBeGreaterThanOrEqual(after(answers) - NEARLY)
      }),
      { numRuns: 200, seed: 6 },
    )
  })
})
