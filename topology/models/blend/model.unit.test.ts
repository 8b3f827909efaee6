import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digits } from '../../testing/model-walk.ts'
import golden from './golden.json' with { type: 'json' }
import { BLEND } from './model.ts'

const SETS = [[0.5, 0.27, 0.5], [1, 1, 1], [0, 0, 0], [0.1, 0.9, 0.2], [0.9999999, 1e-9, 0.5], [0.3]]
const mean = (parts: readonly number[]) => parts.reduce((s, x) => s + x / parts.length, 0)
const combine = (parts: readonly number[]) => BLEND.combine(Float64Array.from(parts), 0, parts.length)
const unit = fc.double({ min: 0, max: 1, noNaN: true })

describe('the blend', () => {
  it('says what the golden file says, which an independent implementation made', () => {
    const text = (of: (parts: readonly number[]) => number) =>
      `[\n${SETS.map((parts) => `  ${JSON.stringify({ parts, blend: digits(of(parts)) })}`).join(',\n')}\n]\n`
    expect(JSON.parse(text(mean))).toEqual(golden)
    expect(text(combine)).toBe(text(mean))
  })

  it('lies between the least and the greatest of its parts, and rises with each', () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 8 }), unit, (parts, more) => {
        const blend = combine(parts)
        expect(blend).toBeGreaterThanOrEqual(Math.min(...parts) - 1e-15)
        expect(blend).toBeLessThanOrEqual(Math.max(...parts) + 1e-15)
        expect(combine(parts.with(0, Math.max(parts[0]!, more)))).toBeGreaterThanOrEqual(blend)
      }),
      { seed: 1 },
    )
  })

  it('does not depend on what stands beside its parts', () => {
    expect(BLEND.combine(Float64Array.of(9, 0.2, 0.4, 9), 1, 2)).toBeCloseTo(0.3, 15)
  })
})
