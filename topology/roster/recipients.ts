import type { Guardianship, Member, Recipient, Relations, RosterUser, SchoolClass, Span } from './relations.ts'

/** Which of the people around a student are wanted. */
export interface Wanted {
  teachers: boolean
  guardians: boolean
  student: boolean
  /** Relatives count as guardians only where the school says so. */
  relatives: boolean
}

export const EVERYBODY: Wanted = { teachers: true, guardians: true, student: true, relatives: false }

/** Relations, looked up by student and by class. */
export interface Roster {
  readonly version: string
  /** Who is to learn of the student at a time (UTC milliseconds), on a topic or on none in particular; each person once per role. */
  recipientsOf(student: string, topic: string | null, at: number, wanted: Wanted): Recipient[]
  /** Classes in which the student is taught at a time, on a topic or on any; by id. */
  classesOf(student: string, topic: string | null, at: number): SchoolClass[]
  classNamed(classId: string): SchoolClass | null
  teachersOf(classId: string, at: number): Recipient[]
  studentsOf(classId: string, at: number): string[]
  /** Who has the role of an administrator at a time, by pseudonym. */
  administratorsAt(at: number): string[]
  /** Who teaches any class at a time, by pseudonym. */
  teachersAt(at: number): string[]
  /** The person as somebody who is to be told; null where the roster does not know the person, or may not tell. */
  reader(user: string, role: Recipient['role'], at: number): Recipient | null
}

export function openRoster(relations: Relations): Roster {
  const users = new Map(relations.users.map((u) => [u.pseudonym, u]))
  const classes = new Map(relations.classes.map((c) => [c.id, c]))
  const schools = new Set(relations.schools.map((s) => s.id))
  const memberships = groupBy(
    relations.members.filter((m) => m.role === 'student'),
    (m) => m.user,
  )
  const members = groupBy(relations.members, (m) => m.class)
  const teaching = groupBy(
    relations.members.filter((m) => m.role === 'teacher'),
    (m) => m.user,
  )
  const guardians = groupBy(relations.guardians, (g) => g.student)
  const denied = new Set(relations.denied.map((d) => `${d.student} ${d.user}`))

  const may = (student: string, user: string) => users.get(user)?.enabled === true && !denied.has(`${student} ${user}`)
  const has = (user: string, at: number, ...roles: RosterUser['roles'][number]['role'][]) =>
    users.get(user)?.roles.find((r) => roles.includes(r.role) && holds(r, at))

  function classesOf(student: string, topic: string | null, at: number): SchoolClass[] {
    const found = (memberships.get(student) ?? []).flatMap((m) => {
      const c = classes.get(m.class)
      return c && holds(m, at) ? [c] : []
    })
    if (topic === null) return found
    // A class that names its topics is meant where one of them comes; else those that name none.
    const named = found.filter((c) => c.topics.includes(topic))
    return named.length > 0 ? named : found.filter((c) => c.topics.length === 0)
  }

  const schoolOf = (id: string | undefined) => (id !== undefined && schools.has(id) ? id : null)

  function teachersOf(classId: string, at: number): Recipient[] {
    const c = classes.get(classId)
    return (members.get(classId) ?? [])
      .filter((m) => m.role === 'teacher' && holds(m, at) && users.get(m.user)?.enabled === true)
      .sort((a, b) => Number(b.primary) - Number(a.primary))
      .map((m) => ({
        user: m.user,
        role: 'teacher' as const,
        school: schoolOf(c?.school),
        class: classId,
        primary: m.primary,
      }))
  }

  function guardiansOf(student: string, school: string | null, at: number, relatives: boolean): Recipient[] {
    const kinds: Guardianship['role'][] = relatives ? ['parent', 'guardian', 'relative'] : ['parent', 'guardian']
    return (guardians.get(student) ?? [])
      .filter((g) => kinds.includes(g.role) && has(g.guardian, at, g.role))
      .map((g) => ({ user: g.guardian, role: 'guardian' as const, school, class: null, primary: false }))
  }

  /** The one school of a person; null where there are several, or none. */
  function ownSchool(user: string, at: number): string | null {
    const own = new Set<string>()
    for (const r of users.get(user)?.roles ?? []) if (r.school !== null && holds(r, at)) own.add(r.school)
    for (const m of teaching.get(user) ?? []) if (holds(m, at)) own.add(classes.get(m.class)?.school ?? '')
    const [only] = own
    return own.size === 1 ? schoolOf(only) : null
  }

  return {
    version: relations.version,
    classesOf,
    administratorsAt: (at) =>
      relations.users.flatMap((u) => (u.enabled && has(u.pseudonym, at, 'administrator') ? [u.pseudonym] : [])).sort(),
    teachersAt: (at) =>
      [...teaching]
        .flatMap(([user, own]) => (users.get(user)?.enabled === true && own.some((m) => holds(m, at)) ? [user] : []))
        .sort(),
    reader: (user, role, at) =>
      users.get(user)?.enabled === true
        ? { user, role, school: ownSchool(user, at), class: null, primary: false }
        : null,
    classNamed: (classId) => classes.get(classId) ?? null,
    teachersOf,
    studentsOf: (classId, at) =>
      (members.get(classId) ?? [])
        .filter((m) => m.role === 'student' && holds(m, at) && users.get(m.user)?.enabled === true)
        .map((m) => m.user),
    recipientsOf(student, topic, at, wanted) {
      const known = users.get(student)
      if (!known?.enabled || !has(student, at, 'student')) return []
      const taught = classesOf(student, topic, at)
      const school = schoolOf(taught[0]?.school) ?? schoolOf(has(student, at, 'student')?.school ?? undefined)
      const found: Recipient[] = []
      if (wanted.teachers) for (const c of taught) found.push(...teachersOf(c.id, at))
      if (wanted.guardians) found.push(...guardiansOf(student, school, at, wanted.relatives))
      if (wanted.student) found.push({ user: student, role: 'student', school, class: null, primary: false })
      const once = new Set<string>()
      return found.filter((r) => {
        const key = `${r.user} ${r.role}`
        if (once.has(key) || !may(student, r.user)) return false
        once.add(key)
        return true
      })
    },
  }
}

function holds(s: Span, at: number): boolean {
  return (s.from === null || at >= s.from) && (s.until === null || at < s.until)
}

function groupBy<T extends Member | Guardianship>(rows: readonly T[], key: (r: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const r of rows) {
    const k = key(r)
    const g = groups.get(k)
    if (g) g.push(r)
    else groups.set(k, [r])
  }
  return groups
}
