import { type OneRosterVersion, TABLE_NAMES, TABLES, type TableName, tablesOf } from './columns.ts'
import { type Problems, quoted } from './problem.ts'
import type { ReadRoster } from './read.ts'
import { cell, listed, type RosterRow, type RosterTables } from './table.ts'

/** Two people who must never be told of one another, by sourcedId. */
export interface DeniedPair {
  student: string
  user: string
}

/**
 * What the version in force was made of: the rows that a delta is applied onto, and the deny list. It holds names, and
 * stands in the identity vault only.
 */
export interface RosterSource {
  oneRoster: OneRosterVersion
  /** Who made it; empty where it does not say. */
  system: string
  tables: Readonly<Record<TableName, readonly Readonly<Record<string, string>>[]>>
  denied: readonly DeniedPair[]
}

/** Name of the place of rows that no file of this import has. */
export const IN_FORCE = 'the version in force'

export function tablesFrom(source: RosterSource): RosterTables {
  const at = { file: IN_FORCE, row: null }
  const tables = TABLE_NAMES.map((t) => [
    t,
    new Map(source.tables[t].map((values) => [values['sourcedId']!, { at, values }])),
  ])
  return Object.fromEntries(tables) as RosterTables
}

export function sourceOf(
  oneRoster: OneRosterVersion,
  system: string,
  tables: RosterTables,
  denied: readonly DeniedPair[],
): RosterSource {
  const rows = TABLE_NAMES.map((t) => [t, [...tables[t].values()].map((r) => r.values)])
  return { oneRoster, system, tables: Object.fromEntries(rows) as RosterSource['tables'], denied }
}

/**
 * The tables as they are after the import: those of a bulk roster, or the version in force with a delta applied. Null
 * where there is nothing to apply it onto.
 */
export function wholeTables(read: ReadRoster, before: RosterSource | null, problems: Problems): RosterTables | null {
  const tables = Object.fromEntries(TABLE_NAMES.map((t) => [t, new Map<string, RosterRow>()])) as Record<
    TableName,
    Map<string, RosterRow>
  >
  if (read.delta) {
    const at = { file: 'manifest.csv', row: null }
    if (before === null) {
      problems.error(at, null, 'It is a delta, and no roster is in force', 'Import a bulk roster first.')
      return null
    }
    if (before.oneRoster !== read.version) {
      problems.error(
        at,
        'oneroster.version',
        `It is a delta of OneRoster ${read.version}, and the roster in force is of ${before.oneRoster}`,
        'Import a bulk roster in the new version first.',
      )
      return null
    }
    for (const [name, rows] of Object.entries(tablesFrom(before)) as [TableName, ReadonlyMap<string, RosterRow>][])
      if (read.tables.get(name)?.mode !== 'bulk') tables[name] = new Map(rows)
  }
  for (const [name, { mode, rows, deleted }] of read.tables) {
    const into = tables[name]
    for (const [id, row] of rows) into.set(id, row)
    if (mode === 'bulk') continue
    for (const [id, row] of deleted)
      if (!into.delete(id))
        problems.warn(
          row.at,
          'sourcedId',
          `${quoted(id)} is to be deleted, and was not there`,
          'Nothing had to be done.',
        )
  }
  if (read.delta) dropOrphans(read, tables, problems)
  return tables
}

/**
 * What a delta deletes takes with it what hangs on it: enrolments of a deleted user, say, where the rows themselves were
 * not sent. Rows that this delta brought are left for the check of references.
 */
function dropOrphans(read: ReadRoster, tables: Record<TableName, Map<string, RosterRow>>, problems: Problems): void {
  const deleted = new Map<TableName, Set<string>>()
  for (const [name, t] of read.tables) if (t.mode === 'delta') deleted.set(name, new Set(t.deleted.keys()))
  for (let again = true; again; ) {
    again = false
    for (const table of tablesOf(read.version))
      for (const [id, row] of tables[table]) {
        if (row.at.file !== IN_FORCE) continue
        for (const [column, rule] of Object.entries(TABLES[table].columns)) {
          const gone = rule.of === undefined ? undefined : deleted.get(rule.of)
          if (!gone || gone.size === 0) continue
          const lost = listed(row, column).filter((x) => gone.has(x) && !tables[rule.of!].has(x))
          if (lost.length === 0) continue
          const left = listed(row, column).filter((x) => !lost.includes(x))
          const at = { file: `${table}.csv`, row: null }
          if (rule.required && left.length === 0) {
            problems.warn(
              at,
              column,
              `${quoted(id)} refers to ${quoted(lost[0]!)}, which the delta deletes`,
              'It was deleted with it.',
            )
            tables[table].delete(id)
            deleted.set(table, (deleted.get(table) ?? new Set()).add(id))
            again = true
            break
          }
          tables[table].set(id, { at: row.at, values: { ...row.values, [column]: left.join(',') } })
        }
      }
  }
}

/** References of every table that name a row which is not there; a table that is not there at all is told once. */
export function checkReferences(version: OneRosterVersion, tables: RosterTables, problems: Problems): void {
  for (const table of tablesOf(version))
    for (const [column, rule] of Object.entries(TABLES[table].columns)) {
      if (rule.of === undefined) continue
      const known = tables[rule.of]
      const optional = !TABLES[rule.of].needed.includes(version)
      if (optional && known.size === 0) {
        if ([...tables[table].values()].some((r) => cell(r, column) !== ''))
          problems.warn(
            { file: `${table}.csv`, row: null },
            column,
            `${rule.of}.csv has no rows`,
            'The references to it were not checked.',
          )
        continue
      }
      for (const row of tables[table].values())
        for (const id of rule.kind === 'refs' ? listed(row, column) : [cell(row, column)].filter((x) => x !== ''))
          if (!known.has(id))
            problems.error(
              row.at,
              column,
              `${quoted(id)} is not in ${rule.of}.csv`,
              `Add that row, or correct the reference.`,
            )
    }
}
