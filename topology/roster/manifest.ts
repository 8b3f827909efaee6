import { detectDelimiter, RecordSplitter, splitFields } from '../importers/delimited.ts'
import { type OneRosterVersion, TABLE_NAMES, type TableName } from './columns.ts'
import { type Problems, quoted } from './problem.ts'
import { decodeFile, type FileMode } from './read-table.ts'

export interface Manifest {
  there: boolean
  /** Null: it does not say. */
  version: OneRosterVersion | null
  source: string
  files: ReadonlyMap<TableName, { mode: FileMode | 'absent' }>
}

const FILE = 'manifest.csv'
const MODES = ['absent', 'bulk', 'delta'] as const

/** Reads manifest.csv: propertyName,value. A roster without one is taken as bulk, with a warning. */
export function readManifest(bytes: Uint8Array | null, problems: Problems): Manifest {
  const none: Manifest = { there: false, version: null, source: '', files: new Map() }
  if (bytes === null) {
    problems.warn(
      { file: FILE, row: null },
      null,
      'The file is missing',
      'All files were taken as bulk, and their version from their headers.',
    )
    return none
  }
  const text = decodeFile(FILE, bytes, problems)
  if (text === null) return { ...none, there: true }
  const delimiter = detectDelimiter(text.split('\n', 1)[0]!)
  const splitter = new RecordSplitter({ delimiter })
  const said = new Map<string, { value: string; row: number }>()
  for (const { raw, line } of [...splitter.push(text), ...splitter.end()]) {
    const fields = splitFields(raw, delimiter)
    const [name = '', value = ''] = (fields ?? []).map((f) => f.trim())
    if (line === 1 && name.toLowerCase() === 'propertyname') continue
    if (fields === null || fields.length !== 2)
      problems.error({ file: FILE, row: line }, null, 'The row is not a name and a value', 'Write propertyName,value.')
    else said.set(name.toLowerCase(), { value, row: line })
  }
  const files = new Map<TableName, { mode: FileMode | 'absent' }>()
  for (const table of TABLE_NAMES) {
    const entry = said.get(`file.${table.toLowerCase()}`)
    if (!entry) continue
    const mode = MODES.find((m) => m === entry.value.toLowerCase())
    if (mode) files.set(table, { mode })
    else
      problems.error(
        { file: FILE, row: entry.row },
        `file.${table}`,
        `${quoted(entry.value)} is no way to process a file`,
        `Give ${MODES.join(', ')}.`,
      )
  }
  const source = said.get('source.systemname')?.value || said.get('source.systemcode')?.value || ''
  return { there: true, version: versionIn(said.get('oneroster.version'), problems), source, files }
}

function versionIn(entry: { value: string; row: number } | undefined, problems: Problems): OneRosterVersion | null {
  if (!entry) {
    problems.warn(
      { file: FILE, row: null },
      'oneroster.version',
      'The version is missing',
      'It was taken from the headers.',
    )
    return null
  }
  const found = /^1\.([12])(?:\.\d+)?$/.exec(entry.value)
  if (found) return `1.${found[1] as '1' | '2'}`
  problems.error(
    { file: FILE, row: entry.row },
    'oneroster.version',
    `OneRoster ${quoted(entry.value)} is not read here`,
    'Give 1.1 or 1.2.',
  )
  return null
}
