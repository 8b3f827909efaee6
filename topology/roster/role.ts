import type { OneRosterVersion } from './columns.ts'
import type { Guardianship, RosterRole } from './relations.ts'
import { cell, listed, type RosterRow, type RosterTables } from './table.ts'

/** A role that a person has somewhere, as the roster says it. Dates are days, empty for open. */
export interface PersonRole {
  user: string
  /** Null for roles that nobody is told of anything by (proctor, `ext:*`). */
  role: RosterRole | null
  org: string
  begin: string
  end: string
  row: RosterRow
}

const ROLES: Readonly<Record<string, RosterRole>> = {
  student: 'student',
  teacher: 'teacher',
  aide: 'aide',
  parent: 'parent',
  guardian: 'guardian',
  relative: 'relative',
  counselor: 'counselor',
  principal: 'principal',
  administrator: 'administrator',
  districtAdministrator: 'administrator',
  siteAdministrator: 'administrator',
  systemAdministrator: 'administrator',
}

export const GUARDIAN_ROLES: readonly Guardianship['role'][] = ['parent', 'guardian', 'relative']
export const isGuardianRole = (role: RosterRole | null): role is Guardianship['role'] =>
  (GUARDIAN_ROLES as readonly (RosterRole | null)[]).includes(role)

/** Every role of every person: rows of roles.csv, or in 1.1 what users.csv says, once per organisation. */
export function personRoles(version: OneRosterVersion, tables: RosterTables): Map<string, PersonRole[]> {
  const roles = new Map<string, PersonRole[]>()
  const add = (r: PersonRole) => {
    const known = roles.get(r.user)
    if (known) known.push(r)
    else roles.set(r.user, [r])
  }
  const meant = (word: string) => ROLES[word] ?? null
  if (version === '1.2')
    for (const row of tables.roles.values())
      add({
        user: cell(row, 'userSourcedId'),
        role: meant(cell(row, 'role')),
        org: cell(row, 'orgSourcedId'),
        begin: cell(row, 'beginDate'),
        end: cell(row, 'endDate'),
        row,
      })
  else
    for (const [user, row] of tables.users) {
      const orgs = listed(row, 'orgSourcedIds')
      for (const org of orgs.length > 0 ? orgs : [''])
        add({ user, role: meant(cell(row, 'role')), org, begin: '', end: '', row })
    }
  return roles
}

/** Who is whose guardian, by sourcedId: agentSourcedIds says it of the student, of the guardian, or of both. */
export function guardianPairs(
  tables: RosterTables,
  roles: ReadonlyMap<string, readonly PersonRole[]>,
): { student: string; guardian: string; role: Guardianship['role'] }[] {
  const is = (user: string, role: (r: RosterRole | null) => boolean) =>
    (roles.get(user) ?? []).some((r) => role(r.role))
  const isStudent = (user: string) => is(user, (r) => r === 'student')
  const pairs = new Map<string, { student: string; guardian: string; role: Guardianship['role'] }>()
  const add = (student: string, guardian: string) => {
    if (student === guardian || !tables.users.has(student) || !tables.users.has(guardian)) return
    for (const role of GUARDIAN_ROLES)
      if (is(guardian, (r) => r === role))
        pairs.set(JSON.stringify([student, guardian, role]), { student, guardian, role })
  }
  for (const [user, row] of tables.users)
    for (const agent of listed(row, 'agentSourcedIds')) {
      if (isStudent(user)) add(user, agent)
      if (isStudent(agent)) add(agent, user)
    }
  return [...pairs.values()]
}
