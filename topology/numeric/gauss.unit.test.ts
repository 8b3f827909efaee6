import { describe, expect, it } from 'vitest'
import { gauss } from './gauss.ts'

describe('a quadrature', () => {
  it.each([1, 2, 3, 5, 8, 16])('of %i points integrates polynomials of twice its degree less one', (n) => {
    const { at, weight } = gauss(n)
    for (let degree = 0; degree < 2 * n; degree++) {
      const integral = at.reduce((sum, t, q) => sum + weight[q]! * t ** degree, 0)
      expect(integral).toBeCloseTo(1 / (degree + 1), 13)
    }
    const beyond = at.reduce((sum, t, q) => sum + weight[q]! * t ** (2 * n), 0)
    if (n < 5) expect(Math.abs(beyond - 1 / (2 * n + 1))).toBeGreaterThan(1e-8)
  })

  it('of no points is empty', () => {
    expect(gauss(0).at).toHaveLength(0)
  })
})
