import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectDelimiter, RecordSplitter, splitFields } from './delimited.ts'

function split(text: string, cuts: number[] = [], options: ConstructorParameters<typeof RecordSplitter>[0] = {}) {
  const splitter = new RecordSplitter(options)
  const places = [...cuts.map((cut) => cut % (text.length + 1)), 0, text.length].sort((a, b) => a - b)
  const records = []
  for (let i = 1; i < places.length; i++) records.push(...splitter.push(text.slice(places[i - 1], places[i])))
  return [...records, ...splitter.end()]
}

const raws = (text: string) => split(text).map(({ raw }) => raw)

describe('RecordSplitter', () => {
  it('ends records at LF and CRLF, and drops the byte order mark and empty lines', () => {
    expect(split('\uFEFFa,b\r\n1,2\n\n\r\n3,4')).toEqual([
      { raw: 'a,b', line: 1 },
      { raw: '1,2', line: 2 },
      { raw: '3,4', line: 5 },
    ])
    expect(split('')).toEqual([])
  })

  it('keeps line ends inside a quoted field, and counts them', () => {
    expect(split('a,b\n"x\ny",2\n"p ""q""\n\n",3\nlast,4\n')).toEqual([
      { raw: 'a,b', line: 1 },
      { raw: '"x\ny",2', line: 2 },
      { raw: '"p ""q""\n\n",3', line: 4 },
      { raw: 'last,4', line: 7 },
    ])
  })

  it('takes a quote for a plain character inside a field and after another delimiter', () => {
    expect(raws('a,b\n5" pipe,1\n;"x,2\n')).toEqual(['a,b', '5" pipe,1', ';"x,2'])
    expect(raws('a;b\n1;"x\ny"\n')).toEqual(['a;b', '1;"x\ny"'])
    expect(split('"a\nb\n', [], { quoting: 'none' }).map(({ raw }) => raw)).toEqual(['"a', 'b'])
    expect(split('1\t"x\ny"', [], { delimiter: '\t' }).map(({ raw }) => raw)).toEqual(['1\t"x\ny"'])
  })

  it('loses no more than its own line to a quote that never closes', () => {
    expect(split('a,b\n"oops,1\n2,2\n"so,3\n4,4')).toEqual([
      { raw: 'a,b', line: 1 },
      { raw: '"oops,1', line: 2 },
      { raw: '2,2', line: 3 },
      { raw: '"so,3', line: 4 },
      { raw: '4,4', line: 5 },
    ])
    expect(raws('a,b\n"oops')).toEqual(['a,b', '"oops'])
  })

  it('gives up an open quote after 256 Ki characters, without waiting for the end of the file', () => {
    const splitter = new RecordSplitter({ delimiter: ',' })
    const rows = Array.from({ length: 30_000 }, (_, i) => `row ${i},1234567`)
    const records = splitter.push(`"oops,1\n${rows.join('\n')}\n`)
    expect(records.length).toBe(30_001)
    expect(records[0]).toEqual({ raw: '"oops,1', line: 1 })
    expect(records[30_000]).toEqual({ raw: 'row 29999,1234567', line: 30_001 })
  })

  it('gives the same records wherever the text is cut', () => {
    const piece = fc.constantFrom(
      'a',
      '1',
      '"',
      '""',
      ',',
      '\t',
      ';',
      '\n',
      '\r\n',
      '\r',
      '\uFEFF',
      '"x\ny"',
      'é',
      '😀',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.array(fc.nat(200), { maxLength: 12 }), (pieces, cuts) => {
        const text = pieces.join('')
        expect(split(text, cuts)).toEqual(split(text))
      }),
      { numRuns: 500 },
    )
  })

  it('gives back what RFC 4180 writing wrote', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' '), maxLength: 8 })
    const record = fc.array(field, { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), fc.array(fc.nat(300), { maxLength: 6 }), (records, cuts) => {
        const quote = (value: string) => `"${value.replaceAll('"', '""')}"`
        const text = records.map((fields) => `${fields.map(quote).join(',')}\r\n`).join('')
        const read = split(text, cuts, { delimiter: ',' }).map(({ raw }) => splitFields(raw, ','))
        expect(read).toEqual(records)
      }),
    )
  })
})

describe('splitFields', () => {
  it.each([
    ['a,b,,c', ['a', 'b', '', 'c']],
    ['', ['']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi""",""', ['say "hi"', '']],
    ['a,5" pipe', ['a', '5" pipe']],
    ['"a",', ['a', '']],
    ['x"y,"z"', ['x"y', 'z']],
  ])('splits %j', (raw, fields) => {
    expect(splitFields(raw, ',')).toEqual(fields)
  })

  it.each(['"a,b', '"a"b,c', 'a,"'])('gives null for %j', (raw) => {
    expect(splitFields(raw, ',')).toBeNull()
  })
})

describe('detectDelimiter', () => {
  it.each([
    ['a,b,c', ','],
    ['a\tb\tc', '\t'],
    ['a;b;c', ';'],
    ['"x,y,z";b', ';'],
    ['one', ','],
    ['a,b\tc', '\t'],
  ])('finds the delimiter of %j', (header, delimiter) => {
    expect(detectDelimiter(header)).toBe(delimiter)
  })
})
