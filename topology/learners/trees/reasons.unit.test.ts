import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { answersOf, logOf } from '../../evaluation/testing/answers.ts'
import { type BlendArtefact, blendLearner, blendRows } from '../blend/learner.ts'
import { chance, logitOf } from './bases.ts'
import { BASES, type TreesArtefact, treesLearner, treesRows } from './learner.ts'
import { REASONS, reasonsOf, through } from './reasons.ts'
import { featureNames } from './stack-fit.ts'

const RUN = { seed: 3 }
const SMALL = { folds: 2, rounds: 20, leaves: 8 }
const log = logOf(answersOf(6, { students: 40, answers: 30 }))
const rows = Int32Array.from([3, 17, 200, 431, log.size - 1])
const PLACES = [4, 0, 2]
const sum = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0)

describe('what a chance comes from', () => {
  let trees: TreesArtefact
  let blend: BlendArtefact
  beforeAll(async () => {
    trees = await treesLearner('trees', '', BASES, SMALL).fit(log, RUN)
    blend = await blendLearner('blend', '', BASES, SMALL).fit(log, RUN)
  })

  it('is a reason for each feature there is', () => {
    const of = reasonsOf(featureNames(BASES))
    expect(new Set(of)).toEqual(new Set(REASONS.keys()))
    expect(() => reasonsOf(['temperature'])).toThrow('temperature')
  })

  it.each(['trees', 'blend'])('adds up, of %s, in logits to the margin and as chances to the chance', async (of) => {
    const { p, reasons } = await (of === 'trees'
      ? treesRows(trees, BASES, log, rows, RUN)
      : blendRows(blend, BASES, log, rows, RUN))
    const found = reasons(PLACES)
    expect(found).toHaveLength(PLACES.length)
    for (const [k, { margin, chance: c }] of found.entries()) {
      const said = p[PLACES[k]!]!
      expect(Math.abs(margin.base + sum(margin.effects) - logitOf(said))).toBeLessThan(1e-9)
      expect(Math.abs(c.base + sum(c.effects) - said)).toBeLessThan(1e-9)
      expect(sum(margin.effects.map(Math.abs))).toBeGreaterThan(0.1)
      margin.effects.forEach((e, i) => {
        expect(Math.sign(c.effects[i]!)).toBe(Math.sign(e))
      })
    }
    // Nobody in particular is the same for all rows, whoever asks beside whom.
    expect(new Set(found.map((f) => f.margin.base)).size).toBe(1)
    expect(reasons([0])[0]).toEqual(found[1])
  })

  it('of the blend moves with what the models that are mixed say', async () => {
    const flat = {
      ...blend,
      mixture: { ...blend.mixture, shares: blend.mixture.shares.map((_, i) => (i === 0 ? 1 : 0)) },
    }
    const { margin } = (await blendRows(flat, BASES, log, rows, RUN)).reasons([2])[0]!
    // All of it is pfa and the topic's own shift, which speak of the answers on the topic.
    const others = REASONS.flatMap((r, i) => (r === 'topic_answers' ? [] : [margin.effects[i]!]))
    expect(others.every((e) => Math.abs(e) < 1e-12)).toBe(true)
    expect(Math.abs(margin.effects[REASONS.indexOf('topic_answers')]!)).toBeGreaterThan(0.01)
  })
})

describe('parts of a margin through a rising function', () => {
  it('add up to its difference, with the sign that each has, where they cancel, too', () => {
    const part = fc.double({ min: -4, max: 4, noNaN: true })
    fc.assert(
      fc.property(part, fc.array(part, { minLength: 2, maxLength: 5 }), fc.boolean(), (base, some, cancels) => {
        const effects = Float64Array.from(cancels ? [...some, -sum(some)] : some)
        const slope = (z: number) => chance(z) * chance(-z)
        const made = through({ base, effects }, chance, slope)
        expect(made.base).toBe(chance(base))
        expect(Math.abs(made.base + sum(made.effects) - chance(base + sum(effects)))).toBeLessThan(1e-9)
        effects.forEach((e, i) => {
          if (Math.abs(e) > 1e-6) expect(made.effects[i]! * e).toBeGreaterThan(0)
          expect(Math.abs(made.effects[i]!)).toBeLessThanOrEqual(Math.abs(e) / 4 + 1e-7)
        })
      }),
      { seed: 2 },
    )
  })
})
