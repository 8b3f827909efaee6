import { type OneRosterVersion, TABLE_NAMES, TABLES, type TableName, tablesOf } from './columns.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { type Problems, quoted } from './problem.ts'
import { decodeFile, type FileMode, type ReadTable, readTable } from './read-table.ts'

/** The files of a roster by name, as they lay in a folder or a ZIP. */
export type RosterFiles = ReadonlyMap<string, Uint8Array>

export interface ReadRoster {
  version: OneRosterVersion
  /** Who made it, as its manifest says; empty where it does not. */
  source: string
  tables: ReadonlyMap<TableName, ReadTable & { mode: FileMode }>
  /** Whether any file of it is a delta: then what it leaves out stays as it is. */
  delta: boolean
}

/** Files of the standard that hold what is not wanted here. */
const NOT_READ = [
  'demographics.csv',
  'userprofiles.csv',
  'userresources.csv',
  'classresources.csv',
  'courseresources.csv',
  'resources.csv',
  'categories.csv',
  'results.csv',
  'resultlearningobjectiveids.csv',
  'resultscorescales.csv',
  'lineitemscorescales.csv',
  'scorescales.csv',
]

/** Reads all files of a roster. Null where it can't be told what they are; everything wrong is in `problems`. */
export function readRoster(files: RosterFiles, problems: Problems): ReadRoster | null {
  const byName = new Map<string, string>()
  for (const name of files.keys()) {
    const lower = name.toLowerCase()
    if (byName.has(lower))
      problems.error({ file: name, row: null }, null, `${byName.get(lower)} is there as well`, 'Keep one of them.')
    byName.set(lower, name)
  }
  const manifest = readManifest(byName.has('manifest.csv') ? files.get(byName.get('manifest.csv')!)! : null, problems)
  if (!TABLE_NAMES.some((t) => byName.has(`${t.toLowerCase()}.csv`))) {
    problems.error(
      { file: 'manifest.csv', row: null },
      null,
      'No file of a OneRoster is there',
      'Give the folder or the ZIP that holds orgs.csv, users.csv, classes.csv and enrollments.csv.',
    )
    return null
  }
  const version = manifest.version ?? versionOf(byName, files)
  const tables = new Map<TableName, ReadTable & { mode: FileMode }>()
  for (const table of tablesOf(version)) {
    const file = byName.get(`${table.toLowerCase()}.csv`)
    const mode = modeOf(table, file, manifest, problems)
    if (mode === null || file === undefined) continue
    if (file !== `${table}.csv`)
      problems.warn(
        { file, row: null },
        null,
        'The name is written otherwise in the standard',
        `It was read as ${table}.csv.`,
      )
    const text = decodeFile(file, files.get(file)!, problems)
    if (text !== null) tables.set(table, { mode, ...readTable(table, file, text, version, mode, problems) })
  }
  const delta = [...tables.values()].some((t) => t.mode === 'delta')
  if (!delta)
    for (const table of tablesOf(version))
      if (
        TABLES[table].needed.includes(version) &&
        !byName.has(`${table.toLowerCase()}.csv`) &&
        (manifest.files.get(table)?.mode ?? 'absent') === 'absent'
      )
        problems.error(
          { file: `${table}.csv`, row: null },
          null,
          'The file is missing',
          `A bulk roster of OneRoster ${version} must have it.`,
        )
  tellUnread(byName, version, problems)
  return { version, source: manifest.source, tables, delta }
}

/** How a file is to be read; null: not at all. */
function modeOf(table: TableName, file: string | undefined, manifest: Manifest, problems: Problems): FileMode | null {
  const said = manifest.files.get(table)
  if (said === undefined || said.mode === 'absent') {
    if (file === undefined) return null
    if (!manifest.there) return 'bulk'
    problems.warn(
      { file, row: null },
      null,
      `manifest.csv ${said ? 'says that it is absent' : 'does not name it'}`,
      'It was not read.',
    )
    return null
  }
  if (file === undefined)
    problems.error(
      { file: `${table}.csv`, row: null },
      null,
      `manifest.csv says ${said.mode}, and the file is not there`,
      'Add the file, or say absent.',
    )
  return said.mode
}

/** Without a manifest: 1.1 says the role in users.csv, 1.2 in a file of its own. */
function versionOf(byName: ReadonlyMap<string, string>, files: RosterFiles): OneRosterVersion {
  if (byName.has('roles.csv')) return '1.2'
  const users = files.get(byName.get('users.csv') ?? '')
  const head = users ? new TextDecoder().decode(users.subarray(0, 2000)).split('\n', 1)[0]! : ''
  return /(^|[,;\t"])role($|[,;\t"\r])/i.test(head) ? '1.1' : '1.2'
}

function tellUnread(byName: ReadonlyMap<string, string>, version: OneRosterVersion, problems: Problems): void {
  const read = new Set(['manifest.csv', ...tablesOf(version).map((t) => `${t.toLowerCase()}.csv`)])
  for (const [lower, file] of byName) {
    if (read.has(lower) || !lower.endsWith('.csv')) continue
    if (NOT_READ.includes(lower)) continue
    problems.warn(
      { file, row: null },
      null,
      `${quoted(file)} is no file of OneRoster ${version} that is read here`,
      'It was left alone.',
    )
  }
}
