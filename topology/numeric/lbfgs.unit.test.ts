import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { minimise } from './lbfgs.ts'

describe('L-BFGS', () => {
  it('finds the least value of an ill-conditioned quadratic', () => {
    const scale = Float64Array.from({ length: 30 }, (_, i) => 1 + i * i)
    const at = Float64Array.from({ length: 30 }, (_, i) => Math.sin(i))
    const found = minimise(
      (x, g) => {
        let f = 0
        for (let i = 0; i < x.length; i++) {
          const d = x[i]! - at[i]!
          g[i] = 2 * scale[i]! * d
          f += scale[i]! * d * d
        }
        return f
      },
      new Float64Array(30),
      { tolerance: 1e-8, iterations: 500 },
    )
    expect(found.converged).toBe(true)
    for (const [i, x] of found.x.entries()) expect(x).toBeCloseTo(at[i]!, 8)
  })

  it('finds the log odds, and never goes up on its way', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }), (right, wrong) => {
        const values: number[] = []
        const { x } = minimise(
          ([z], g) => {
            const p = 1 / (1 + Math.exp(-z!))
            g[0] = (right + wrong) * p - right
            return -right * Math.log(p) - wrong * Math.log(1 - p)
          },
          new Float64Array(1),
          { tolerance: 1e-9, iterations: 200 },
          (_, value) => values.push(value),
        )
        expect(x[0]).toBeCloseTo(Math.log(right / wrong), 6)
        expect(values).toEqual([...values].sort((a, b) => b - a))
      }),
    )
  })

  it('tells when the iterations ran out, and stops for whoever throws', () => {
    const f = (x: Float64Array, g: Float64Array) => {
      g[0] = 2 * (x[0]! - 3)
      g[1] = 200 * (x[1]! + 1)
      return (x[0]! - 3) * (x[0]! - 3) + 100 * (x[1]! + 1) * (x[1]! + 1)
    }
    expect(minimise(f, new Float64Array(2), { tolerance: 1e-12, iterations: 1 }).converged).toBe(false)
    const stop = () => {
      throw new Error('enough')
    }
    expect(() => minimise(f, new Float64Array(2), { tolerance: 0, iterations: 9 }, stop)).toThrow('enough')
  })
})
