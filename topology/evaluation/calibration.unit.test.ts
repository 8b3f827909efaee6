import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { brierParts, calibrationError, equalMass, equalWidth, reliabilityCurve } from './calibration.ts'
import { scores } from './metrics.ts'

const rows = fc.array(
  fc.record({
    y: fc.integer({ min: 0, max: 1 }),
    p: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 1)),
  }),
  { minLength: 1, maxLength: 80 },
)
const columns = (all: readonly { y: number; p: number }[]) =>
  [Uint8Array.from(all, (r) => r.y), Float64Array.from(all, (r) => r.p)] as const

describe('bins', () => {
  it('of equal width end below the next one begins, and 1 is in the last', () => {
    expect([...equalWidth(Float64Array.of(0, 0.0999, 0.1, 0.55, 0.9, 1), 10)]).toEqual([0, 0, 1, 5, 9, 9])
  })

  it('of equal mass hold as many rows each where nothing ties', () => {
    const p = Float64Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) / 1000)
    const counts = new Map<number, number>()
    for (const b of equalMass(p, 10)) counts.set(b, (counts.get(b) ?? 0) + 1)
    expect([...counts.values()]).toEqual(Array(10).fill(10))
  })

  it('of equal mass keep ties together, and rise with p', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const [, p] = columns(all)
        const bins = equalMass(p, 7)
        for (const [i, a] of p.entries())
          for (const [j, b] of p.entries()) {
            if (a === b) expect(bins[i]).toBe(bins[j])
            if (a < b) expect(bins[i]!).toBeLessThanOrEqual(bins[j]!)
          }
      }),
    )
  })
})

describe('calibration error', () => {
  it('is what a calculator says', () => {
    const y = Uint8Array.of(1, 0, 1, 1, 1)
    const p = Float64Array.of(0.2, 0.2, 0.2, 0.9, 0.9)
    const curve = reliabilityCurve(y, p, equalWidth(p, 10))
    expect(curve.map((b) => b.n)).toEqual([3, 2])
    // 3/5 |2/3 - 0.2| + 2/5 |1 - 0.9|
    expect(calibrationError(curve)).toBeCloseTo(0.6 * (2 / 3 - 0.2) + 0.4 * 0.1, 12)
  })

  it('is nothing where bins come out as they were predicted', () => {
    const p = Float64Array.of(0.25, 0.25, 0.25, 0.25)
    expect(calibrationError(reliabilityCurve(Uint8Array.of(1, 0, 0, 0), p, equalMass(p, 10)))).toBe(0)
  })
})

describe('parts of the Brier score', () => {
  it('are what a calculator says', () => {
    const p = Float64Array.of(0.2, 0.2, 0.8, 0.8)
    const parts = brierParts(Uint8Array.of(0, 1, 1, 1), p, equalWidth(p, 10))
    // Bins: rate 1/2 at 0.2, rate 1 at 0.8; overall 3/4.
    expect(parts.reliability).toBeCloseTo((0.3 * 0.3 + 0.2 * 0.2) / 2, 12)
    expect(parts.resolution).toBeCloseTo((0.25 * 0.25 + 0.25 * 0.25) / 2, 12)
    expect(parts.uncertainty).toBeCloseTo(3 / 16, 12)
    expect(parts.within_bins).toBeCloseTo(0, 12)
  })

  it('sum up to the score, whatever the bins', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 15 }), fc.boolean(), (all, count, wide) => {
        const [y, p] = columns(all)
        const parts = brierParts(y, p, wide ? equalWidth(p, count) : equalMass(p, count))
        const sum = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bins
        expect(sum).toBeCloseTo(scores(y, p).brier, 10)
        expect(parts.reliability).toBeGreaterThanOrEqual(0)
        expect(parts.resolution).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})
