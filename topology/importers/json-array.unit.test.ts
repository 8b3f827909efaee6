import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonElementSplitter } from './json-array.ts'

function split(text: string, cuts: number[] = []) {
  const splitter = new JsonElementSplitter()
  const places = [...cuts.map((cut) => cut % (text.length + 1)), 0, text.length].sort((a, b) => a - b)
  const elements = []
  for (let i = 1; i < places.length; i++) elements.push(...splitter.push(text.slice(places[i - 1], places[i])))
  return [...elements, ...splitter.end()]
}

describe('JsonElementSplitter', () => {
  it('splits an array into its elements, with their lines', () => {
    expect(split('\uFEFF[\n  {"a": [1, 2]},\n  {"b": "],[\\"}"},\n\n 3 , "x,y"\n]\n')).toEqual([
      { raw: '{"a": [1, 2]}', line: 2 },
      { raw: '{"b": "],[\\"}"}', line: 3 },
      { raw: '3', line: 5 },
      { raw: '"x,y"', line: 5 },
    ])
    expect(split(' [ ] ')).toEqual([])
    expect(split('')).toEqual([])
  })

  it('splits newline-delimited JSON into its lines', () => {
    expect(split('\n{"a":1}\r\n\n{"b":2}')).toEqual([
      { raw: '{"a":1}', line: 2 },
      { raw: '{"b":2}', line: 4 },
    ])
  })

  it('keeps what is broken off or follows the array', () => {
    expect(split('[1, {"a": 2')).toEqual([
      { raw: '1', line: 1 },
      { raw: '{"a": 2', line: 1 },
    ])
    expect(split('[1]\n[2]')).toEqual([
      { raw: '1', line: 1 },
      { raw: '[2]', line: 2 },
    ])
  })

  it('gives the elements of any array, wherever the text is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 8 }),
        fc.array(fc.nat(500), { maxLength: 10 }),
        fc.boolean(),
        (values, cuts, pretty) => {
          const text = JSON.stringify(values, null, pretty ? 2 : 0)
          expect(split(text, cuts).map(({ raw }) => JSON.parse(raw))).toEqual(JSON.parse(text))
        },
      ),
    )
  })

  it('gives the same elements of any text, wherever it is cut', () => {
    const piece = fc.constantFrom('[', ']', '{', '}', '"', '\\', ',', '\n', '1', ' ', '\uFEFF')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(60), { maxLength: 8 }), (pieces, cuts) => {
        const text = pieces.join('')
        expect(split(text, cuts)).toEqual(split(text))
      }),
      { numRuns: 500 },
    )
  })
})
