import { describe, expect, it } from 'vitest'
import { Random } from '../school/random.ts'
import { kaplanMeier, quantileOf } from './kaplan-meier.ts'
import { shrink } from './shrink.ts'
import { timeToMastery } from './time-to-mastery.ts'
import { slopeOf } from './velocity.ts'
import { wilson } from './wilson.ts'

describe('slope with the standard error of Newey and West', () => {
  /** The sandwich as a double sum over all pairs of points, with the weights by their distance. */
  function sandwich(x: number[], y: number[]) {
    const n = x.length
    const mean = (v: number[]) => v.reduce((a, b) => a + b, 0) / n
    const [mx, my] = [mean(x), mean(y)]
    const xx = x.reduce((s, v) => s + (v - mx) ** 2, 0)
    const slope = x.reduce((s, v, i) => s + (v - mx) * (y[i]! - my), 0) / xx
    const u = x.map((v, i) => (v - mx) * (y[i]! - my - slope * (v - mx)))
    const lags = Math.floor(4 * (n / 100) ** (2 / 9))
    let sum = 0
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) sum += Math.max(0, 1 - Math.abs(i - j) / (lags + 1)) * u[i]! * u[j]!
    return { slope, se: Math.sqrt((sum * n) / (n - 2)) / xx }
  }

  it('is the sandwich summed over all pairs', () => {
    const random = new Random(5)
    for (const n of [4, 7, 30, 200]) {
      const x = Array.from({ length: n }, (_, i) => i + random.uniform())
      const y = x.map((v) => 0.2 + 0.01 * v + 0.1 * random.normal())
      const found = slopeOf(x, y)!
      const wanted = sandwich(x, y)
      expect(found.slope).toBeCloseTo(wanted.slope, 12)
      expect(found.se).toBeCloseTo(wanted.se, 12)
    }
  })

  it('has a 95 % interval that holds the slope nearly as often where errors hang together, unlike the usual one', () => {
    const random = new Random(9)
    const held = { robust: 0, usual: 0 }
    const runs = 400
    for (let run = 0; run < runs; run++) {
      const x = Array.from({ length: 80 }, (_, i) => i)
      let e = 0
      const y = x.map((v) => {
        e = 0.6 * e + random.normal()
        return 0.05 * v + e
      })
      const { slope, se } = slopeOf(x, y)!
      if (Math.abs(slope - 0.05) < 1.96 * se) held.robust++
      const mx = 39.5
      const my = y.reduce((a, b) => a + b, 0) / 80
      const xx = x.reduce((s, v) => s + (v - mx) ** 2, 0)
      const rss = y.reduce((s, v, i) => s + (v - my - slope * (x[i]! - mx)) ** 2, 0)
      if (Math.abs(slope - 0.05) < 1.96 * Math.sqrt(rss / 78 / xx)) held.usual++
    }
    expect(held.robust / runs).toBeGreaterThan(0.8)
    expect(held.usual / runs).toBeLessThan(0.75)
  })

  it('is not computed of too few points, nor of points in one place', () => {
    expect(slopeOf([1, 2, 3], [1, 2, 3])).toBeNull()
    expect(slopeOf([2, 2, 2, 2], [1, 2, 3, 4])).toBeNull()
    expect(slopeOf([1, 2, 3, 4], [1, 2, 3, 4])).toEqual({ slope: 1, se: 0, n: 4 })
  })
})

describe('time to mastery', () => {
  const day = 86_400_000
  const at = [0, 1, 2, 4, 8].map((d) => d * day)

  it('is that of the last of the opportunities that it had to hold for', () => {
    expect(timeToMastery([0.1, 0.8, 0.6, 0.7, 0.7], at, 0.7, 2)).toEqual({ reached: true, opportunities: 5, days: 8 })
    expect(timeToMastery([0.7, 0.9, 0.1, 0.1, 0.1], at, 0.7, 2)).toEqual({ reached: true, opportunities: 2, days: 1 })
  })

  it('is censored after all that was seen', () => {
    expect(timeToMastery([0.1, 0.8, 0.6, 0.7, 0.6], at, 0.7, 2)).toEqual({ reached: false, opportunities: 5, days: 8 })
    expect(timeToMastery([], [], 0.7, 2)).toEqual({ reached: false, opportunities: 0, days: 0 })
  })
})

