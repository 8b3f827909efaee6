import { DAY, planSpan } from './calendar.ts'
import { Random } from './random.ts'
import { type Adults, adults, type Person } from './roster-people.ts'
import type { School, SchoolOptions } from './school.ts'
import type { SchoolStudent } from './student.ts'

export type RosterOptions = Pick<SchoolOptions, 'seed' | 'events' | 'startAt'>

type Row = readonly string[]

const DISTRICT = 'district-1'
const SCHOOL = 'school-1'
const YEAR = 'year'
/** Days that the school year reaches beyond the last event, so that what comes of it still has its teachers. */
const AFTER_DAYS = 60

const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const quote = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)
const csv = (header: string, rows: readonly Row[]): string =>
  `${[header, ...rows.map((r) => r.map(quote).join(','))].join('\n')}\n`

interface Group {
  id: string
  grade: number
  students: SchoolStudent[]
}

/**
 * The school's own roster as bulk files of OneRoster 1.2, by name: every class has each subject as a class of its own.
 * Some are taught by two; families have several children here, a parent teaches here, the last student has no guardian,
 * and one account is disabled. The same for the same seed, and drawn apart from the events.
 */
export function schoolRoster(school: Pick<School, 'students' | 'topics'>, options: RosterOptions): Map<string, string> {
  const random = new Random(options.seed, 11)
  const groups = groupsOf(school.students)
  const subjects = [...new Set(school.topics.map((t) => t.subject))]
  const people = adults(random, school.students, groups, subjects)
  const { start, days } = planSpan(options.startAt ?? Date.UTC(2025, 8, 1), school.students.length, options.events)
  const first = new Date(start)
  const opens = Date.UTC(first.getUTCFullYear() - (first.getUTCMonth() < 7 ? 1 : 0), 7, 1)
  const nextYear = Date.UTC(new Date(opens).getUTCFullYear() + 1, 7, 1)
  const closes = Math.max(nextYear, start + (days + AFTER_DAYS) * DAY)
  const title = (id: string) => id.charAt(0).toUpperCase() + id.slice(1)
  const courseOf = (subject: string, grade: number) => `${subject}-${grade}`
  const grades = [...new Set(groups.map((g) => g.grade))]
  const lineItems = groups.flatMap((g) =>
    school.topics.map((t) => ({ id: `${g.id}-${t.id}`, name: t.name, class: `${g.id}-${t.subject}`, topic: t.id })),
  )
  const none = ['', ''] as const
  return new Map([
    ['manifest.csv', manifest()],
    [
      'orgs.csv',
      csv('sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,metadata.timeZone', [
        [DISTRICT, ...none, 'Simulated District', 'district', '', '', 'Etc/UTC'],
        [SCHOOL, ...none, 'Simulated School', 'school', '1001', DISTRICT, ''],
      ]),
    ],
    [
      'academicSessions.csv',
      csv('sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear', [
        [YEAR, ...none, 'School year', 'schoolYear', isoDay(opens), isoDay(closes), '', isoDay(nextYear).slice(0, 4)],
      ]),
    ],
    [
      'courses.csv',
      csv(
        'sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes',
        grades.flatMap((g) =>
          subjects.map((s) => [courseOf(s, g), ...none, YEAR, `${title(s)} ${g}`, '', String(g), SCHOOL, s, '']),
        ),
      ),
    ],
    [
      'classes.csv',
      csv(
        'sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods',
        groups.flatMap((g) =>
          subjects.map((s) => [
            ...[`${g.id}-${s}`, ...none, `${title(s)} ${g.id}`, String(g.grade), courseOf(s, g.grade), ''],
            ...['scheduled', '', SCHOOL, YEAR, s, '', ''],
          ]),
        ),
      ),
    ],
    ['users.csv', users(school.students, people)],
    ['roles.csv', roles(school.students, people)],
    ['enrollments.csv', enrollments(groups, subjects, people)],
    [
      'lineItems.csv',
      csv(
        'sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,categorySourcedId,academicSessionSourcedId,resultValueMin,resultValueMax,schoolSourcedId',
        lineItems.map((l) => [
          ...[l.id, ...none, l.name, '', isoDay(opens), isoDay(nextYear), l.class, 'practice', YEAR, '0', '1', SCHOOL],
        ]),
      ),
    ],
    [
      'lineItemLearningObjectiveIds.csv',
      csv(
        'sourcedId,status,dateLastModified,lineItemSourcedId,source,learningObjectiveId',
        lineItems.map((l) => [`objective-${l.id}`, ...none, l.id, 'unknown', l.topic]),
      ),
    ],
  ])
}

function groupsOf(students: readonly SchoolStudent[]): Group[] {
  const groups = new Map<string, Group>()
  for (const s of students) {
    const known = groups.get(s.classId)
    if (known) known.students.push(s)
    else groups.set(s.classId, { id: s.classId, grade: s.grade, students: [s] })
  }
  return [...groups.values()]
}

const FILES = {
  bulk: ['academicSessions', 'classes', 'courses', 'enrollments', 'lineItems', 'lineItemLearningObjectiveIds'],
  also: ['orgs', 'roles', 'users'],
  absent: ['categories', 'classResources', 'courseResources', 'demographics', 'results', 'userProfiles'],
}

function manifest(): string {
  return csv('propertyName,value', [
    ['manifest.version', '1.0'],
    ['oneroster.version', '1.2'],
    ...[...FILES.bulk, ...FILES.also].map((f) => [`file.${f}`, 'bulk']),
    ...FILES.absent.map((f) => [`file.${f}`, 'absent']),
    ['source.systemName', 'Simulated school'],
    ['source.systemCode', 'simulated-school'],
  ])
}

function users(students: readonly SchoolStudent[], people: Adults): string {
  const row = (id: string, p: Omit<Person, 'id' | 'roles'>, grade: string): Row => [
    ...[id, '', '', String(p.enabled), id, '', p.given, p.family, '', id, p.email, '', '', p.agents.join(','), grade],
    ...['', '', '', '', '', SCHOOL, '', p.language],
  ]
  return csv(
    'sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns,metadata.language',
    [
      ...students.map((s) => row(s.id, people.pupils.get(s.id)!, String(s.grade))),
      ...people.all.map((p) => row(p.id, p, '')),
    ],
  )
}

function roles(students: readonly SchoolStudent[], people: Adults): string {
  const row = (user: string, role: string, i: number): Row => [
    ...[`role-${user}-${role}`, '', '', user, i === 0 ? 'primary' : 'secondary', role, '', '', SCHOOL, ''],
  ]
  return csv(
    'sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId',
    [
      ...students.map((s) => row(s.id, 'student', 0)),
      ...people.all.flatMap((p) => p.roles.map((role, i) => row(p.id, role, i))),
    ],
  )
}

function enrollments(groups: readonly Group[], subjects: readonly string[], people: Adults): string {
  const rows = groups.flatMap((g) =>
    subjects.flatMap((s) => {
      const id = `${g.id}-${s}`
      const row = (user: string, role: string, primary: string): Row => [
        ...[`${id}-${user}`, '', '', id, SCHOOL, user, role, primary, '', ''],
      ]
      return [
        ...people.teaching.get(id)!.map((t, i) => row(t, 'teacher', String(i === 0))),
        ...g.students.map((p) => row(p.id, 'student', '')),
      ]
    }),
  )
  return csv(
    'sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate',
    rows,
  )
}
