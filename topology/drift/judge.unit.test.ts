import { describe, expect, it } from 'vitest'
import { chiSquareTail, fTail, normalTail, tBothTails } from '../numeric/special.ts'
import { Random } from '../school/random.ts'
import { binnedKs, binnedWasserstein } from './binned.ts'
import { phaseOf, samePhase, weekOf } from './calendar.ts'
import { compare } from './compare.ts'
import { benjaminiHochberg, calibrationError } from './comparison.ts'
import { GROUPS, Histogram } from './histogram.ts'
import { judge } from './judge.ts'
import { ksDistance, sorted, wasserstein } from './samples.ts'
import { binOf, scaleOf } from './scales.ts'
import { type Series, seriesName } from './series.ts'
import { SeriesState } from './series-state.ts'
import { POLICY } from './testing/policy.ts'
import { type ClosedWindow, closeWindow } from './window.ts'

const SCALE = scaleOf('probability')
const WEEK = 7 * 86_400_000
const MONDAY = weekOf(Date.UTC(2025, 8, 3))
const SERIES: Series = { kind: 'score', name: 'prediction', model: 'bkt', version: '1', scale: 'probability' }

/** A week of students, each with answers about a level of their own; `shift` moves all. */
function week(
  random: Random,
  at: number,
  students: number,
  answers: number,
  clustered: number,
  shift = 0,
): ClosedWindow {
  const h = new Histogram(SCALE.edges.length + 1, 1)
  for (let s = 0; s < students; s++) {
    const own = clustered * random.normal()
    for (let i = 0; i < answers; i++) {
      const z = own + Math.sqrt(1 - clustered * clustered) * random.normal() + shift
      const x = 1 / (1 + Math.exp(-z))
      h.add(s % GROUPS, binOf(SCALE.edges, x), x)
    }
  }
  return closeWindow(h, at, at + WEEK)
}

/** Share of windows without a drift whose p is at or below alpha. */
function falseAlarms(clustered: number, alpha: number, runs: number, naive = false): number {
  const random = new Random(5)
  let n = 0
  for (let r = 0; r < runs; r++) {
    const weeks = Array.from({ length: 8 }, (_, i) => week(random, MONDAY + i * WEEK, 80, 15, clustered))
    const c = compare(POLICY, SERIES, week(random, MONDAY + 9 * WEEK, 80, 15, clustered), weeks)
    const chi = c.metrics.find((m) => m.name === 'chi_square')!
    if (naive ? chiSquareTail(chi.value, 9) <= alpha : c.p <= alpha) n++
  }
  return n / runs
}

describe('special functions', () => {
  it('agree with tables', () => {
    expect(chiSquareTail(16.918977604620448, 9)).toBeCloseTo(0.05, 12)
    expect(fTail(3.020382947021377, 9, 10)).toBeCloseTo(0.05, 9)
    expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 12)
    expect(tBothTails(2.3646242515927844, 7)).toBeCloseTo(0.05, 10)
  })
})

describe('critical values', () => {
  it('hold for independent answers', () => {
    expect(falseAlarms(0, 0.05, 300)).toBeLessThan(0.08)
  })

  it('hold where the answers of a student have much in common, for which taking them as independent is no use', () => {
    expect(falseAlarms(0.7, 0.05, 300)).toBeLessThan(0.12)
    expect(falseAlarms(0.7, 0.05, 300, true)).toBeGreaterThan(0.4)
  })

  it('let a shift of half a standard deviation through', () => {
    const random = new Random(9)
    let found = 0
    for (let r = 0; r < 50; r++) {
      const weeks = Array.from({ length: 8 }, (_, i) => week(random, MONDAY + i * WEEK, 200, 15, 0.7))
      if (compare(POLICY, SERIES, week(random, MONDAY + 9 * WEEK, 200, 15, 0.7, 0.5), weeks).p < 0.01) found++
    }
    expect(found).toBeGreaterThan(40)
  })
})

