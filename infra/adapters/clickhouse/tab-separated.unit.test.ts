import { describe, expect, it } from 'vitest'
import { RowBuffer } from './row-buffer.ts'
import { addLine, encoderOf } from './tab-separated.ts'

function line(...cells: [type: string, value: unknown][]): string {
  const out = new RowBuffer()
  addLine(
    cells.map(([type]) => encoderOf(type)),
    cells.map(([, value]) => value),
    out,
  )
  return out.take().toString('utf8')
}

describe('rows as TabSeparated', () => {
  it('numbers stand as JavaScript writes them', () => {
    for (const v of [0, -0, 1, 9, 10, 99, 100, 12_345, 4_294_967_295, 4_294_967_296, -1, -17, 2 ** 53 - 1])
      expect(line(['Int64', v])).toBe(`${v}\n`)
    for (const v of [0.1, 1 / 3, 1e-7, 1e21, 0.30000000000000004, 5e-324, 1.7976931348623157e308])
      expect(line(['Float64', v])).toBe(`${v}\n`)
  })

  it('times are dates with milliseconds, before 1970 too', () => {
    const t = "DateTime64(3, 'UTC')"
    expect(line([t, 1_700_000_000_007], [t, 1_700_000_000_070], [t, 1_700_000_000_700], [t, 0], [t, -1])).toBe(
      '2023-11-14 22:13:20.007\t2023-11-14 22:13:20.070\t2023-11-14 22:13:20.700\t1970-01-01 00:00:00.000\t1969-12-31 23:59:59.999\n',
    )
  })

  it('texts are escaped, in cells and inside arrays and maps', () => {
    expect(line(['String', "a\tb\nc\\d'e\0\b\f\r"])).toBe("a\\tb\\nc\\\\d\\'e\\0\\b\\f\\r\n")
    expect(line(['String', 'é€😀'], ['String', ''], ['String', '\u007f\u0001'])).toBe('é€😀\t\t\u007f\u0001\n')
    expect(line(['Array(LowCardinality(String))', ["it's", 'plain', 'é']])).toBe("['it\\'s','plain','é']\n")
    expect(line(['Map(LowCardinality(String), Int32)', { play: 2, "it's": 1 }])).toBe("{'play':2,'it\\'s':1}\n")
    expect(line(['Map(LowCardinality(String), Int32)', {}], ['Array(Float64)', []])).toBe('{}\t[]\n')
  })

  it('long texts come out like short ones', () => {
    for (const text of ['x'.repeat(1000), `${'x'.repeat(200)}'${'é'.repeat(200)}`, 'é'.repeat(64)])
      expect(line(['String', text])).toBe(`${text.replaceAll("'", "\\'")}\n`)
  })

  it('null is \\N in a cell and NULL inside an array', () => {
    expect(line(['Nullable(Bool)', null], ['Nullable(Bool)', true], ['Bool', false])).toBe('\\N\ttrue\tfalse\n')
    expect(line(['Array(Nullable(Int32))', [1, null]])).toBe('[1,NULL]\n')
  })

  it('rows beyond the first buffer are whole', () => {
    const out = new RowBuffer()
    const columns = [encoderOf('UInt32'), encoderOf('String')]
    for (let i = 0; i < 20_000; i++) addLine(columns, [i, `row-${i}-é`], out)
    expect(out.rows).toBe(20_000)
    const lines = out.take().toString('utf8').split('\n')
    expect(lines.length).toBe(20_001)
    expect(lines[19_999]).toBe('19999\trow-19999-é')
    expect(out.rows).toBe(0)
  })

  it('a type that no table uses is refused', () => {
    expect(() => encoderOf('Decimal(9, 2)')).toThrow('No encoder')
  })
})
