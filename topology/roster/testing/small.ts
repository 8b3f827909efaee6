import { type CheckedRoster, checkRoster, type RosterContext } from '../check.ts'
import { type OneRosterVersion, TABLES, type TableName } from '../columns.ts'
import { type Problem, RosterRefused } from '../problem.ts'

/** Cells of a row by column; what is left out is empty. */
export type Cells = Readonly<Record<string, string>>
export type Files = Map<string, Uint8Array>

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const quote = (cell: string) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** A file with the standard's header, and columns of our own behind it where rows have them. */
export function fileOf(table: TableName, rows: readonly Cells[], version: OneRosterVersion = '1.2'): string {
  const own = rows.flatMap((r) => Object.keys(r).filter((c) => c.startsWith('metadata.')))
  const header = [...TABLES[table].header[version], ...new Set(own)]
  return [header.join(','), ...rows.map((r) => header.map((c) => quote(r[c] ?? '')).join(','))].join('\n')
}

export type Tables = Partial<Record<TableName, readonly Cells[]>>

/** Two classes, two teachers, three students of two families; `ann` and `ben` are siblings, `cem` has a guardian who names him. */
export const SMALL: Required<Tables> = {
  orgs: [{ sourcedId: 'school', name: 'A School', type: 'school', 'metadata.timeZone': 'Europe/Berlin' }],
  academicSessions: [{ sourcedId: 'year', type: 'schoolYear', startDate: '2026-08-01', endDate: '2027-08-01' }],
  courses: [
    { sourcedId: 'maths', orgSourcedId: 'school', subjects: 'mathematics' },
    { sourcedId: 'art', orgSourcedId: 'school' },
  ],
  classes: [
    { sourcedId: 'm6', title: 'Maths 6', courseSourcedId: 'maths', schoolSourcedId: 'school', termSourcedIds: 'year' },
    { sourcedId: 'a6', title: 'Art 6', courseSourcedId: 'art', schoolSourcedId: 'school', termSourcedIds: 'year' },
  ],
  users: [
    user('ann', { agentSourcedIds: 'dora,emil' }),
    user('ben', { agentSourcedIds: 'dora' }),
    user('cem'),
    user('dora', { email: 'dora@mail.example', 'metadata.language': 'de' }),
    user('emil'),
    user('fay', { agentSourcedIds: 'cem' }),
    user('tina'),
    user('tom', { agentSourcedIds: 'ben' }),
  ],
  roles: [
    ...['ann', 'ben', 'cem'].map((u) => role(u, 'student')),
    role('dora', 'parent'),
    role('emil', 'relative'),
    role('fay', 'guardian'),
    role('tina', 'teacher'),
    role('tom', 'teacher'),
    role('tom', 'parent'),
  ],
  enrollments: [
    ...['ann', 'ben', 'cem'].flatMap((u) => [enrolled('m6', u, 'student'), enrolled('a6', u, 'student')]),
    enrolled('m6', 'tina', 'teacher', { primary: 'false' }),
    enrolled('m6', 'tom', 'teacher', { primary: 'true' }),
    enrolled('a6', 'tina', 'teacher'),
  ],
  lineItems: [{ sourcedId: 'sheet', classSourcedId: 'm6' }],
  lineItemLearningObjectiveIds: [
    { sourcedId: 'o1', lineItemSourcedId: 'sheet', source: 'unknown', learningObjectiveId: 'sums' },
  ],
}

export function user(id: string, more: Cells = {}): Cells {
  const given = id.charAt(0).toUpperCase() + id.slice(1)
  return { sourcedId: id, enabledUser: 'true', username: `${id}@school`, givenName: given, familyName: 'Doe', ...more }
}

export function role(user: string, word: string, more: Cells = {}): Cells {
  return {
    sourcedId: `${user}-${word}`,
    userSourcedId: user,
    roleType: 'primary',
    role: word,
    orgSourcedId: 'school',
    ...more,
  }
}

export function enrolled(of: string, user: string, word: string, more: Cells = {}): Cells {
  const ids = { classSourcedId: of, schoolSourcedId: 'school', userSourcedId: user }
  return { sourcedId: `${of}-${user}`, ...ids, role: word, ...more }
}

/** A bulk roster; `change` takes the place of whole tables. */
export function bulk(change: Tables = {}, version: OneRosterVersion = '1.2'): Files {
  return packed({ ...SMALL, ...change }, 'bulk', version)
}

/** A delta: rows get the time of the change and, where they name none, the status active. */
export function delta(tables: Tables, version: OneRosterVersion = '1.2'): Files {
  const stamped = Object.fromEntries(
    Object.entries(tables).map(([t, rows]) => [
      t,
      rows.map((r) => ({ status: 'active', dateLastModified: '2026-10-01T08:00:00.000Z', ...r })),
    ]),
  )
  return packed(stamped, 'delta', version)
}

function packed(tables: Tables, mode: string, version: OneRosterVersion): Files {
  const entries = Object.entries(tables) as [TableName, readonly Cells[]][]
  const manifest = ['propertyName,value', 'manifest.version,1.0', `oneroster.version,${version}`]
  manifest.push(...entries.map(([t]) => `file.${t},${mode}`))
  const files: Files = new Map([['manifest.csv', bytesOf(manifest.join('\n'))]])
  for (const [t, rows] of entries) files.set(`${t}.csv`, bytesOf(fileOf(t, rows, version)))
  return files
}

export const CONTEXT: RosterContext = {
  tenant: 'school',
  learnerId: 'sourcedId',
  zones: {},
  pseudonym: (id) => `p-${id}`,
  topics: [
    { id: 'fractions', subject: 'Mathematics' },
    { id: 'motion', subject: 'science' },
  ],
  before: null,
  erased: new Set(),
}

export const check = (files: Files, more: Partial<RosterContext> = {}, deny: string | null = null): CheckedRoster =>
  checkRoster(files, deny === null ? null : { file: 'deny.csv', bytes: bytesOf(deny) }, { ...CONTEXT, ...more })

/** Everything that a refused roster was refused for. */
export function refused(files: Files, more: Partial<RosterContext> = {}, deny: string | null = null): Problem[] {
  try {
    check(files, more, deny)
  } catch (e) {
    if (e instanceof RosterRefused) return e.problems.filter((p) => p.level === 'error')
    throw e
  }
  throw new Error('The roster was taken.')
}