describe('metrics from bins', () => {
  it.each([0, 0.25, 0.5])('bound those of the values, at a shift of %f', (shift) => {
    const random = new Random(2)
    const draw = (n: number, by: number) => Array.from({ length: n }, () => 1 / (1 + Math.exp(-random.normal() - by)))
    const [a, b] = [draw(2000, 0), draw(1000, shift)]
    const count = (x: number[]) => {
      const c = new Float64Array(SCALE.edges.length + 1)
      for (const v of x) c[binOf(SCALE.edges, v)]!++
      return c
    }
    const ks = binnedKs(count(a), count(b))
    const exact = ksDistance(sorted(a), sorted(b))
    expect(ks.value).toBeLessThanOrEqual(exact + 1e-12)
    expect(ks.value + ks.error).toBeGreaterThanOrEqual(exact)
    expect(ks.error).toBeLessThan(0.08)
    const way = binnedWasserstein(SCALE, count(a), count(b))
    expect(Math.abs(way.value - wasserstein(sorted(a), sorted(b)))).toBeLessThanOrEqual(way.error)
    expect(Math.abs(way.value - wasserstein(sorted(a), sorted(b)))).toBeLessThan(0.003)
  })

  it('take a table without miscalibration for one', () => {
    const cells = Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0 ? 1000 * (1 - (i / 2 + 0.5) / 20) : (1000 * ((i - 1) / 2 + 0.5)) / 20,
    )
    expect(calibrationError(cells)).toBeCloseTo(0, 12)
  })
})

describe('a round', () => {
  it('corrects p values as Benjamini and Hochberg do', () => {
    const found = benjaminiHochberg([0.01, 0.04, 0.03, 0.005, 0.8])
    ;[0.025, 0.05, 0.05, 0.025, 0.8].forEach((p, i) => void expect(found[i]).toBeCloseTo(p, 12))
  })

  function judged(shifts: readonly number[]) {
    const random = new Random(4)
    const series = new SeriesState(SERIES, SCALE.edges.length + 1, [])
    return shifts.map((shift, i) => {
      const window = week(random, MONDAY + i * WEEK, 150, 15, 0.5, shift)
      const [v] = judge(POLICY, 'week', [{ series, window }])
      series.keep('week', window)
      return v!.state
    })
  }

  it('calls a drift only what shows in two of three windows', () => {
    const quiet = [0, 0, 0, 0, 0, 0]
    expect(judged([...quiet, 0.8, 0, 0])).toEqual([
      ...Array.from({ length: 5 }, () => 'no_reference'),
      'stable',
      'suspect',
      'stable',
      'stable',
    ])
    expect(judged([...quiet, 0.8, 0, 0.8]).slice(6)).toEqual(['suspect', 'stable', 'drift'])
  })

  it('says nothing of too few rows', () => {
    const series = new SeriesState(SERIES, SCALE.edges.length + 1, [])
    const window = week(new Random(1), MONDAY, 9, 10, 0)
    expect(judge(POLICY, 'week', [{ series, window }])[0]!.state).toBe('insufficient')
    expect(seriesName(SERIES)).toBe('score/prediction/bkt@1')
  })
})

describe('the school year', () => {
  const terms = [
    { name: 'autumn', from: 901, to: 1219 },
    { name: 'winter', from: 1228, to: 214 },
  ]
  it('finds the same weeks of the year before', () => {
    const a = phaseOf(terms, weekOf(Date.UTC(2024, 9, 10)))
    const b = phaseOf(terms, weekOf(Date.UTC(2025, 9, 9)))
    expect(a.term).toBe('autumn')
    expect(samePhase(a, b)).toBe(true)
    expect(samePhase(b, phaseOf(terms, weekOf(Date.UTC(2025, 9, 16))))).toBe(false)
  })

  it('knows a term that wraps round the turn of the year, and what lies between terms', () => {
    expect(phaseOf(terms, weekOf(Date.UTC(2026, 0, 7)))).toEqual({ term: 'winter', week: 2, year: 2025 })
    expect(phaseOf(terms, weekOf(Date.UTC(2025, 6, 9))).term).toBe(null)
  })

  it('goes by the week of the year where no terms are configured', () => {
    expect(samePhase(phaseOf([], weekOf(Date.UTC(2024, 9, 10))), phaseOf([], weekOf(Date.UTC(2025, 9, 9))))).toBe(true)
  })
})
