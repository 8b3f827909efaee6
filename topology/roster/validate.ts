import type { OneRosterVersion } from './columns.ts'
import { type Problems, quoted } from './problem.ts'
import { guardianPairs, isGuardianRole, type PersonRole, personRoles } from './role.ts'
import { checkReferences } from './source.ts'
import { cell, isEnabled, listed, type RosterRow, type RosterTables } from './table.ts'

/** Checks a roster as a whole: what refers to what, dates, who is taught and who has a guardian. */
export function validateTables(version: OneRosterVersion, tables: RosterTables, problems: Problems): void {
  checkReferences(version, tables, problems)
  const roles = personRoles(version, tables)
  checkDates(version, tables, problems)
  checkParents(tables, problems)
  checkSchools(tables, problems)
  checkZones(tables, problems)
  checkPeople(tables, roles, problems)
  checkClasses(tables, roles, problems)
}

function ordered(row: RosterRow, from: string, until: string, problems: Problems): void {
  const [a, b] = [cell(row, from), cell(row, until)]
  if (a !== '' && b !== '' && b <= a)
    problems.error(
      row.at,
      until,
      `${b} is not after ${from}, ${a}`,
      'The end is the first day on which it no longer holds.',
    )
}

function checkDates(version: OneRosterVersion, tables: RosterTables, problems: Problems): void {
  for (const row of tables.academicSessions.values()) ordered(row, 'startDate', 'endDate', problems)
  for (const row of tables.enrollments.values()) ordered(row, 'beginDate', 'endDate', problems)
  if (version === '1.2') for (const row of tables.roles.values()) ordered(row, 'beginDate', 'endDate', problems)
}

/** Organisations and sessions that are above themselves. */
function checkParents(tables: RosterTables, problems: Problems): void {
  for (const table of ['orgs', 'academicSessions'] as const)
    for (const [id, row] of tables[table]) {
      const seen = new Set([id])
      for (let up = cell(row, 'parentSourcedId'); up !== ''; ) {
        if (seen.has(up)) {
          if (up === id)
            problems.error(
              row.at,
              'parentSourcedId',
              `${quoted(id)} is above itself`,
              'Parents must lead to one that has none.',
            )
          break
        }
        seen.add(up)
        const next = tables[table].get(up)
        up = next ? cell(next, 'parentSourcedId') : ''
      }
    }
}

function checkSchools(tables: RosterTables, problems: Problems): void {
  for (const table of ['classes', 'enrollments'] as const)
    for (const row of tables[table].values()) {
      const org = tables.orgs.get(cell(row, 'schoolSourcedId'))
      if (org && cell(org, 'type') !== 'school')
        problems.warn(
          row.at,
          'schoolSourcedId',
          `It names an organisation of type ${quoted(cell(org, 'type'))}`,
          'It was taken for the school.',
        )
    }
}

function checkZones(tables: RosterTables, problems: Problems): void {
  for (const row of tables.orgs.values()) {
    const zone = cell(row, 'metadata.timeZone')
    if (zone !== '' && !isZone(zone))
      problems.error(
        row.at,
        'metadata.timeZone',
        `${quoted(zone)} is no time zone`,
        'Give a name of the IANA list, such as Europe/Berlin, or leave it empty.',
      )
  }
  for (const row of tables.users.values()) {
    const language = cell(row, 'metadata.language')
    if (language !== '' && !isLanguage(language))
      problems.error(
        row.at,
        'metadata.language',
        `${quoted(language)} is no language`,
        'Give a tag such as en or de-AT, or leave it empty.',
      )
  }
}

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

function checkPeople(
  tables: RosterTables,
  roles: ReadonlyMap<string, readonly PersonRole[]>,
  problems: Problems,
): void {
  const pairs = guardianPairs(tables, roles)
  const guarded = new Set(pairs.map((p) => p.student))
  const guarding = new Set(pairs.map((p) => p.guardian))
  const taught = new Set(
    [...tables.enrollments.values()].filter((e) => cell(e, 'role') === 'student').map((e) => cell(e, 'userSourcedId')),
  )
  for (const [id, row] of tables.users) {
    const own = roles.get(id) ?? []
    const agents = listed(row, 'agentSourcedIds')
    if (agents.includes(id))
      problems.error(row.at, 'agentSourcedIds', 'The user is an agent of itself', 'Leave the own sourcedId out.')
    if (own.length === 0)
      problems.warn(row.at, null, `${quoted(id)} has no role`, 'Only an enrolment as a teacher counts for such a user.')
    if (!isEnabled(row)) continue
    const student = own.some((r) => r.role === 'student')
    if (student && !guarded.has(id))
      problems.warn(row.at, 'agentSourcedIds', `The student ${quoted(id)} has no guardian`, 'Only teachers are told.')
    if (student && !taught.has(id))
      problems.warn(row.at, null, `The student ${quoted(id)} is in no class`, 'No teacher is told.')
    if (own.some((r) => isGuardianRole(r.role)) && !guarding.has(id))
      problems.warn(row.at, 'agentSourcedIds', `${quoted(id)} is a guardian of nobody`, 'The person is told nothing.')
    if (student)
      for (const agent of agents)
        if (
          tables.users.has(agent) &&
          !(roles.get(agent) ?? []).some((r) => isGuardianRole(r.role) || r.role === 'student')
        )
          problems.warn(
            row.at,
            'agentSourcedIds',
            `${quoted(agent)} is no parent, guardian or relative by role`,
            'The person is not told of this student.',
          )
  }
}

function checkClasses(
  tables: RosterTables,
  roles: ReadonlyMap<string, readonly PersonRole[]>,
  problems: Problems,
): void {
  const taughtBy = new Set<string>()
  const once = new Map<string, RosterRow>()
  for (const row of tables.enrollments.values()) {
    const [user, group, role] = [cell(row, 'userSourcedId'), cell(row, 'classSourcedId'), cell(row, 'role')]
    if (role === 'teacher') taughtBy.add(group)
    const of = tables.classes.get(group)
    if (of && cell(of, 'schoolSourcedId') !== cell(row, 'schoolSourcedId'))
      problems.warn(
        row.at,
        'schoolSourcedId',
        `The class ${quoted(group)} is one of another school`,
        "The class's school was taken.",
      )
    const own = roles.get(user)
    if ((role === 'student' || role === 'teacher') && own && !own.some((r) => r.role === role))
      problems.warn(
        row.at,
        'role',
        `${quoted(user)} is enrolled as ${role}, and has no such role`,
        role === 'student' ? 'Nobody is told of this user.' : 'The enrolment counts.',
      )
    const key = JSON.stringify([user, group, role])
    const before = once.get(key)
    if (before && overlap(before, row))
      problems.warn(
        row.at,
        null,
        `${quoted(user)} is enrolled in ${quoted(group)} as ${role} twice at a time`,
        'It counts once.',
      )
    once.set(key, row)
  }
  for (const [id, row] of tables.classes)
    if (!taughtBy.has(id))
      problems.warn(row.at, null, `The class ${quoted(id)} has no teacher`, 'No teacher is told of its students.')
}

function overlap(a: RosterRow, b: RosterRow): boolean {
  const from = (r: RosterRow) => cell(r, 'beginDate') || '0000'
  const until = (r: RosterRow) => cell(r, 'endDate') || '9999'
  return from(a) < until(b) && from(b) < until(a)
}
