export type OneRosterVersion = '1.1' | '1.2'

export const TABLE_NAMES = [
  'orgs',
  'academicSessions',
  'courses',
  'classes',
  'users',
  'roles',
  'enrollments',
  'lineItems',
  'lineItemLearningObjectiveIds',
] as const
export type TableName = (typeof TABLE_NAMES)[number]

/** id: a sourcedId of this table. ref, refs: sourcedIds of another one. list: several, comma-separated in one cell. */
export type ColumnKind = 'id' | 'text' | 'list' | 'date' | 'boolean' | 'word' | 'ref' | 'refs'

/** A column that is read. What is not listed here (passwords, phones, pronouns, demographics) is never kept. */
export interface ColumnRule {
  kind: ColumnKind
  required?: true
  /** Required by the standard, and left out by exporters; what is done without it. */
  without?: string
  /** Of a reference: the table that it names. */
  of?: TableName
  /** Of a word: what it may be. Words that begin with `ext:` are accepted everywhere. */
  words?: readonly string[]
}

export interface TableRule {
  /** Headers in the order of the standard (OneRoster 1.2 CSV binding, section 4; 1.1, section 13). */
  header: Readonly<Record<OneRosterVersion, readonly string[]>>
  columns: Readonly<Record<string, ColumnRule>>
  /** Without it a bulk roster says nothing. */
  needed: readonly OneRosterVersion[]
}

const HEAD = ['sourcedId', 'status', 'dateLastModified']
const both = (...names: string[]) => ({ '1.1': [...HEAD, ...names], '1.2': [...HEAD, ...names] })
const ID = { kind: 'id', required: true } as const
const TEXT = { kind: 'text' } as const
const DATE = { kind: 'date' } as const
const LIST = { kind: 'list' } as const
const ref = (of: TableName, required?: true): ColumnRule => ({ kind: 'ref', of, ...(required ? { required } : {}) })
const refs = (of: TableName): ColumnRule => ({ kind: 'refs', of })
const word = (words: readonly string[], required?: true): ColumnRule => ({
  kind: 'word',
  words,
  ...(required ? { required } : {}),
})

const GUARDIANS = ['guardian', 'parent', 'relative'] as const
/** Roles of persons: 1.1 in users.csv, 1.2 in roles.csv. */
export const PERSON_ROLES: Readonly<Record<OneRosterVersion, readonly string[]>> = {
  '1.1': ['administrator', 'aide', ...GUARDIANS, 'proctor', 'student', 'teacher'],
  '1.2': [
    'aide',
    'counselor',
    'districtAdministrator',
    ...GUARDIANS,
    'principal',
    'proctor',
    'siteAdministrator',
    'student',
    'systemAdministrator',
    'teacher',
  ],
}
const ENROLLED = ['administrator', 'aide', ...GUARDIANS, 'proctor', 'student', 'teacher'] as const

/** Columns of our own may follow those of the standard, which names them metadata.*. */
export const ZONE_COLUMN = 'metadata.timeZone'
export const LANGUAGE_COLUMN = 'metadata.language'

