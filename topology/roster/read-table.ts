import { detectDelimiter, RecordSplitter, splitFields } from '../importers/delimited.ts'
import { type ColumnRule, columnsRead, type OneRosterVersion, TABLES, type TableName } from './columns.ts'
import { type Problems, quoted } from './problem.ts'
import type { RosterRow } from './table.ts'
import { readValue } from './value.ts'

/** bulk: the whole table. delta: what changed since the last one. */
export type FileMode = 'bulk' | 'delta'

/** Rows of a file, and of a delta those that are gone. */
export interface ReadTable {
  rows: Map<string, RosterRow>
  deleted: Map<string, RosterRow>
}

/** The text of a file; null where it is no UTF-8, with an error at the first line that is not. */
export function decodeFile(file: string, bytes: Uint8Array, problems: Problems): string | null {
  const strict = new TextDecoder('utf-8', { fatal: true })
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    problems.warn({ file, row: 1 }, null, 'The file begins with a byte order mark', 'It was left out.')
  try {
    return strict.decode(bytes)
  } catch {
    let row = 1
    for (let start = 0; start <= bytes.length; row++) {
      const end = bytes.indexOf(10, start)
      try {
        strict.decode(bytes.subarray(start, end < 0 ? bytes.length : end))
      } catch {
        break
      }
      if (end < 0) break
      start = end + 1
    }
    problems.error({ file, row }, null, 'The text is not in UTF-8', 'Export the files in UTF-8.')
    return null
  }
}

interface Header {
  /** Per column that is read: its index and rule. */
  columns: Map<string, { index: number; rule: ColumnRule }>
  status: number
  modified: number
  count: number
}

/** Reads one file of a roster; what is wrong is put into `problems`, and the row left out. */
export function readTable(
  table: TableName,
  file: string,
  text: string,
  version: OneRosterVersion,
  mode: FileMode,
  problems: Problems,
): ReadTable {
  const read: ReadTable = { rows: new Map(), deleted: new Map() }
  const first = text.slice(0, Math.max(0, text.search(/[\r\n]|$/)))
  const delimiter = detectDelimiter(first)
  const splitter = new RecordSplitter({ delimiter })
  const [head, ...records] = [...splitter.push(text), ...splitter.end()]
  if (!head) {
    problems.error({ file, row: 1 }, null, 'The file is empty', 'It must have at least its line of headers.')
    return read
  }
  if (delimiter !== ',')
    problems.warn({ file, row: 1 }, null, 'Columns are not separated by commas', 'They were read all the same.')
  const header = readHeader(table, file, splitFields(head.raw, delimiter), version, problems)
  if (!header) return read
  for (const { raw, line } of records) {
    const at = { file, row: line }
    const fields = splitFields(raw, delimiter)
    if (fields === null) {
      problems.error(
        at,
        null,
        'A quote does not close, or text follows a closing one',
        'Double quotes inside a quoted cell ("").',
      )
      continue
    }
    if (fields.length !== header.count) {
      problems.error(
        at,
        null,
        `The row has ${fields.length} cells, the header ${header.count}`,
        'Quote cells that hold a comma.',
      )
      continue
    }
    const values: Record<string, string> = {}
    const gone = isDeleted(at, header, fields, mode, problems)
    for (const [name, { index, rule }] of header.columns) {
      // Of a row that is deleted only its id counts.
      if (gone && rule.kind !== 'id') continue
      values[name] = readValue(at, name, rule, fields[index]!.trim(), problems)
    }
    const id = values['sourcedId'] ?? ''
    if (id === '') continue
    const known = read.rows.get(id) ?? read.deleted.get(id)
    if (known)
      problems.error(
        at,
        'sourcedId',
        `${quoted(id)} stands in row ${known.at.row} already`,
        'Each sourcedId may stand in a file once.',
      )
    else (gone ? read.deleted : read.rows).set(id, { at, values })
  }
  return read
}

