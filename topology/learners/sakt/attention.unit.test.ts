import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attentionOf, earlier, looksOf, type SeenAnswer } from './attention.ts'
import { answerRow, type SaktServing } from './serving.ts'

describe('what a prediction looked at', () => {
  it('is the mean over heads of each past answer, the greatest first', () => {
    // Two heads, a window of four, of which two past answers are known.
    const shares = Float32Array.of(0, 0, 0.5, 0.125, 0, 0, 0.25, 0.375)
    expect(looksOf(shares, 4, 2, 10)).toEqual({
      looked: 0.625,
      looks: [
        { past: 0, weight: 0.375 },
        { past: 1, weight: 0.25 },
      ],
    })
    expect(looksOf(shares, 4, 2, 1)).toEqual({ looked: 0.625, looks: [{ past: 0, weight: 0.375 }] })
    // With a longer history the same places of the window are other answers.
    expect(looksOf(shares, 4, 12, 2).looks.map((l) => l.past)).toEqual([10, 11])
  })

  it('adds up and is in order, whatever the shares', () => {
    const shares = fc.integer({ min: 1, max: 4 }).chain((heads) =>
      fc.record({
        heads: fc.constant(heads),
        values: fc.array(fc.integer({ min: 0, max: 1024 }), { minLength: 8 * heads, maxLength: 8 * heads }),
        before: fc.integer({ min: 0, max: 20 }),
      }),
    )
    fc.assert(
      fc.property(shares, ({ heads, values, before }) => {
        const { looked, looks } = looksOf(
          Float32Array.from(values, (v) => v / 1024),
          8,
          before,
          100,
        )
        const known = Math.min(8, before)
        let sum = 0
        for (let h = 0; h < heads; h++) for (let k = 8 - known; k < 8; k++) sum += values[h * 8 + k]! / 1024 / heads
        expect(looked).toBeCloseTo(sum, 9)
        expect(looks).toHaveLength(known)
        expect(looks.every((l, i) => i === 0 || looks[i - 1]!.weight >= l.weight)).toBe(true)
        expect([...looks.map((l) => l.past)].sort((a, b) => a - b)).toEqual(
          Array.from({ length: known }, (_, i) => before - known + i),
        )
      }),
    )
  })

  it('is nothing of what was given at the same time', () => {
    expect([...earlier([1, 1, 2, 3, 3, 3, 4].map((at) => ({ at })))]).toEqual([0, 0, 2, 3, 3, 3, 6])
  })

  it('is asked with the answers before, by the kinds of the vocabulary; unknown ones are left out', async () => {
    const vocabulary = { items: ['item q1'], topics: ['t'], itemTopics: [[0]] }
    const asked: { past: number[][]; kinds: number[] }[] = []
    const serving = {
      window: 2,
      async ask(past: readonly ArrayLike<number>[], kinds: Int32Array, shares: (i: number, of: Float32Array) => void) {
        asked.push({ past: past.map((p) => Array.from(p)), kinds: [...kinds] })
        past.forEach((p, i) => {
          shares(i, Float32Array.of(0.25, p.length > 1 ? 0.5 : 0.75))
        })
        return new Float32Array(kinds.length)
      },
    } as unknown as SaktServing
    const a = (item: string | null, topic: string, correct: boolean, at: number): SeenAnswer => ({
      ...{ item, topics: [topic], correct, at },
    })
    const one = [
      a('q1', 't', true, 1),
      a('q9', 't', false, 2),
      a('q1', 'unknown', true, 3),
      a('q8', 'unknown', true, 4),
    ]
    const two = [a('q1', 't', false, 1), a(null, 't', true, 1)]
    const found = await attentionOf(serving, { vocabulary }, [one, two], 3, 1)
    // Kinds: 1 any item of t, 2 q1, 0 neither.
    expect(asked).toEqual([{ past: [[answerRow(2, true)], [answerRow(2, true), answerRow(1, false)]], kinds: [1, 2] }])
    expect(found).toEqual([
      [
        { asked: 1, p: 0.5, looked: 0.75, looks: [{ past: 0, weight: 0.75 }] },
        { asked: 2, p: 0.5, looked: 0.75, looks: [{ past: 1, weight: 0.5 }] },
      ],
      [],
    ])
  })
})
