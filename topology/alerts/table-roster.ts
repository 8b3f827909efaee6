import type { Relations, RosterRole } from '../roster/relations.ts'

export const TABLE_TENANT = 'test'
export const TABLE_TEACHER = 'teacher'

/** Everybody in one class with a teacher, everybody has a guardian, and one person runs the system. */
export function tableRoster(students: readonly string[]): Relations {
  const always = { from: null, until: null }
  const user = (pseudonym: string, role: RosterRole) => ({
    pseudonym,
    roles: [{ role, school: 'school', ...always }],
    language: null,
    enabled: true,
  })
  return {
    tenant: TABLE_TENANT,
    version: 'test',
    schools: [{ id: 'school', zone: null }],
    classes: [{ id: 'class', school: 'school', grades: [], topics: [] }],
    members: [
      ...students.map((s) => ({ class: 'class', user: s, role: 'student' as const, primary: false, ...always })),
      { class: 'class', user: TABLE_TEACHER, role: 'teacher', primary: true, ...always },
    ],
    guardians: students.map((s) => ({ student: s, guardian: `${s}'s guardian`, role: 'guardian' })),
    users: [
      ...students.map((s) => user(s, 'student')),
      ...students.map((s) => user(`${s}'s guardian`, 'guardian')),
      user(TABLE_TEACHER, 'teacher'),
      user('operator', 'administrator'),
    ],
    denied: [],
  }
}
