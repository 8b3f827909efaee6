import { detectDelimiter, splitFields } from '../importers/delimited.ts'
import { importFormat } from '../importers/formats.ts'
import { ImportError, type ImportOutcome } from '../importers/importer.ts'

/** Media type of a reject's bytes that came from a file. */
export const ROW_TYPE = 'application/vnd.mastery.row+json'

/** A refused row with all that its importer needs to read it again. */
export interface ImportedRow {
  /** Id of the import format. */
  format: string
  file: string
  /** 1-based line in the file. */
  line: number
  options: Readonly<Record<string, string>>
  /** Empty where the format has none. */
  header: string
  /** The row as it stood in the file. */
  row: string
}

export function writeRow(row: ImportedRow): Buffer {
  return Buffer.from(JSON.stringify(row))
}

/** Null where the bytes are none of `writeRow`. */
export function readRow(bytes: Uint8Array): ImportedRow | null {
  try {
    const r = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')) as ImportedRow
    const texts = [r.format, r.file, r.header, r.row].every((t) => typeof t === 'string')
    return texts && Number.isInteger(r.line) && typeof r.options === 'object' && r.options !== null ? r : null
  } catch {
    return null
  }
}

/** Columns that bear one name are told apart by their number. */
function columnNames(header: string, delimiter: string): string[] {
  const seen = new Map<string, number>()
  return (splitFields(header, delimiter) ?? []).map((raw) => {
    const name = raw.trim()
    const n = (seen.get(name) ?? 0) + 1
    seen.set(name, n)
    return n === 1 ? name : `${name} ${n}`
  })
}

/** The row as JSON: an object by column, or the element of a JSON file. Undefined where its fields do not fit the header. */
export function fieldsOf(row: ImportedRow): unknown {
  if (row.header === '') {
    try {
      return JSON.parse(row.row) as unknown
    } catch {
      return undefined
    }
  }
  const delimiter = detectDelimiter(row.header)
  const names = columnNames(row.header, delimiter)
  const fields = splitFields(row.row, delimiter)
  if (fields?.length !== names.length) return undefined
  return Object.fromEntries(names.map((name, i) => [name, fields[i]!]))
}

/** The row with the fields of `value`, as `fieldsOf` gave it and a fix changed it. */
export function withValue(row: ImportedRow, value: unknown): ImportedRow {
  if (row.header === '') return { ...row, row: JSON.stringify(value) }
  const delimiter = detectDelimiter(row.header)
  const fields = value as Readonly<Record<string, unknown>>
  const cells = columnNames(row.header, delimiter).map((name) => quoted(fields[name], delimiter))
  return { ...row, row: cells.join(delimiter) }
}

function quoted(value: unknown, delimiter: string): string {
  const text = value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  return text.includes('"') || text.includes('\n') || text.includes('\r') || text.includes(delimiter)
    ? `"${text.replaceAll('"', '""')}"`
    : text
}

/** What the row's importer makes of it alone; a text says why it can't be read alone. */
export function rereadRow(
  row: ImportedRow,
  context: { tenant: string; pseudonym(id: string): string },
): ImportOutcome[] | string {
  try {
    const format = importFormat(row.format)
    if (format.rows === 'ordered')
      return `rows of ${format.id} count on those before them and can't be sent alone: mend the file, and import it on an installation that has none of it, or erase its students first.`
    const reader = format.open({
      header: row.header,
      fileName: row.file,
      companions: {},
      options: { ...row.options },
      context,
    })
    return [...reader.row(row.row, row.line), ...reader.end()]
  } catch (e) {
    if (e instanceof ImportError) return e.message
    throw e
  }
}
