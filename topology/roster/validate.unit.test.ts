import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { problemLine, RosterRefused } from './problem.ts'
import { bulk, bytesOf, check, enrolled, refused, role, SMALL, user } from './testing/small.ts'

const warnings = (files: ReturnType<typeof bulk>) => check(files).warnings.map(problemLine)

describe('a roster as a whole', () => {
  it('names every reference that leads nowhere', () => {
    const problems = refused(
      bulk({
        classes: [{ ...SMALL.classes[0]!, termSourcedIds: 'year,spring' }, SMALL.classes[1]!],
        users: SMALL.users.map((u) => (u['sourcedId'] === 'cem' ? { ...u, agentSourcedIds: 'nobody' } : u)),
        enrollments: [...SMALL.enrollments, enrolled('m7', 'ann', 'student')],
        lineItems: [{ sourcedId: 'other', classSourcedId: 'm6' }],
      }),
    ).map(problemLine)
    expect(problems).toEqual([
      'error in classes.csv, row 2, column termSourcedIds: "spring" is not in academicSessions.csv. Add that row, or correct the reference.',
      'error in enrollments.csv, row 11, column classSourcedId: "m7" is not in classes.csv. Add that row, or correct the reference.',
      'error in lineItemLearningObjectiveIds.csv, row 2, column lineItemSourcedId: "sheet" is not in lineItems.csv. Add that row, or correct the reference.',
      'error in users.csv, row 4, column agentSourcedIds: "nobody" is not in users.csv. Add that row, or correct the reference.',
    ])
  })

  it('refuses ends before beginnings, circles, and who is an agent of itself', () => {
    const problems = refused(
      bulk({
        orgs: [
          ...SMALL.orgs,
          { sourcedId: 'a', name: 'A', type: 'local', parentSourcedId: 'b' },
          { sourcedId: 'b', name: 'B', type: 'local', parentSourcedId: 'a' },
        ],
        users: SMALL.users.map((u) => (u['sourcedId'] === 'cem' ? { ...u, agentSourcedIds: 'cem' } : u)),
        enrollments: SMALL.enrollments.map((e) => ({ ...e, beginDate: '2026-10-01', endDate: '2026-10-01' })),
      }),
    ).map(problemLine)
    expect(problems.filter((p) => /enrollments/.test(p))).toHaveLength(9)
    expect(problems.filter((p) => /is above itself/.test(p))).toHaveLength(2)
    expect(problems).toContainEqual(
      expect.stringMatching(/users\.csv, row 4, column agentSourcedIds: The user is an agent/),
    )
  })

  it('warns of students without guardian or class, guardians of nobody, classes without teacher, roles that differ', () => {
    const told = warnings(
      bulk({
        classes: [...SMALL.classes, { ...SMALL.classes[0]!, sourcedId: 'empty' }],
        users: [...SMALL.users, user('gus'), user('ida'), user('kim')],
        roles: [...SMALL.roles, role('gus', 'student'), role('ida', 'parent')],
        enrollments: [...SMALL.enrollments, enrolled('a6', 'dora', 'teacher')],
      }),
    )
    for (const part of [
      /The student "gus" has no guardian/,
      /The student "gus" is in no class/,
      /"ida" is a guardian of nobody/,
      /"kim" has no role/,
      /The class "empty" has no teacher/,
      /enrollments\.csv, row 11, column role: "dora" is enrolled as teacher, and has no such role/,
    ])
      expect(told).toContainEqual(expect.stringMatching(part))
  })

  it('refuses a student without the id that events have, and two users who would be one', () => {
    expect(refused(bulk(), { learnerId: 'identifier' }).map(problemLine)).toContainEqual(
      expect.stringMatching(/users\.csv, row 2, column identifier: The student "ann" has no identifier/),
    )
    const same = bulk({ users: SMALL.users.map((u) => ({ ...u, username: u['username']!.replace('ben', 'ann') })) })
    expect(refused(same, { learnerId: 'username' }).map(problemLine)).toEqual([
      expect.stringMatching(/users\.csv, row 3, column username: "ben" and "ann" have one id/),
    ])
  })

  it('refuses a deny list of people who are not there', () => {
    expect(refused(bulk(), {}, 'student,user\nann,dora\nann,doro\n').map(problemLine)).toEqual([
      'error in deny.csv, row 3, column user: "doro" is nobody in this roster. Give a sourcedId, or the id that events have.',
    ])
    expect(refused(bulk(), {}, 'pupil,user\nann,dora\n')).toHaveLength(1)
  })

  it('quotes no name in what it says', () => {
    const files = bulk({ users: SMALL.users.map((u) => ({ ...u, familyName: 'Sekret', enabledUser: 'maybe' })) })
    expect(refused(files).map(problemLine).join()).not.toMatch(/Sekret/)
  })

  it('is taken or refused with problems, whatever bytes stand in a file; nothing else is thrown', () => {
    const files = [...bulk().keys()]
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.nat(),
        fc.oneof(
          fc.string(),
          fc.constantFrom('"', ',', '\n', '""', ';', 'ext:', '\ufeff', '2026-13-01', 'tobedeleted', '{:}', 'ann'),
        ),
        fc.nat(40),
        (name, at, put, cut) => {
          const broken = bulk()
          const text = new TextDecoder().decode(broken.get(name)!)
          const i = at % (text.length + 1)
          broken.set(name, bytesOf(text.slice(0, i) + put + text.slice(i + cut)))
          try {
            const { built } = check(broken)
            expect(built.relations.tenant).toBe('school')
          } catch (e) {
            if (!(e instanceof RosterRefused)) throw e
            expect(e.problems.some((p) => p.level === 'error')).toBe(true)
          }
        },
      ),
      { numRuns: 400, seed: 5 },
    )
  })
})