export const TABLES: Readonly<Record<TableName, TableRule>> = {
  orgs: {
    header: both('name', 'type', 'identifier', 'parentSourcedId'),
    columns: {
      sourcedId: ID,
      name: { kind: 'text', required: true },
      type: word(['department', 'school', 'district', 'local', 'state', 'national'], true),
      parentSourcedId: ref('orgs'),
      [ZONE_COLUMN]: TEXT,
    },
    needed: ['1.1', '1.2'],
  },
  academicSessions: {
    header: both('title', 'type', 'startDate', 'endDate', 'parentSourcedId', 'schoolYear'),
    columns: {
      sourcedId: ID,
      type: word(['gradingPeriod', 'semester', 'schoolYear', 'term'], true),
      startDate: { kind: 'date', required: true },
      endDate: { kind: 'date', required: true },
      parentSourcedId: ref('academicSessions'),
    },
    needed: [],
  },
  courses: {
    header: both('schoolYearSourcedId', 'title', 'courseCode', 'grades', 'orgSourcedId', 'subjects', 'subjectCodes'),
    columns: {
      sourcedId: ID,
      grades: LIST,
      orgSourcedId: ref('orgs'),
      subjects: LIST,
      subjectCodes: LIST,
    },
    needed: [],
  },
  classes: {
    header: both(
      'title',
      'grades',
      'courseSourcedId',
      'classCode',
      'classType',
      'location',
      'schoolSourcedId',
      'termSourcedIds',
      'subjects',
      'subjectCodes',
      'periods',
    ),
    columns: {
      sourcedId: ID,
      title: { kind: 'text', required: true },
      grades: LIST,
      courseSourcedId: { ...ref('courses'), without: 'Its own subjects and grades count.' },
      schoolSourcedId: ref('orgs', true),
      termSourcedIds: { ...refs('academicSessions'), without: 'Only the dates of enrolments count.' },
      subjects: LIST,
      subjectCodes: LIST,
    },
    needed: ['1.1', '1.2'],
  },
  users: {
    header: {
      '1.1': [
        ...HEAD,
        ...['enabledUser', 'orgSourcedIds', 'role', 'username', 'userIds', 'givenName', 'familyName', 'middleName'],
        ...['identifier', 'email', 'sms', 'phone', 'agentSourcedIds', 'grades', 'password'],
      ],
      '1.2': [
        ...HEAD,
        ...['enabledUser', 'username', 'userIds', 'givenName', 'familyName', 'middleName', 'identifier', 'email'],
        ...['sms', 'phone', 'agentSourcedIds', 'grades', 'password', 'userMasterIdentifier', 'preferredGivenName'],
        ...['preferredMiddleName', 'preferredFamilyName', 'primaryOrgSourcedId', 'pronouns'],
      ],
    },
    columns: {
      sourcedId: ID,
      enabledUser: { kind: 'boolean', required: true },
      orgSourcedIds: refs('orgs'),
      role: word(PERSON_ROLES['1.1']),
      username: TEXT,
      userIds: LIST,
      givenName: { kind: 'text', required: true },
      familyName: { kind: 'text', required: true },
      identifier: TEXT,
      email: TEXT,
      agentSourcedIds: refs('users'),
      preferredGivenName: TEXT,
      preferredFamilyName: TEXT,
      primaryOrgSourcedId: ref('orgs'),
      [LANGUAGE_COLUMN]: TEXT,
    },
    needed: ['1.1', '1.2'],
  },
  roles: {
    header: both('userSourcedId', 'roleType', 'role', 'beginDate', 'endDate', 'orgSourcedId', 'userProfileSourcedId'),
    columns: {
      sourcedId: ID,
      userSourcedId: ref('users', true),
      role: word(PERSON_ROLES['1.2'], true),
      beginDate: DATE,
      endDate: DATE,
      orgSourcedId: ref('orgs', true),
    },
    needed: ['1.2'],
  },
  enrollments: {
    header: both('classSourcedId', 'schoolSourcedId', 'userSourcedId', 'role', 'primary', 'beginDate', 'endDate'),
    columns: {
      sourcedId: ID,
      classSourcedId: ref('classes', true),
      schoolSourcedId: ref('orgs', true),
      userSourcedId: ref('users', true),
      role: word(ENROLLED, true),
      primary: { kind: 'boolean' },
      beginDate: DATE,
      endDate: DATE,
    },
    needed: ['1.1', '1.2'],
  },
  lineItems: {
    header: {
      '1.1': [
        ...HEAD,
        ...['title', 'description', 'assignDate', 'dueDate', 'classSourcedId', 'categorySourcedId'],
        ...['gradingPeriodSourcedId', 'resultValueMin', 'resultValueMax'],
      ],
      '1.2': [
        ...HEAD,
        ...['title', 'description', 'assignDate', 'dueDate', 'classSourcedId', 'categorySourcedId'],
        ...['academicSessionSourcedId', 'resultValueMin', 'resultValueMax', 'schoolSourcedId'],
      ],
    },
    columns: { sourcedId: ID, classSourcedId: ref('classes', true) },
    needed: [],
  },
  lineItemLearningObjectiveIds: {
    header: both('lineItemSourcedId', 'source', 'learningObjectiveId'),
    columns: {
      sourcedId: ID,
      lineItemSourcedId: ref('lineItems', true),
      source: word(['case', 'unknown'], true),
      learningObjectiveId: { kind: 'text', required: true },
    },
    needed: [],
  },
}

/** Columns that the files of a version have; 1.2 says in roles.csv what 1.1 says of each user. */
export function columnsRead(table: TableName, version: OneRosterVersion): [string, ColumnRule][] {
  const header = new Set(TABLES[table].header[version])
  return Object.entries(TABLES[table].columns)
    .filter(([name]) => header.has(name) || name.startsWith('metadata.'))
    .map(([name, rule]) => [name, table === 'users' && name === 'role' ? { ...rule, required: true } : rule])
}

/** 1.1 has no roles.csv. */
export const tablesOf = (version: OneRosterVersion): readonly TableName[] =>
  TABLE_NAMES.filter((t) => t !== 'roles' || version === '1.2')
