import type { OneRosterVersion } from './columns.ts'
import { guardianPairs, isGuardianRole, type PersonRole, personRoles } from './role.ts'
import { type RosterSource, sourceOf, tablesFrom } from './source.ts'
import { cell, listed, type RosterRow, type RosterTable, type RosterTables } from './table.ts'

/**
 * Guardians who have no child left once these students are gone, and no role but that of a guardian: nothing of theirs
 * is needed any more. By sourcedId.
 */
export function leftAlone(version: OneRosterVersion, tables: RosterTables, students: ReadonlySet<string>): Set<string> {
  const roles = personRoles(version, tables)
  const pairs = guardianPairs(tables, roles)
  const onlyGuards = (own: readonly PersonRole[] | undefined) => (own ?? []).every((r) => isGuardianRole(r.role))
  const lost = new Set(pairs.filter((p) => students.has(p.student)).map((p) => p.guardian))
  for (const p of pairs) if (!students.has(p.student)) lost.delete(p.guardian)
  return new Set([...lost].filter((g) => !students.has(g) && onlyGuards(roles.get(g))))
}

const rowsWithout = (table: RosterTable, column: string, gone: ReadonlySet<string>): RosterTable =>
  new Map([...table].filter(([, row]) => !gone.has(cell(row, column))))

function withoutAgents(row: RosterRow, gone: ReadonlySet<string>): RosterRow {
  const agents = listed(row, 'agentSourcedIds')
  if (!agents.some((a) => gone.has(a))) return row
  return { at: row.at, values: { ...row.values, agentSourcedIds: agents.filter((a) => !gone.has(a)).join(',') } }
}

/** The tables without these users, and without anything that names them. */
export function withoutUsers(tables: RosterTables, gone: ReadonlySet<string>): RosterTables {
  const users = [...tables.users].filter(([id]) => !gone.has(id))
  return {
    ...tables,
    users: new Map(users.map(([id, row]) => [id, withoutAgents(row, gone)])),
    roles: rowsWithout(tables.roles, 'userSourcedId', gone),
    enrollments: rowsWithout(tables.enrollments, 'userSourcedId', gone),
  }
}

/** The rows behind a version without these users (sourcedIds), and without pairs of the deny list that name them. */
export function forgetInSource(source: RosterSource, gone: ReadonlySet<string>): RosterSource {
  const tables = withoutUsers(tablesFrom(source), gone)
  const denied = source.denied.filter((d) => !gone.has(d.student) && !gone.has(d.user))
  return sourceOf(source.oneRoster, source.system, tables, denied)
}
