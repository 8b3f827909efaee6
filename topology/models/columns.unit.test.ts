import { describe, expect, it } from 'vitest'
import { rowsOf } from './columns.ts'

const RANGES = { x: { low: 0, high: 1 }, y: { low: -5, high: 5, otherwise: 2 } }
const read = (json: unknown) => [...rowsOf(json, 'items', RANGES)]

describe('tables of parameters', () => {
  it('gives the rows by name', () => {
    expect(read({ items: { name: ['a', 'b'], x: [0, 1], y: [-5, 5], more: ['is', 'ignored'] } })).toEqual([
      ['a', { x: 0, y: -5 }],
      ['b', { x: 1, y: 5 }],
    ])
  })

  it('takes the default of a column that is left out, and a table that is left out for empty', () => {
    expect(read({ items: { name: ['a'], x: [1] } })).toEqual([['a', { x: 1, y: 2 }]])
    expect(read({})).toEqual([])
    expect(read(null)).toEqual([])
  })

  it.each([
    [{ items: null }, /Field "items" must have an array "name"/],
    [{ items: { x: [1] } }, /Field "items" must have an array "name"/],
    [{ items: { name: ['a', 'b'], x: [1] } }, /must have an array "x" of 2 numbers/],
    [{ items: { name: ['a'] } }, /must have an array "x" of 1 numbers/],
    [{ items: { name: ['a'], x: [1.5] } }, /"x" of "a" must be a number from 0 to 1; it is 1.5/],
    [{ items: { name: ['a'], x: ['1'] } }, /"x" of "a" must be a number/],
    [{ items: { name: ['a'], x: [1], y: [null] } }, /"y" of "a" must be a number/],
    [{ items: { name: [7], x: [1] } }, /has 7 for a name/],
  ])('refuses %j', (json, message) => {
    expect(() => read(json)).toThrow(message)
  })
})
