import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../school/random.ts'
import { DIMENSION } from './context.ts'
import { NO_DECAYS, policyOf, readLearned, writeLearned } from './learned.ts'
import { addReward, addSums, LinearModel, noSums } from './linear.ts'
import { choose, linUcb, RANDOM, thompson, weakestFirst } from './policy.ts'
import { type BlockAnswer, rewardOf } from './reward.ts'

/** Inverse by Gauss and Jordan. */
function inverse(a: number[][]): number[][] {
  const n = a.length
  const m = a.map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))])
  for (let c = 0; c < n; c++) {
    const pivot = m.reduce((best, row, r) => (r >= c && Math.abs(row[c]!) > Math.abs(m[best]![c]!) ? r : best), c)
    ;[m[c], m[pivot]] = [m[pivot]!, m[c]!]
    const by = m[c]![c]!
    m[c] = m[c]!.map((v) => v / by)
    for (let r = 0; r < n; r++)
      if (r !== c) {
        const f = m[r]![c]!
        m[r] = m[r]!.map((v, j) => v - f * m[c]![j]!)
      }
  }
  return m.map((row) => row.slice(n))
}

function learnedData(seed: number, n: number) {
  const random = new Random(seed)
  const truth = [0.1, -0.3, 0.2]
  const sums = noSums(3)
  const rows = Array.from({ length: n }, () => {
    const x = [1, random.uniform(), random.uniform()]
    const w = 0.5 + random.uniform()
    const r = x.reduce((s, v, i) => s + v * truth[i]!, 0) + (0.3 * random.normal()) / Math.sqrt(w)
    addReward(sums, x, r, w)
    return { x, r, w }
  })
  return { truth, sums, rows }
}

describe('the linear model', () => {
  it('is weighted ridge regression, with the spread of its posterior', () => {
    const { sums, rows } = learnedData(1, 60)
    const lambda = 2
    const model = new LinearModel(sums, lambda)
    const a = [0, 1, 2].map((i) =>
      [0, 1, 2].map((j) => rows.reduce((s, { x, w }) => s + w * x[i]! * x[j]!, i === j ? lambda : 0)),
    )
    const b = [0, 1, 2].map((i) => rows.reduce((s, { x, r, w }) => s + w * r * x[i]!, 0))
    const inv = inverse(a)
    const mean = inv.map((row) => row.reduce((s, v, j) => s + v * b[j]!, 0))
    const x = [1, 0.2, 0.9]
    expect(model.expect(x)).toBeCloseTo(
      x.reduce((s, v, i) => s + v * mean[i]!, 0),
      10,
    )
    const quadratic = x.reduce((s, v, i) => s + v * x.reduce((t, u, j) => t + inv[i]![j]! * u, 0), 0)
    expect(model.deviation(x)).toBeCloseTo(Math.sqrt(model.noise * quadratic), 10)
    expect(model.noise).toBeGreaterThan(0.05)
    expect(model.noise).toBeLessThan(0.15)
  })

  it('draws weights with the mean and spread that it tells', () => {
    const model = new LinearModel(learnedData(2, 40).sums, 1)
    const random = new Random(3)
    const x = [1, 0.7, 0.1]
    let sum = 0
    let squares = 0
    const n = 20_000
    for (let i = 0; i < n; i++) {
      const w = model.draw([random.normal(), random.normal(), random.normal()])
      const v = x.reduce((s, u, j) => s + u * w[j]!, 0)
      sum += v
      squares += v * v
    }
    expect(sum / n).toBeCloseTo(model.expect(x), 2)
    expect(Math.sqrt(squares / n - (sum / n) ** 2)).toBeCloseTo(model.deviation(x), 2)
  })

  it('adds up over parts, survives being stored, and is left out where its features are others', () => {
    const random = new Random(6)
    const [whole, one, two] = [noSums(DIMENSION), noSums(DIMENSION), noSums(DIMENSION)]
    for (let i = 0; i < 50; i++) {
      const x = Array.from({ length: DIMENSION }, () => random.uniform())
      const r = random.normal()
      addReward(whole, x, r)
      addReward(i % 2 === 0 ? one : two, x, r)
    }
    addSums(one, two)
    one.xx.forEach((v, i) => {
      expect(v).toBeCloseTo(whole.xx[i]!, 10)
    })
    const decays = { usual: 0.02, topics: new Map([['a', 0.1]]) }
    const text = writeLearned({ sums: whole, decays })
    expect(readLearned(text)).toEqual({ sums: whole, decays })
    expect(readLearned(text.replace('mastery', 'mystery'))).toBeNull()
  })
})

