import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ascending, auc, rank, rocCurve } from './ranking.ts'

const rows = fc.array(
  fc.record({
    y: fc.integer({ min: 0, max: 1 }),
    p: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.25, 0.5, 1)),
  }),
  { maxLength: 60 },
)
const columns = (all: readonly { y: number; p: number }[]) =>
  [Uint8Array.from(all, (r) => r.y), Float64Array.from(all, (r) => r.p)] as const

/** The definition: of all pairs of a right and a wrong answer, the share in which the right one has the greater p. */
function byPairs(y: Uint8Array, p: Float64Array): number {
  let won = 0
  let pairs = 0
  for (const [i, a] of y.entries())
    for (const [j, b] of y.entries()) {
      if (a !== 1 || b !== 0) continue
      pairs++
      won += p[i]! > p[j]! ? 1 : p[i] === p[j] ? 0.5 : 0
    }
  return won / pairs
}

describe('ascending', () => {
  it('sorts as the comparison does, equal values in their order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })), (values) => {
        const p = Float64Array.from(values)
        const expected = [...p.keys()].sort((a, b) => p[a]! - p[b]! || a - b)
        expect([...ascending(p)]).toEqual(expected)
      }),
    )
  })

  it('takes minus zero for zero', () => {
    expect([...ascending(Float64Array.of(0.5, 0, -0, 0.25))]).toEqual([1, 2, 3, 0])
    expect(rank(Float64Array.of(0, -0)).groups).toHaveLength(2)
  })
})

describe('area under the ROC curve', () => {
  it('is what the pairs say', () => {
    // Pairs of right and wrong: (0.8, 0.6) won, (0.8, 0.3) won, (0.3, 0.6) lost, (0.3, 0.3) tied.
    expect(auc(Uint8Array.of(1, 0, 1, 0), Float64Array.of(0.8, 0.6, 0.3, 0.3))).toBe(2.5 / 4)
  })

  it('is its definition over all pairs, whatever the ties', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const [y, p] = columns(all)
        const expected = byPairs(y, p)
        if (Number.isNaN(expected)) expect(auc(y, p)).toBeNaN()
        else expect(auc(y, p)).toBeCloseTo(expected, 12)
      }),
    )
  })

  it('does not hang on the order of the rows, to the bit', () => {
    fc.assert(
      fc.property(
        rows.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(auc(...columns(shuffled))).toBe(auc(...columns(all)))
        },
      ),
    )
  })

  it('turns around with the answers', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const [y, p] = columns(all)
        const a = auc(y, p)
        if (!Number.isNaN(a))
          expect(
            auc(
              y.map((v) => 1 - v),
              p,
            ),
          ).toBeCloseTo(1 - a, 12)
      }),
    )
  })
})

describe('ROC curve', () => {
  it('goes from corner to corner, never back, over the area', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const [y, p] = columns(all)
        const curve = rocCurve(y, p, rank(p), 1000)
        if (curve.length === 0) return
        expect([curve[0]!.false_positive_rate, curve[0]!.true_positive_rate]).toEqual([0, 0])
        expect([curve.at(-1)!.false_positive_rate, curve.at(-1)!.true_positive_rate]).toEqual([1, 1])
        let area = 0
        for (const [i, b] of curve.entries()) {
          const a = curve[i - 1] ?? b
          expect(b.false_positive_rate).toBeGreaterThanOrEqual(a.false_positive_rate)
          expect(b.true_positive_rate).toBeGreaterThanOrEqual(a.true_positive_rate)
          area += (b.false_positive_rate - a.false_positive_rate) * ((a.true_positive_rate + b.true_positive_rate) / 2)
        }
        expect(area).toBeCloseTo(auc(y, p), 12)
      }),
    )
  })

  it('keeps to the number of points asked for', () => {
    const p = Float64Array.from({ length: 5000 }, (_, i) => i / 5000)
    expect(
      rocCurve(
        Uint8Array.from(p, (_, i) => i % 2),
        p,
        rank(p),
        50,
      ).length,
    ).toBeLessThanOrEqual(52)
  })
})