function readHeader(
  table: TableName,
  file: string,
  fields: string[] | null,
  version: OneRosterVersion,
  problems: Problems,
): Header | null {
  const at = { file, row: 1 }
  if (fields === null) {
    problems.error(at, null, 'The header has quotes that do not match', 'Correct the first line.')
    return null
  }
  const standard = TABLES[table].header[version]
  const wanted = new Map([...standard, ...Object.keys(TABLES[table].columns)].map((n) => [n.toLowerCase(), n]))
  const indices = new Map<string, number>()
  const unknown: string[] = []
  for (const [i, field] of fields.entries()) {
    const given = field.trim()
    const name = wanted.get(given.toLowerCase())
    if (name === undefined) {
      if (!given.startsWith('metadata.')) unknown.push(given)
    } else if (indices.has(name)) problems.error(at, name, 'The column stands in the header twice', 'Keep one of them.')
    else {
      if (given !== name) problems.warn(at, name, `The header says ${quoted(given)}`, `It was read as ${name}.`)
      indices.set(name, i)
    }
  }
  if (unknown.length > 0)
    problems.warn(
      at,
      null,
      `The columns ${unknown.map(quoted).join(', ')} are none of ${table} in OneRoster ${version}`,
      'They were not read; columns of your own begin with "metadata.".',
    )
  const there = standard.filter((n) => indices.has(n))
  const inOrder = there.every((n, i) => i === 0 || indices.get(there[i - 1]!)! < indices.get(n)!)
  if (!inOrder)
    problems.warn(at, null, 'The columns stand in another order than in the standard', 'They were read by their names.')
  const missing = standard.filter((n) => !indices.has(n))
  const columns = columnsRead(table, version)
  const needed = missing.filter((n) => columns.some(([name, rule]) => name === n && rule.required))
  for (const name of needed)
    problems.error(at, name, 'The column is missing', `The header must be: ${standard.join(',')}.`)
  const others = missing.filter((n) => !needed.includes(n))
  if (others.length > 0)
    problems.warn(at, null, `The columns ${others.join(', ')} are missing`, 'They were taken as empty.')
  if (needed.length > 0) return null
  return {
    columns: new Map(
      columns.flatMap(([name, rule]) => (indices.has(name) ? [[name, { index: indices.get(name)!, rule }]] : [])),
    ),
    status: indices.get('status') ?? -1,
    modified: indices.get('dateLastModified') ?? -1,
    count: fields.length,
  }
}

/** Whether the row says that its thing is gone. status and dateLastModified are blank in bulk and filled in delta. */
function isDeleted(
  at: { file: string; row: number },
  header: Header,
  fields: readonly string[],
  mode: FileMode,
  problems: Problems,
): boolean {
  const status = (fields[header.status] ?? '').trim()
  const modified = (fields[header.modified] ?? '').trim()
  if (status !== '' && !['active', 'tobedeleted'].includes(status.toLowerCase()))
    problems.error(at, 'status', `${quoted(status)} is no status`, 'Give active or tobedeleted.')
  if (modified !== '' && Number.isNaN(Date.parse(modified)))
    problems.error(at, 'dateLastModified', `${quoted(modified)} is no time`, 'Give it as 2026-09-01T08:00:00.000Z.')
  if (mode === 'delta') {
    if (status === '') problems.error(at, 'status', 'It is empty in a delta file', 'Give active or tobedeleted.')
    if (modified === '')
      problems.error(
        at,
        'dateLastModified',
        'It is empty in a delta file',
        'Give the time of the change, such as 2026-09-01T08:00:00.000Z.',
      )
  } else if (status.toLowerCase() === 'tobedeleted')
    problems.warn(at, 'status', 'A bulk file has a row that is to be deleted', 'The row was left out.')
  else if (status !== '')
    problems.warn(at, 'status', 'It is filled in a bulk file', 'It must be blank there; the row was taken.')
  return status.toLowerCase() === 'tobedeleted'
}
