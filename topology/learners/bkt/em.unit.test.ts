import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BktTopic } from '../../models/bkt/model.ts'
import { describeWithReference, sharedReference } from '../../testing/shared-reference.ts'
import { type BktConstraints, EmWork, em, expect as expectation, maximise, penalty } from './em.ts'
import { CONSTRAINTS } from './fit.ts'
import { treeOf } from './sequences.ts'
import { UNBOUNDED } from './testing/unbounded.ts'

const NAMES = ['prior', 'learn', 'slip', 'guess', 'forget'] as const

/** Counts and likelihood by going through every path of hidden states: the definition, without any recursion. */
function byPaths(sequences: readonly (readonly number[])[], p: BktTopic): { loglik: number; counts: number[] } {
  const counts = new Array<number>(10).fill(0)
  let loglik = 0
  for (const answers of sequences) {
    const n = answers.length
    if (n === 0) continue
    let total = 0
    const sums = new Array<number>(10).fill(0)
    for (let path = 0; path < 2 ** n; path++) {
      const known = (t: number) => ((path >> t) & 1) === 1
      const seen = new Array<number>(10).fill(0)
      let chance = known(0) ? p.prior : 1 - p.prior
      seen[known(0) ? 0 : 1]!++
      for (let t = 0; t < n; t++) {
        if (t > 0) {
          const [from, to] = [known(t - 1), known(t)]
          chance *= from ? (to ? 1 - p.forget : p.forget) : to ? p.learn : 1 - p.learn
          seen[from ? (to ? 5 : 4) : to ? 2 : 3]!++
        }
        const right = answers[t] === 1
        chance *= known(t) ? (right ? 1 - p.slip : p.slip) : right ? p.guess : 1 - p.guess
        seen[known(t) ? (right ? 9 : 8) : right ? 6 : 7]!++
      }
      total += chance
      for (let i = 0; i < 10; i++) sums[i]! += chance * seen[i]!
    }
    loglik += Math.log(total)
    for (let i = 0; i < 10; i++) counts[i]! += sums[i]! / total
  }
  return { loglik, counts }
}

const answers = fc.array(fc.array(fc.nat(1), { minLength: 0, maxLength: 6 }), { minLength: 1, maxLength: 12 })
const inside = fc.double({ min: 0.02, max: 0.98, noNaN: true })
const anyTopic = fc.record({ prior: inside, learn: inside, slip: inside, guess: inside, forget: inside })

/** Parameters within the constraints. */
const allowed: fc.Arbitrary<BktTopic> = fc.record({
  prior: inside,
  learn: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
  slip: fc.double({ min: 0.01, max: 0.3, noNaN: true }),
  guess: fc.double({ min: 0.01, max: 0.6, noNaN: true }),
  forget: fc.double({ min: 0.01, max: 0.4, noNaN: true }),
})

describe('the E-step', () => {
  it('counts what a walk over all paths of hidden states counts', () => {
    fc.assert(
      fc.property(answers, anyTopic, (sequences, p) => {
        const work = new EmWork()
        const loglik = expectation(treeOf(sequences), p, work)
        const naive = byPaths(sequences, p)
        expect(loglik).toBeCloseTo(naive.loglik, 9)
        for (let i = 0; i < 10; i++) expect(work.counts[i]).toBeCloseTo(naive.counts[i]!, 9)
      }),
      { seed: 1, numRuns: 60 },
    )
  })

  it('is the same with buffers that were used for a larger tree before', () => {
    const used = new EmWork()
    expectation(treeOf([[1, 0, 1, 1, 0, 1, 0, 0, 1]]), CONSTRAINTS.mean, used)
    const fresh = new EmWork()
    const tree = treeOf([
      [1, 0],
      [1, 1],
    ])
    expect(expectation(tree, CONSTRAINTS.mean, used)).toBe(expectation(tree, CONSTRAINTS.mean, fresh))
    expect([...used.counts]).toEqual([...fresh.counts])
  })
})

