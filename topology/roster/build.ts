import type { Identity, Title } from '../ports/identity-vault.ts'
import type { GraphTopic } from '../progress/graph.ts'
import { classTopics, type ItemTopic, itemTopics } from './class-topics.ts'
import type { OneRosterVersion } from './columns.ts'
import type { Member, Relations, RosterUser, School, SchoolClass } from './relations.ts'
import { guardianPairs, isGuardianRole, type PersonRole, personRoles } from './role.ts'
import type { DeniedPair } from './source.ts'
import { Days, type Zones, zoneOf } from './spans.ts'
import { cell, isEnabled, listed, type RosterRow, type RosterTables } from './table.ts'

export interface BuildOptions {
  tenant: string
  oneRoster: OneRosterVersion
  /** Pseudonyms by sourcedId. */
  pseudonyms: ReadonlyMap<string, string>
  /** The tenant's topic graph. */
  topics: readonly Pick<GraphTopic, 'id' | 'subject'>[]
  zones: Zones
  denied: readonly DeniedPair[]
}

/** What a roster comes to: relations for stages, names for the vault. */
export interface BuiltRoster {
  relations: Omit<Relations, 'version'>
  people: Identity[]
  titles: Title[]
  items: ItemTopic[]
}

/** By a text, in the order of its code units: the same on every machine. */
function byText<T>(rows: readonly T[], key: (x: T) => string): T[] {
  const keyed = rows.map((row) => ({ row, key: key(row) }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map((k) => k.row)
}
const sorted = <T>(rows: readonly T[]): T[] => byText(rows, (x) => JSON.stringify(x))

/** Relations under pseudonyms, and the names that belong to them. Equal rosters give equal ones, however they were ordered. */
export function buildRoster(tables: RosterTables, options: BuildOptions): BuiltRoster {
  const { tenant, oneRoster, pseudonyms, zones } = options
  const roles = personRoles(oneRoster, tables)
  const of = (sourcedId: string) => pseudonyms.get(sourcedId)!
  const pairs = guardianPairs(tables, roles)
  const guarding = new Set(pairs.map((p) => p.guardian))
  const enrolled = new Set(
    [...tables.enrollments.values()].filter((e) => MEMBERS[cell(e, 'role')]).map((e) => cell(e, 'userSourcedId')),
  )
  // Who may neither be told nor told of, and a guardian of nobody, is no business of the system.
  const wanted = [...tables.users].filter(([id]) => {
    const own = (roles.get(id) ?? []).filter((r) => r.role !== null)
    return enrolled.has(id) || own.some((r) => !isGuardianRole(r.role)) || guarding.has(id)
  })
  const days = new Days(tables, zones)
  const schools = schoolsOf(tables, zones)
  const known = new Set(schools.map((s) => s.id))
  const there = new Set(wanted.map(([id]) => id))
  const items = itemTopics(tables)
  return {
    relations: {
      tenant,
      schools,
      classes: classesOf(tables, classTopics(tables, options.topics, items)),
      members: membersOf(tables, days, there, of),
      guardians: sorted(pairs.map((p) => ({ student: of(p.student), guardian: of(p.guardian), role: p.role }))),
      users: sorted(wanted.map(([id, row]) => userOf(of(id), row, roles.get(id) ?? [], days, known))),
      denied: sorted(
        options.denied.flatMap((d) =>
          there.has(d.student) && there.has(d.user) ? [{ student: of(d.student), user: of(d.user) }] : [],
        ),
      ),
    },
    people: byText(
      wanted.map(([id, row]) => identityOf(of(id), row)),
      (p) => p.pseudonym,
    ),
    titles: titlesOf(tables, schools),
    items: sorted(items),
  }
}

function schoolsOf(tables: RosterTables, zones: Zones): School[] {
  const named = new Set([...tables.classes.values()].map((c) => cell(c, 'schoolSourcedId')))
  const ids = [...tables.orgs].filter(([id, row]) => cell(row, 'type') === 'school' || named.has(id)).map(([id]) => id)
  return ids.sort().map((id) => ({ id, zone: zoneOf(id, tables, zones) }))
}

function classesOf(tables: RosterTables, topics: ReadonlyMap<string, string[]>): SchoolClass[] {
  const rows = [...tables.classes].map(([id, row]) => {
    const course = tables.courses.get(cell(row, 'courseSourcedId'))
    const own = listed(row, 'grades')
    const grades = own.length > 0 || !course ? own : listed(course, 'grades')
    return { id, school: cell(row, 'schoolSourcedId'), grades, topics: topics.get(id)! }
  })
  return byText(rows, (c) => c.id)
}

const MEMBERS: Readonly<Record<string, Member['role']>> = { student: 'student', teacher: 'teacher', aide: 'aide' }

function membersOf(tables: RosterTables, days: Days, there: ReadonlySet<string>, of: (id: string) => string): Member[] {
  const members: Member[] = []
  const teachers = new Map<string, Member[]>()
  for (const row of tables.enrollments.values()) {
    const role = MEMBERS[cell(row, 'role')]
    const user = cell(row, 'userSourcedId')
    if (role === undefined || !there.has(user)) continue
    const m = {
      class: cell(row, 'classSourcedId'),
      user: of(user),
      role,
      primary: role === 'teacher' && cell(row, 'primary') === 'true',
      ...days.enrolment(row),
    }
    members.push(m)
    if (role === 'teacher') teachers.set(m.class, [...(teachers.get(m.class) ?? []), m])
  }
  // Who teaches a class alone answers for it, whether the roster says so or not.
  for (const own of teachers.values())
    if (new Set(own.map((m) => m.user)).size === 1) for (const m of own) m.primary = true
  return [...new Map(sorted(members).map((m) => [JSON.stringify(m), m])).values()]
}

function userOf(
  pseudonym: string,
  row: RosterRow,
  roles: readonly PersonRole[],
  days: Days,
  schools: ReadonlySet<string>,
): RosterUser {
  const language = cell(row, 'metadata.language')
  return {
    pseudonym,
    roles: sorted(
      roles.flatMap((r) =>
        r.role === null
          ? []
          : [{ role: r.role, school: schools.has(r.org) ? r.org : null, ...days.span(r.begin, r.end, r.org) }],
      ),
    ),
    language: language === '' ? null : language,
    enabled: isEnabled(row),
  }
}

function identityOf(pseudonym: string, row: RosterRow): Identity {
  const given = cell(row, 'preferredGivenName') || cell(row, 'givenName')
  const family = cell(row, 'preferredFamilyName') || cell(row, 'familyName')
  const email = cell(row, 'email')
  const language = cell(row, 'metadata.language')
  return {
    pseudonym,
    name: [given, family].filter((n) => n !== '').join(' '),
    email: email === '' ? null : email,
    language: language === '' ? null : language,
  }
}

function titlesOf(tables: RosterTables, schools: readonly School[]): Title[] {
  const rows = [
    ...schools.map(({ id }) => ({ id, title: cell(tables.orgs.get(id)!, 'name') })),
    ...[...tables.classes].map(([id, row]) => ({ id, title: cell(row, 'title') })),
  ]
  return byText(rows, (t) => t.id)
}
