import { describe, expect, it } from 'vitest'
import { Random } from '../school/random.ts'
import { crossing, separation, twoLognormals } from './mixture.ts'
import { RAPID_OPTIONS, rapidThreshold } from './rapid.ts'
import { EDGES, nearestEdge, TimeHistogram } from './time-histogram.ts'

interface Group {
  n: number
  /** Median, ms. */
  median: number
  sd: number
  right: number
}

function times(seed: number, groups: readonly Group[]): { ms: number; correct: boolean }[] {
  const random = new Random(seed)
  return groups.flatMap((g) =>
    Array.from({ length: g.n }, () => ({
      ms: Math.max(1, Math.round(g.median * Math.exp(g.sd * random.normal()))),
      correct: random.chance(g.right),
    })),
  )
}

function histogram(of: readonly { ms: number; correct: boolean }[]): TimeHistogram {
  const h = new TimeHistogram()
  for (const t of of) h.add(t.ms, t.correct)
  return h
}

const SLOW: Group = { n: 450, median: 15_000, sd: 0.5, right: 0.7 }
const FAST: Group = { n: 90, median: 900, sd: 0.4, right: 0.22 }

describe('histogram of times', () => {
  it('counts exactly below its edges, and finds quantiles to its bins', () => {
    const all = times(1, [SLOW, FAST])
    const h = histogram(all)
    expect([...EDGES].every((e, k) => k === 0 || e > EDGES[k - 1]!)).toBe(true)
    for (const ms of [60, 900, 1234, 5000, 20_000, 4e6]) {
      const edge = nearestEdge(ms)
      if (ms < 3.6e6) expect(Math.abs(edge / ms - 1)).toBeLessThan(0.0102)
      const below = all.filter((t) => t.ms < edge)
      expect(h.below(edge)).toEqual({ answers: below.length, right: below.filter((t) => t.correct).length })
    }
    const sorted = all.map((t) => t.ms).sort((a, b) => a - b)
    for (const q of [0.05, 0.5, 0.9])
      expect(Math.abs(h.quantile(q) / sorted[Math.floor(q * sorted.length)]! - 1)).toBeLessThan(0.03)
    expect(h.mean()).toBeCloseTo(sorted.reduce((a, b) => a + b, 0) / sorted.length, 6)
  })

  it('takes no time for none, and an hour for the longest', () => {
    const h = histogram([0, -5, Number.NaN].map((ms) => ({ ms, correct: true })))
    expect([h.n, h.mean(), h.quantile(0.5)]).toEqual([0, Number.NaN, Number.NaN])
    h.add(1e9, false)
    expect(h.mean()).toBe(EDGES.at(-1))
  })
})

/** Expectation maximisation over the single times, in the textbook's few lines. */
function byTheBook(x: readonly number[]): { share: number; mean: number[]; loglik: number } {
  const density = (v: number, m: number, s: number) =>
    Math.exp(-((v - m) ** 2) / (2 * s * s)) / (s * Math.sqrt(2 * Math.PI))
  let [w, m, s] = [0.2, [Math.log(900), Math.log(15_000)], [0.5, 0.5]]
  for (let i = 0; i < 500; i++) {
    const r = x.map((v) => {
      const [a, b] = [w * density(v, m[0]!, s[0]!), (1 - w) * density(v, m[1]!, s[1]!)]
      return a / (a + b)
    })
    const n = r.reduce((a, b) => a + b, 0)
    const mean = (f: (i: number) => number, total: number) => x.reduce((a, v, j) => a + f(j) * v, 0) / total
    m = [mean((j) => r[j]!, n), mean((j) => 1 - r[j]!, x.length - n)]
    const sd = (f: (i: number) => number, k: number, total: number) =>
      Math.sqrt(x.reduce((a, v, j) => a + f(j) * (v - m[k]!) ** 2, 0) / total)
    s = [sd((j) => r[j]!, 0, n), sd((j) => 1 - r[j]!, 1, x.length - n)]
    w = n / x.length
  }
  const loglik = x.reduce((a, v) => a + Math.log(w * density(v, m[0]!, s[0]!) + (1 - w) * density(v, m[1]!, s[1]!)), 0)
  return { share: w, mean: m, loglik }
}

describe('two lognormal groups', () => {
  it('are those that expectation maximisation over the single times finds', () => {
    const all = times(2, [SLOW, FAST])
    const { x, n } = histogram(all).logTimes()
    const m = twoLognormals(x, n)!
    const by = byTheBook(all.map((t) => Math.log(t.ms)))
    expect(m.share).toBeCloseTo(by.share, 2)
    expect(m.mean[0]).toBeCloseTo(by.mean[0]!, 1)
    expect(m.mean[1]).toBeCloseTo(by.mean[1]!, 1)
    expect(Math.abs(m.loglik - by.loglik)).toBeLessThan(0.01 * Math.abs(by.loglik))
    expect(separation(m)).toBeGreaterThan(4)
    const at = Math.exp(crossing(m)!)
    expect(at).toBeGreaterThan(1800)
    expect(at).toBeLessThan(5000)
  })

  it('are none for times that are all alike', () => {
    expect(twoLognormals(Float64Array.of(3), Float64Array.of(50))).toBe(null)
  })
})

describe('threshold of rapid guesses', () => {
  it('lies between the groups where there are two', () => {
    const all = times(3, [SLOW, FAST])
    const t = rapidThreshold(histogram(all))
    expect(t).toMatchObject({ rule: 'mixture', why: '', chosen: t.mixture })
    const caught = all.slice(SLOW.n).filter((x) => x.ms < t.chosen!).length
    const wronged = all.slice(0, SLOW.n).filter((x) => x.ms < t.chosen!).length
    expect(caught / FAST.n).toBeGreaterThan(0.95)
    expect(wronged / SLOW.n).toBeLessThan(0.02)
  })

  it.each<[string, Group[], RegExp]>([
    ['one group', [SLOW], /one group|run into each other|hardly any|right as often|time enough/],
    ['few times', [{ ...SLOW, n: 60 }], /60 times are known; two groups need 100/],
    ['two groups that overlap', [SLOW, { ...FAST, median: 9000 }], /one group|run into each other/],
    ['fast answers that are right', [SLOW, { ...FAST, right: 0.95 }], /right as often as others/],
    [
      'a faster group that had time to read',
      [
        { ...SLOW, median: 120_000 },
        { ...FAST, median: 15_000, n: 200 },
      ],
      /time enough to read/,
    ],
  ])('is a tenth of the mean for %s', (_, groups, why) => {
    const h = histogram(times(4, groups))
    const t = rapidThreshold(h)
    expect(t.rule).toBe('normative')
    expect(t.why).toMatch(why)
    expect(t.chosen).toBe(nearestEdge(Math.min(10_000, 0.1 * h.mean())))
  })

  it('is capped, and none for a handful of times', () => {
    const slow = histogram(times(5, [{ ...SLOW, median: 400_000, n: 80 }]))
    expect(rapidThreshold(slow).normative).toBe(nearestEdge(RAPID_OPTIONS.capMs))
    const few = histogram(times(5, [{ ...SLOW, n: 9 }]))
    expect(rapidThreshold(few)).toMatchObject({ rule: 'none', chosen: null, normative: null })
    expect(rapidThreshold(few, RAPID_OPTIONS, 1500)).toMatchObject({ rule: 'pooled', chosen: 1500, normative: null })
    expect(rapidThreshold(slow, RAPID_OPTIONS, 1500)).toMatchObject({ rule: 'normative' })
  })
})
