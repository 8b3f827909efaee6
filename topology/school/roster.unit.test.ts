import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkRoster } from '../roster/check.ts'
import { EVERYBODY, openRoster } from '../roster/recipients.ts'
import { bytesOf, CONTEXT } from '../roster/testing/small.ts'
import { schoolRoster } from './roster.ts'
import { simulateSchool } from './school.ts'

const options = { seed: 4, students: 120, events: 4000, tenant: 'school', pseudonym: (id: string) => `p-${id}` }
const school = simulateSchool(options)
const files = schoolRoster(school, options)
const checked = (of: ReadonlyMap<string, string>) =>
  checkRoster(new Map([...of].map(([n, t]) => [n, bytesOf(t)])), null, { ...CONTEXT, topics: school.topics })
const { built, warnings } = checked(files)
const { relations } = built
const AT = Date.UTC(2025, 9, 1)

describe("the simulated school's roster", () => {
  it('is a bulk roster with no other warning than that of the student without a guardian', () => {
    expect(warnings.map((w) => w.what)).toEqual(['The student "student-00120" has no guardian'])
  })

  it('has the students of the events, in classes of about 25 per subject', () => {
    const students = relations.users.filter((u) => u.roles.some((r) => r.role === 'student'))
    expect(students.map((u) => u.pseudonym).sort()).toEqual(school.students.map((s) => `p-${s.id}`).sort())
    const roster = openRoster({ ...relations, version: 'v' })
    expect(relations.classes).toHaveLength(10)
    for (const c of relations.classes) {
      expect(roster.studentsOf(c.id, AT).length).toBeGreaterThan(19)
      expect(c.topics).toHaveLength(10)
    }
  })

  it('has co-teachers, guardians of several children, a teacher who is a parent, a disabled user', () => {
    const roster = openRoster({ ...relations, version: 'v' })
    const teachers = relations.classes.map((c) => roster.teachersOf(c.id, AT))
    expect(teachers.every((t) => t[0]!.primary)).toBe(true)
    expect(teachers.some((t) => t.length === 2 && !t[1]!.primary)).toBe(true)
    const children = new Map<string, number>()
    for (const g of relations.guardians) children.set(g.guardian, (children.get(g.guardian) ?? 0) + 1)
    expect([...children.values()].filter((n) => n > 1).length).toBeGreaterThan(3)
    const parent = relations.users.find((u) => u.pseudonym === 'p-teacher-mathematics-1')!
    expect(parent.roles.map((r) => r.role)).toEqual(['parent', 'teacher'])
    expect(relations.users.filter((u) => !u.enabled)).toHaveLength(1)
    const disabled = relations.users.find((u) => !u.enabled)!.pseudonym
    const child = relations.guardians.find((g) => g.guardian === disabled)!.student
    expect(roster.recipientsOf(child, null, AT, EVERYBODY).map((r) => r.user)).not.toContain(disabled)
  })

  it('is the same for the same seed, another for another, and leaves the events as they are', () => {
    expect(schoolRoster(simulateSchool(options), options)).toEqual(files)
    expect(schoolRoster(school, { ...options, seed: 5 }).get('users.csv')).not.toBe(files.get('users.csv'))
    const bytes = (withRoster: boolean) => {
      const s = simulateSchool(options)
      const hash = createHash('sha256')
      for (const r of s.records()) {
        if (withRoster) schoolRoster(s, options)
        hash.update(JSON.stringify(r))
        if (s.sent().events > 200) break
      }
      return hash.digest('hex')
    }
    expect(bytes(true)).toBe(bytes(false))
  })

  it('can be made of a school of one, and of one that goes on for years', () => {
    for (const more of [
      { students: 1, events: 10 },
      { students: 3, events: 200_000 },
    ]) {
      const o = { ...options, ...more }
      const small = simulateSchool(o)
      expect(checked(schoolRoster(small, o)).built.relations.members.length).toBeGreaterThan(3)
    }
  })
})