describe('policies', () => {
  const contexts = fc.array(
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: DIMENSION, maxLength: DIMENSION }),
    { minLength: 1, maxLength: 12 },
  )
  const sums = noSums(DIMENSION)
  const random = new Random(1)
  for (let i = 0; i < 300; i++) {
    const x = Array.from({ length: DIMENSION }, () => random.uniform())
    addReward(sums, x, 0.2 * x[3]! - 0.1 * x[1]! + 0.3 * random.normal())
  }
  const learned = { sums, decays: NO_DECAYS }

  it('give probabilities that add up to 1, and nothing that learns leaves a candidate without', () => {
    fc.assert(
      fc.property(contexts, (given) => {
        const xs = given.map((x) => Float64Array.from(x))
        for (const id of ['linucb', 'thompson', 'weakest-first'] as const) {
          const p = policyOf(id, learned).probabilities(xs)
          expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9)
          expect(Math.min(...p)).toBeGreaterThanOrEqual(0.1 / xs.length - 1e-12)
          expect(policyOf(id, learned).probabilities(xs)).toEqual(p)
        }
        expect([...RANDOM.probabilities(xs)]).toEqual(xs.map(() => 1 / xs.length))
      }),
      { numRuns: 30 },
    )
  })

  it('choose what they say: the weakest; the greatest upper bound; by lot', () => {
    const x = (mastery: number, readiness: number) => {
      const c = new Float64Array(DIMENSION)
      c[0] = 1
      c[1] = mastery
      c[3] = readiness
      return c
    }
    const xs = [x(0.5, 0.1), x(0.2, 0.5), x(0.3, 1)]
    expect([...weakestFirst().probabilities(xs)]).toEqual([0, 1, 0])
    expect([...weakestFirst().probabilities([xs[1]!, xs[1]!])]).toEqual([0.5, 0.5])
    const model = new LinearModel(sums, 5)
    const bounds = xs.map((c) => model.expect(c) + model.deviation(c))
    const best = bounds.indexOf(Math.max(...bounds))
    const p = linUcb(model).probabilities(xs)
    expect(p[best]).toBeCloseTo(0.9 + 0.1 / 3, 12)
    const counts = [0, 0, 0]
    for (let seed = 0; seed < 9000; seed++) counts[choose(Float64Array.of(0.2, 0.5, 0.3), seed)]!++
    counts.forEach((n, i) => {
      expect(n / 9000).toBeCloseTo([0.2, 0.5, 0.3][i]!, 1)
    })
    expect(policyOf('linucb', null).id).toBe('weakest-first')
  })

  it('of Thompson give the probability of being the best: of two, that of a normal difference above 0', () => {
    const model = new LinearModel(sums, 5)
    const one = Float64Array.from({ length: DIMENSION }, (_, i) => (i % 2 === 0 ? 0.4 : 0.6))
    const two = Float64Array.from({ length: DIMENSION }, (_, i) => (i % 3 === 0 ? 0.7 : 0.3))
    const apart = one.map((v, i) => v - two[i]!)
    const z = model.expect(apart) / model.deviation(apart)
    // Normal distribution function by Simpson's rule.
    let area = 0
    for (let i = 0; i < 2000; i++) {
      const f = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)
      const [a, b] = [(z * i) / 2000, (z * (i + 1)) / 2000]
      area += ((b - a) / 6) * (f(a) + 4 * f((a + b) / 2) + f(b))
    }
    let mean = 0
    for (let seed = 1; seed <= 20; seed++) mean += thompson(model, seed, 0).probabilities([one, two])[0]! / 20
    expect(mean).toBeCloseTo(0.5 + area, 1)
    expect(Math.abs(mean - (0.5 + area))).toBeLessThan(0.02)
  })
})

describe('the reward', () => {
  const answers = (rights: string, shares: number[]): BlockAnswer[] =>
    [...rights].map((c, i) => ({ correct: c === '1', share: shares[i % shares.length]! }))

  it('is the second half against the first, each answer against its item', () => {
    expect(rewardOf(answers('0011', [0.5]))).toEqual({ gain: 1, weight: 0.5 })
    expect(rewardOf(answers('00111', [0.5]))).toEqual({ gain: 1, weight: 0.5 })
    expect(rewardOf(answers('111', [0.5]))).toBeNull()
    // Easier items in the second half: nothing was learned.
    expect(rewardOf(answers('00001111', [0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8]))!.gain).toBeCloseTo(0.4, 12)
  })

  it('expects nothing from who learns nothing, however able, and about half of what was learned else', () => {
    const expected = (p: number[]) => {
      // Over all 2^8 outcomes.
      let mean = 0
      for (let bits = 0; bits < 256; bits++) {
        let w = 1
        const block = p.map((q, i): BlockAnswer => {
          const correct = ((bits >> i) & 1) === 1
          w *= correct ? q : 1 - q
          return { correct, share: 0.6 }
        })
        mean += w * rewardOf(block)!.gain
      }
      return mean
    }
    for (const p of [0.1, 0.5, 0.95]) expect(expected(Array(8).fill(p))).toBeCloseTo(0, 12)
    const rising = Array.from({ length: 8 }, (_, i) => 0.3 + 0.02 * i)
    expect(expected(rising)).toBeCloseTo(0.08, 12)
  })
})
