import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RowNumbers } from './row-numbers.ts'

it('finds the last row of every line that begins one, and none on other lines', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 60 }), (first, steps) => {
      const numbers = new RowNumbers()
      const known = new Map<number, number>()
      let line = 2
      for (const [i, lines] of steps.entries()) {
        numbers.add(line, first + i)
        known.set(line, first + i)
        line += lines
      }
      for (let l = 0; l < line + 3; l++) expect([l, numbers.of(l)]).toEqual([l, known.get(l) ?? -1])
    }),
  )
})
