import { describe, expect, it } from 'vitest'
import { LEAST_P, scores, surprise } from './metrics.ts'

describe('scores', () => {
  it('are what a calculator says', () => {
    const s = scores(Uint8Array.of(1, 0, 1, 0), Float64Array.of(0.8, 0.4, 0.5, 0.6))
    expect(s.n).toBe(4)
    expect(s.rate).toBe(0.5)
    expect(s.mean_p).toBeCloseTo(0.575, 12)
    // A p of one half says correct; 0.6 for a wrong answer is the one miss.
    expect(s.accuracy).toBe(0.75)
    // 0.04 + 0.16 + 0.25 + 0.36 = 0.81
    expect(s.brier).toBeCloseTo(0.2025, 12)
    expect(s.rmse).toBeCloseTo(0.45, 12)
    expect(s.log_loss).toBeCloseTo((Math.log(1 / 0.8) + Math.log(1 / 0.6) + Math.log(2) + Math.log(1 / 0.4)) / 4, 12)
  })

  it('bound the loss of a certain mistake', () => {
    expect(surprise(0, 1)).toBeCloseTo(-Math.log(LEAST_P), 1)
    expect(surprise(1, 0)).toBe(-Math.log(LEAST_P))
    expect(surprise(1, 1)).toBeLessThan(1e-14)
  })

  it('are no numbers for no rows', () => {
    const { n, ...rest } = scores(new Uint8Array(0), new Float64Array(0))
    expect(n).toBe(0)
    for (const value of Object.values(rest)) expect(value).toBeNaN()
  })
})