describe('Kaplan and Meier', () => {
  it('gives the published curve of the leukaemia trial of Freireich and others (Blood 21, 1963), treated arm', () => {
    const reached = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    const censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    const counts = new Map<number, [number, number]>()
    for (const [times, which] of [
      [reached, 0],
      [censored, 1],
    ] as const)
      for (const t of times) {
        const c = counts.get(t) ?? [0, 0]
        c[which]++
        counts.set(t, c)
      }
    const curve = kaplanMeier([...counts].map(([time, [r, c]]) => ({ time, reached: r, censored: c })))
    const shown = curve.filter((p) => p.reached > 0).map((p) => [p.time, p.atRisk, p.survival, p.low, p.high])
    const published = [
      [6, 21, 0.8571, 0.6197, 0.9516],
      [7, 17, 0.8067, 0.5631, 0.9228],
      [10, 15, 0.7529, 0.5032, 0.8894],
      [13, 12, 0.6902, 0.4316, 0.8491],
      [16, 11, 0.6275, 0.3675, 0.8049],
      [22, 7, 0.5378, 0.2678, 0.7468],
      [23, 6, 0.4482, 0.1881, 0.6801],
    ]
    expect(shown).toHaveLength(published.length)
    shown.forEach((row, i) => {
      row.forEach((v, j) => {
        expect(v).toBeCloseTo(published[i]![j]!, 4)
      })
    })
    expect(quantileOf(curve, 0.5)).toBe(23)
    expect(quantileOf(curve, 0.9)).toBeNull()
  })

  it('ends at 0 where everybody gets there', () => {
    const curve = kaplanMeier([
      { time: 1, reached: 1, censored: 0 },
      { time: 2, reached: 1, censored: 0 },
    ])
    expect(curve.map((p) => [p.survival, p.low])).toEqual([
      [0.5, expect.closeTo(0.006, 4)],
      [0, 0],
    ])
    expect(curve[1]!.high).toBe(curve[0]!.high)
  })
})

describe("Wilson's interval", () => {
  it.each([
    [0, 10, 0, 0.2775],
    [5, 10, 0.2366, 0.7634],
    [9, 10, 0.5958, 0.9821],
    [0, 0, 0, 1],
  ])('of %i in %i', (k, n, low, high) => {
    expect(wilson(k, n).low).toBeCloseTo(low, 4)
    expect(wilson(k, n).high).toBeCloseTo(high, 4)
  })
})

describe('shrinking', () => {
  it('makes one value of those that differ by their errors only, and leaves exact ones alone', () => {
    const alike = [0.1, 0.12, 0.08].map((value) => ({ value, se: 0.1 }))
    expect(shrink(alike).values).toEqual([0.1, 0.1, 0.1].map((v) => expect.closeTo(v, 12)))
    const exact = [0, 1, 2].map((value) => ({ value, se: 1e-6 }))
    shrink(exact).values.forEach((v, i) => {
      expect(v).toBeCloseTo(i, 9)
    })
    expect(shrink([{ value: 3, se: 2 }])).toEqual({ mean: 3, values: [3] })
  })

  it('errs less than the values themselves do', () => {
    const random = new Random(2)
    let raw = 0
    let drawn = 0
    for (let run = 0; run < 200; run++) {
      const truth = Array.from({ length: 20 }, () => 0.05 + 0.03 * random.normal())
      const given = truth.map((t) => {
        const se = 0.02 + 0.06 * random.uniform()
        return { value: t + se * random.normal(), se }
      })
      const { values } = shrink(given)
      truth.forEach((t, i) => {
        raw += (given[i]!.value - t) ** 2
        drawn += (values[i]! - t) ** 2
      })
    }
    expect(drawn / raw).toBeLessThan(0.5)
  })
})