describe('the M-step', () => {
  /** What it maximises. */
  const expected = (counts: ArrayLike<number>, p: BktTopic, c: BktConstraints, forgetting: boolean) => {
    const at = [p.prior, p.learn, p.forget, p.guess, p.slip]
    let sum = penalty(p, c, forgetting)
    for (let i = 0; i < 5; i++)
      if (forgetting || i !== 2) sum += counts[i * 2]! * Math.log(at[i]!) + counts[i * 2 + 1]! * Math.log(1 - at[i]!)
    return sum
  }

  it('stays within the constraints, and no allowed parameters do better', () => {
    const counts = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 10, maxLength: 10 })
    const c: BktConstraints = { ...CONSTRAINTS, guessPlusSlip: 0.6 }
    fc.assert(
      fc.property(counts, allowed, fc.boolean(), (given, other, forgetting) => {
        fc.pre(other.guess + other.slip <= c.guessPlusSlip && other.learn + other.forget <= 1)
        const p = maximise(Float64Array.from(given), c, forgetting)
        for (const k of NAMES)
          if (forgetting || k !== 'forget') {
            expect(p[k]).toBeGreaterThanOrEqual(c.bounds[k].low)
            expect(p[k]).toBeLessThanOrEqual(c.bounds[k].high)
          }
        expect(p.guess + p.slip).toBeLessThanOrEqual(c.guessPlusSlip + 1e-12)
        expect(p.learn + p.forget).toBeLessThanOrEqual(1 + 1e-12)
        if (!forgetting) expect(p.forget).toBe(0)
        expect(expected(given, p, c, forgetting)).toBeGreaterThanOrEqual(expected(given, other, c, forgetting) - 1e-9)
      }),
      { seed: 2, numRuns: 400 },
    )
  })

  it('takes the low end where nothing was counted and nothing is believed', () => {
    const p = maximise(new Float64Array(10), UNBOUNDED, false)
    for (const k of ['prior', 'learn', 'slip', 'guess'] as const) expect(p[k]).toBe(UNBOUNDED.bounds[k].low)
  })
})

describe('EM', () => {
  it('never lowers the penalised log likelihood, whatever the data, the start and the constraints', () => {
    const tight: BktConstraints = { ...CONSTRAINTS, guessPlusSlip: 0.35 }
    const start = allowed.filter((p) => p.guess + p.slip <= 0.35)
    fc.assert(
      fc.property(
        answers,
        start,
        fc.constantFrom(CONSTRAINTS, tight, UNBOUNDED),
        fc.boolean(),
        (sequences, p, c, forgetting) => {
          const trace: number[] = []
          const from = { ...p, forget: forgetting ? p.forget : 0 }
          em(treeOf(sequences), from, c, { forgetting, iterations: 60, tolerance: -1 }, new EmWork(), trace)
          expect(trace).toHaveLength(61)
          for (let i = 1; i < trace.length; i++) {
            expect(Number.isFinite(trace[i])).toBe(true)
            expect(trace[i]! - trace[i - 1]!).toBeGreaterThan(-1e-9)
          }
        },
      ),
      { seed: 3, numRuns: 150 },
    )
  })

  it('keeps an unidentified topic within the caps: nobody ever wrong, or nobody ever right', () => {
    for (const y of [0, 1]) {
      const tree = treeOf(Array.from({ length: 30 }, () => [y, y, y, y]))
      const o = { forgetting: true, iterations: 500, tolerance: 1e-6 }
      const { params, converged } = em(tree, CONSTRAINTS.mean, CONSTRAINTS, o, new EmWork())
      expect(converged).toBe(true)
      expect(params.guess + params.slip).toBeLessThan(1)
      expect(params.learn).toBeGreaterThan(0)
      expect(params.slip).toBeLessThanOrEqual(CONSTRAINTS.bounds.slip.high)
      expect(params.guess).toBeLessThanOrEqual(CONSTRAINTS.bounds.guess.high)
    }
  })
})

interface Oracle {
  toy_sequence: number[]
  toy_init: BktTopic
  correct_em: { m_steps: number; params: BktTopic; neg_ll_of_these_params: number }[]
}

describeWithReference('EM against the oracle', ['bkt-oracle.json'], () => {
  it('gives its parameters and likelihood after each number of M-steps on the toy sequence', () => {
    const oracle = JSON.parse(sharedReference('bkt-oracle.json')) as Oracle
    const tree = treeOf([oracle.toy_sequence])
    expect(oracle.correct_em.length).toBeGreaterThan(4)
    for (const { m_steps, params, neg_ll_of_these_params } of oracle.correct_em) {
      const o = { forgetting: false, iterations: m_steps, tolerance: -1 }
      const r = em(tree, oracle.toy_init, UNBOUNDED, o, new EmWork())
      for (const k of NAMES) expect(Math.abs(r.params[k] - params[k])).toBeLessThan(1e-7)
      expect(-r.loglik).toBeCloseTo(neg_ll_of_these_params, 6)
    }
  })
})
