import { describe, expect, it } from 'vitest'
import { EngineError, httpStatus, renderError, toEngineError } from './errors.ts'
import { classify, quote, readRowsFromFile, takesRows } from './statement.ts'

describe('statements', () => {
  it.each([
    ['SELECT 1', 'rows', null],
    ['  -- why\n/* x; y */ with 1 as a select a FORMAT JSONEachRow', 'rows', 'JSONEachRow'],
    ['(SELECT 1) UNION ALL (SELECT 2) FORMAT CSV SETTINGS max_threads = 1;', 'rows', 'CSV'],
    ["SELECT 'FORMAT JSON'", 'rows', null],
    ['SELECT 1; -- end', 'rows', null],
    ["SELECT 'a;b', \"c;d\", `e;f`, 'it''s; ok', 'back\\';'", 'rows', null],
    ['CREATE TABLE t (a UInt8) ENGINE = Memory', 'plain', null],
    ['SHOW TABLES FORMAT TSV', 'plain', 'TSV'],
  ])('%s', (sql, kind, format) => {
    expect(classify(sql, false)).toMatchObject({ kind, format })
  })

  it('takes the rows of an INSERT from the body, its settings kept behind them', () => {
    const statement = classify('INSERT INTO db.t (a, b)\nSETTINGS async_insert=0 FORMAT JSONEachRow', true)
    expect(statement.kind === 'rows-in' && readRowsFromFile(statement, "/d/o'k")).toBe(
      "INSERT INTO db.t (a, b) FROM INFILE '/d/o\\'k' COMPRESSION 'none'\nSETTINGS async_insert=0 FORMAT JSONEachRow",
    )
    expect(classify('INSERT INTO t VALUES', true)).toMatchObject({
      kind: 'rows-in',
      into: 'INSERT INTO t',
      format: 'Values',
    })
    expect([takesRows('INSERT INTO t VALUES'), takesRows("INSERT INTO t VALUES (1, 'FORMAT')")]).toEqual([true, false])
  })

  it('leaves inline rows alone, whatever they hold', () => {
    const sql = "INSERT INTO t VALUES (1, 'a; SELECT 2 INTO OUTFILE')"
    expect(classify(sql, false)).toEqual({ kind: 'plain', sql, format: null, writes: true })
  })

  it.each([
    ['SELECT 1; DROP TABLE t', false, 62],
    ["SELECT 1 INTO OUTFILE '/x'", false, 75],
    ["INSERT INTO t FROM INFILE '/etc/passwd' FORMAT TSV", true, 75],
    ["INSERT INTO t SELECT * FROM input('a UInt8') FORMAT CSV", true, 48],
    ['INSERT INTO t', true, 62],
  ])('refuses %s', (sql, hasRows, code) => {
    expect(() => classify(sql, hasRows)).toThrow(expect.objectContaining({ code }) as Error)
  })

  it('quotes so that nothing ends the literal', () => {
    expect(quote("a'b\\")).toBe("'a\\'b\\\\'")
  })
})

describe('errors', () => {
  it('takes the wrapper off an error met while rows are parsed', () => {
    const inner = "Code: 27. DB::Exception: Cannot parse 'x' (at row 1). (CANNOT_PARSE_INPUT_ASSERTION_FAILED)"
    const error = toEngineError(
      new Error(`Code: 27. DB::Exception: ${inner} (version 26.7.2.1). (CANNOT_PARSE_INPUT_ASSERTION_FAILED)`),
    )
    expect(error).toMatchObject({ code: 27, message: "Cannot parse 'x' (at row 1)." })
    expect(httpStatus(error)).toBe(400)
    expect(renderError(error, '26.7')).toMatch(
      /^Code: 27\. DB::Exception: Cannot parse .* \(CANNOT_PARSE_\w+\) \(version 26\.7/,
    )
  })

  it('gives what is no engine exception a code of its own, with its text', () => {
    expect(toEngineError(new Error('disk gone'))).toMatchObject({ code: 1002, message: 'disk gone' })
    expect(httpStatus(new EngineError(81, 'UNKNOWN_DATABASE', 'x'))).toBe(404)
  })
})
