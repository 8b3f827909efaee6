import type { Random } from './random.ts'
import type { SchoolStudent } from './student.ts'

export interface Person {
  id: string
  given: string
  family: string
  email: string
  /** BCP 47; empty: the school's. */
  language: string
  enabled: boolean
  roles: string[]
  /** sourcedIds of those whom the roster's row says the person belongs to. */
  agents: string[]
}

/** Everybody of the school but the answers. */
export interface Adults {
  all: Person[]
  /** Names and guardians of the students, by id. */
  pupils: ReadonlyMap<string, Omit<Person, 'id' | 'roles'>>
  /** Per class and subject who teaches it; who answers for it first. */
  teaching: ReadonlyMap<string, string[]>
}

const GIVEN = [
  ...['Ada', 'Amir', 'Bela', 'Carla', 'Chidi', 'Dana', 'Elif', 'Emil', 'Fatou', 'Goran', 'Hana', 'Ines', 'Ivo', 'Jana'],
  ...[
    'Kofi',
    'Lena',
    'Luca',
    'Maja',
    'Milan',
    'Nadia',
    'Nils',
    'Oskar',
    'Petra',
    'Rosa',
    'Sami',
    'Tara',
    'Uma',
    'Yuki',
  ],
]
const FAMILY = [
  ...['Abel', 'Bauer', 'Costa', 'Diallo', 'Eriksen', 'Fischer', 'Garcia', 'Hansen', 'Ito', 'Jansen', 'Kaya', 'Lind'],
  ...['Meyer', 'Novak', 'Okafor', 'Peters', 'Rossi', 'Silva', 'Tanaka', 'Ueda', 'Vogel', 'Weber', 'Yilmaz', 'Zeman'],
]
const LANGUAGES = ['de', 'es', 'tr']

/** Classes that one teacher has in a subject, and every how manieth class has a second teacher beside. */
const CLASSES_PER_TEACHER = 2
const CO_TAUGHT = 3
const SIBLING = 0.18
const TWO_GUARDIANS = 0.6
const RELATIVE = 0.05
const WITHOUT_MAIL = 0.1
const OTHER_LANGUAGE = 0.15

const pick = <T>(random: Random, from: readonly T[]): T => from[random.between(0, from.length - 1)]!
const mail = (id: string): string => `${id}@mail.example`

interface Family {
  name: string
  children: string[]
  guardians: Person[]
  /** Which rows name the other side. */
  says: 'child' | 'guardian' | 'both'
}

/** Draws staff and families; the last student has none. */
export function adults(
  random: Random,
  students: readonly SchoolStudent[],
  groups: readonly { id: string }[],
  subjects: readonly string[],
): Adults {
  const { staff, teaching } = staffOf(random, groups, subjects)
  const families = familiesOf(random, students.slice(0, -1))
  const parents = families.flatMap((f) => f.guardians)
  const teacher = staff[0]!
  // A teacher whose child goes to this school: one account, two roles.
  const own = families[1] ?? families[0]
  if (own) {
    teacher.roles.push('parent')
    teacher.family = own.name
    own.guardians.push(teacher)
  }
  const third = families[3] ?? families[0]
  if (third) {
    const left = person(random, `parent-${parents.length + 1}`, third.name, ['parent'])
    left.enabled = false
    third.guardians.push(left)
    parents.push(left)
  }
  const pupils = new Map<string, Omit<Person, 'id' | 'roles'>>()
  for (const f of families) {
    const guardians = f.guardians.map((g) => g.id)
    if (f.says !== 'child') for (const g of f.guardians) g.agents.push(...f.children)
    for (const id of f.children) {
      const { roles: _, id: __, ...pupil } = person(random, id, f.name, [])
      pupils.set(id, { ...pupil, language: '', agents: f.says === 'guardian' ? [] : guardians })
    }
  }
  const last = students.at(-1)!
  const { roles: _, id: __, ...alone } = person(random, last.id, pick(random, FAMILY), [])
  pupils.set(last.id, { ...alone, language: '' })
  return { all: [...staff, ...parents], pupils, teaching }
}

function person(random: Random, id: string, family: string, roles: string[]): Person {
  const given = pick(random, GIVEN)
  const email = random.chance(WITHOUT_MAIL) ? '' : mail(id)
  const language = random.chance(OTHER_LANGUAGE) ? pick(random, LANGUAGES) : ''
  return { id, given, family, email, language, enabled: true, roles, agents: [] }
}

function staffOf(random: Random, groups: readonly { id: string }[], subjects: readonly string[]) {
  const staff: Person[] = []
  const teaching = new Map<string, string[]>()
  const employ = (id: string, role: string): Person => {
    const known = staff.find((p) => p.id === id)
    if (known) return known
    const made = { ...person(random, id, pick(random, FAMILY), [role]), email: mail(id), language: '' }
    staff.push(made)
    return made
  }
  for (const [i, g] of groups.entries())
    for (const s of subjects) {
      const first = employ(`teacher-${s}-${Math.floor(i / CLASSES_PER_TEACHER) + 1}`, 'teacher')
      const second = i % CO_TAUGHT === 0 && s === subjects[0] ? [employ('teacher-support-1', 'teacher')] : []
      teaching.set(
        `${g.id}-${s}`,
        [first, ...second].map((p) => p.id),
      )
    }
  employ('counselor-1', 'counselor')
  employ('principal-1', 'principal')
  employ('office-1', 'siteAdministrator')
  return { staff, teaching }
}

function familiesOf(random: Random, students: readonly SchoolStudent[]): Family[] {
  const families: Family[] = []
  let guardians = 0
  for (const { id } of students) {
    const siblings = families.length > 0 && random.chance(SIBLING) ? pick(random, families) : null
    if (siblings && siblings.children.length < 3) {
      siblings.children.push(id)
      continue
    }
    const name = pick(random, FAMILY)
    const role = random.chance(0.1) ? 'guardian' : 'parent'
    const count = random.chance(TWO_GUARDIANS) ? 2 : 1
    const own = Array.from({ length: count }, () => person(random, `parent-${++guardians}`, name, [role]))
    if (random.chance(RELATIVE)) own.push(person(random, `parent-${++guardians}`, name, ['relative']))
    const says = (['child', 'child', 'guardian', 'both'] as const)[random.between(0, 3)]!
    families.push({ name, children: [id], guardians: own, says })
  }
  return families
}
