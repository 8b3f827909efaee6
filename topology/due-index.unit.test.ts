import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DueIndex } from './due-index.ts'

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
const change = fc.record({ key, due: fc.oneof(fc.nat(20), fc.constant(Number.POSITIVE_INFINITY)) })
const ask = fc.record({ until: fc.nat(20), most: fc.integer({ min: 1, max: 5 }) })

describe('the index of who is due', () => {
  it('gives who a look at every key would give, in the same order, however times were put off', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(change, ask), { maxLength: 60 }), (ops) => {
        const index = new DueIndex()
        const all = new Map<string, number>()
        for (const op of ops) {
          if ('due' in op) {
            index.set(op.key, op.due)
            all.set(op.key, op.due)
            continue
          }
          const should = [...all]
            .filter(([, due]) => due <= op.until)
            .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
            .slice(0, op.most)
            .map(([k]) => k)
          expect(index.due(op.until, op.most)).toEqual(should)
        }
        expect(index.size).toBe([...all.values()].filter(Number.isFinite).length)
      }),
    )
  })
})
