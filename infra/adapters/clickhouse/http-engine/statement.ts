import { EngineError } from './errors.ts'

/** How a statement is run. */
export type Statement =
  /** Returns rows; `format` is the one its text names, null where the caller's default holds. */
  | { kind: 'rows'; sql: string; format: string | null }
  /** INSERT whose rows come from the request's body in `format`; `into` is the text up to and without SETTINGS. */
  | { kind: 'rows-in'; into: string; settings: string; format: string }
  /** All else: DDL, SET, SHOW, INSERT with its rows in the text, INSERT SELECT. */
  | { kind: 'plain'; sql: string; format: string | null; writes: boolean }

const TRAILING_FORMAT = /\bFORMAT\s+([A-Za-z][A-Za-z0-9]*)\s*(?:SETTINGS\s[^;]*)?;?\s*$/i
const ROWS_IN = /^(INSERT\s+INTO\s+.+?)(\s+SETTINGS\s+.+?)?\s+FORMAT\s+([A-Za-z][A-Za-z0-9]*)\s*;?\s*$/is
const VALUES_IN = /^(INSERT\s+INTO\s+.+?)(\s+SETTINGS\s+.+?)?\s+VALUES\s*;?\s*$/is
const FROM_BODY_FUNCTION = /\binput\s*\(/i
const SERVER_FILES = /\b(INTO\s+OUTFILE|FROM\s+INFILE)\b/i

const BLANK = /(?:\s+|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\/)+/y

/** First position after white space and comments, at or after `from`. */
function skipBlank(sql: string, from: number): number {
  BLANK.lastIndex = from
  return BLANK.test(sql) ? BLANK.lastIndex : from
}

/** End of a quoted piece that starts at `start`; a doubled quote and a backslash escape stay inside. */
function quotedEnd(sql: string, start: number): number {
  const quote = sql[start]
  for (let at = start + 1; at < sql.length; at += 1) {
    if (sql[at] === '\\') at += 1
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1
      at += 1
    }
  }
  return sql.length
}

/** The statement without quoted text and comments, to look for keywords in; null when a second statement follows. */
function skeleton(sql: string): string | null {
  let out = ''
  let at = 0
  while (at < sql.length) {
    const blank = skipBlank(sql, at)
    if (blank > at) {
      out += ' '
      at = blank
      continue
    }
    const char = sql[at]!
    if (char === "'" || char === '"' || char === '`') {
      out += 'q'
      at = quotedEnd(sql, at)
    } else if (char === ';') {
      return skipBlank(sql, at + 1) < sql.length ? null : out
    } else {
      out += char
      at += 1
    }
  }
  return out
}

/**
 * Classifies one statement as the server's HTTP interface would.
 * @param sql text of the statement, with inline rows where it has them
 * @param hasRows the request has a body apart from the statement
 * @throws EngineError 62 for several statements, 48 for input(), 75 for files of the server
 */
export function classify(sql: string, hasRows: boolean): Statement {
  const text = sql.slice(skipBlank(sql, 0))
  const verb = /^\(*\s*([A-Za-z]+)/.exec(text)?.[1]?.toUpperCase() ?? ''
  if (verb === 'INSERT') return classifyInsert(text, hasRows)
  const bare = skeleton(text)
  if (bare === null) throw new EngineError(62, 'SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed)')
  refuseServerFiles(bare)
  const format = TRAILING_FORMAT.exec(bare)?.[1] ?? null
  if (verb === 'SELECT' || verb === 'WITH' || verb === 'FROM') return { kind: 'rows', sql: text, format }
  return { kind: 'plain', sql: text, format, writes: false }
}

function classifyInsert(text: string, hasRows: boolean): Statement {
  if (!hasRows) {
    // Inline rows may hold any text; only what stands before them can name a file.
    const head = /^[\s\S]*?\b(VALUES|FORMAT|SELECT)\b/i.exec(text)?.[0] ?? text
    refuseServerFiles(head)
    return { kind: 'plain', sql: text, format: null, writes: true }
  }
  const bare = skeleton(text) ?? text
  refuseServerFiles(bare)
  if (FROM_BODY_FUNCTION.test(bare)) {
    throw new EngineError(
      48,
      'NOT_IMPLEMENTED',
      'input() reads rows from the connection, which this engine cannot offer: insert into the table directly',
    )
  }
  const formatted = ROWS_IN.exec(text)
  if (formatted !== null)
    return { kind: 'rows-in', into: formatted[1]!, settings: formatted[2] ?? '', format: formatted[3]! }
  const values = VALUES_IN.exec(text)
  if (values !== null) return { kind: 'rows-in', into: values[1]!, settings: values[2] ?? '', format: 'Values' }
  throw new EngineError(
    62,
    'SYNTAX_ERROR',
    'Syntax error: an INSERT with its rows in the request body must end with FORMAT and the name of a format, or with VALUES',
  )
}

function refuseServerFiles(bare: string): void {
  if (!SERVER_FILES.test(bare)) return
  throw new EngineError(75, 'CANNOT_WRITE_TO_FILE_DESCRIPTOR', 'INTO OUTFILE and FROM INFILE are not allowed over HTTP')
}

/** Whether an INSERT's text ends where its rows begin. */
export function takesRows(sql: string): boolean {
  const text = sql.slice(skipBlank(sql, 0))
  return ROWS_IN.test(text) || VALUES_IN.test(text)
}

/** An INSERT that takes its rows from a file of the engine's host, byte for byte. */
export function readRowsFromFile(statement: Extract<Statement, { kind: 'rows-in' }>, path: string): string {
  return `${statement.into} FROM INFILE ${quote(path)} COMPRESSION 'none'${statement.settings} FORMAT ${statement.format}`
}

/** A string literal of ClickHouse SQL. */
export function quote(value: string): string {
  return `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
}
