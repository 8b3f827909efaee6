import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addTo, BOUNDS_MS, binOf, countOf, merged, quantileMs } from './latency.ts'

const durations = fc.array(fc.double({ min: 0, max: 200_000, noNaN: true }), { minLength: 1, maxLength: 200 })

function binsOf(all: readonly number[]): number[] {
  const bins: number[] = []
  for (const ms of all) addTo(bins, ms, 1)
  return bins
}

describe('bins of milliseconds', () => {
  it('have bounds that rise, 500 among them', () => {
    expect([...BOUNDS_MS].sort((a, b) => a - b)).toEqual([...BOUNDS_MS])
    expect(new Set(BOUNDS_MS).size).toBe(BOUNDS_MS.length)
    expect(BOUNDS_MS).toContain(500)
  })

  it('hold what is not longer than their bound', () => {
    for (const [i, bound] of BOUNDS_MS.entries()) {
      expect(binOf(bound)).toBe(i)
      expect(binOf(bound + 0.001)).toBe(Math.min(i + 1, BOUNDS_MS.length - 1))
    }
    expect(binOf(0)).toBe(0)
    expect(binOf(Number.POSITIVE_INFINITY)).toBe(BOUNDS_MS.length - 1)
  })

  it('are added to as many at a time as they come', () => {
    const bins: number[] = []
    addTo(bins, 3, 100)
    addTo(bins, 0.2, 1)
    addTo(bins, 5, 11)
    expect(bins).toEqual([1, 0, 111])
    expect(countOf(bins)).toBe(112)
  })

  it('merge to what all of it would have come to', () => {
    fc.assert(
      fc.property(durations, durations, (a, b) => {
        expect(merged(binsOf(a), binsOf(b))).toEqual(binsOf([...a, ...b]))
      }),
    )
    expect(merged([], [1, 2])).toEqual([1, 2])
  })
})

describe('a quantile', () => {
  it('is the bound of the bin that the exact one lies in', () => {
    fc.assert(
      fc.property(durations, fc.constantFrom(0, 0.5, 0.9, 0.99, 1), (all, q) => {
        const sorted = [...all].sort((a, b) => a - b)
        const exact = sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-9) - 1)]!
        expect(quantileMs(binsOf(all), q)).toBe(BOUNDS_MS[binOf(exact)])
      }),
    )
  })

  it('is above 500 ms only where more than the rest is', () => {
    const bins: number[] = []
    addTo(bins, 500, 99)
    addTo(bins, 501, 1)
    expect(quantileMs(bins, 0.99)).toBe(500)
    addTo(bins, 501, 1)
    expect(quantileMs(bins, 0.99)).toBe(750)
  })

  it('of nothing is not known', () => {
    expect(quantileMs([], 0.99)).toBeNull()
    expect(quantileMs([0, 0], 0.5)).toBeNull()
  })
})
