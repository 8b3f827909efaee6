import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EVERYBODY, openRoster } from './recipients.ts'
import type { Guardianship, Member, Recipient, Relations, RosterUser, Span } from './relations.ts'
import { bulk, check, enrolled, SMALL, user } from './testing/small.ts'

const AT = Date.UTC(2026, 9, 1)
const open = (files = bulk(), deny: string | null = null) =>
  openRoster({ ...check(files, {}, deny).built.relations, version: 'v' })
const told = (rs: readonly Recipient[]) => rs.map((r) => `${r.user.slice(2)} ${r.role}`)
const change = (id: string, more: Readonly<Record<string, string>>) =>
  SMALL.users.map((u) => (u['sourcedId'] === id ? { ...u, ...more } : u))

describe('who is told of a student', () => {
  it('teachers first, who answers for the class before the co-teacher, then guardians and the student', () => {
    const found = open().recipientsOf('p-ann', 'fractions', AT, EVERYBODY)
    expect(told(found)).toEqual(['tom teacher', 'tina teacher', 'dora guardian', 'ann student'])
    expect(found[0]).toEqual({ user: 'p-tom', role: 'teacher', school: 'school', class: 'm6', primary: true })
  })

  it('a teacher who is a parent once as each', () => {
    expect(told(open().recipientsOf('p-ben', 'fractions', AT, EVERYBODY))).toEqual([
      'tom teacher',
      'tina teacher',
      'dora guardian',
      'tom guardian',
      'ben student',
    ])
  })

  it('the teachers of the class that has the topic; of classes that name none for others; of all without a topic', () => {
    const roster = open()
    expect(roster.classesOf('p-ann', 'sums', AT).map((c) => c.id)).toEqual(['m6'])
    expect(
      told(roster.recipientsOf('p-ann', 'drawing', AT, { ...EVERYBODY, guardians: false, student: false })),
    ).toEqual(['tina teacher'])
    expect(
      told(roster.recipientsOf('p-ann', null, AT, { ...EVERYBODY, guardians: false, student: false })).sort(),
    ).toEqual(['tina teacher', 'tom teacher'])
  })

  it('a guardian who names the student, as well as one whom the student names', () => {
    expect(told(open().recipientsOf('p-cem', null, AT, EVERYBODY))).toContain('fay guardian')
  })

  it('relatives only where they are asked for', () => {
    const roster = open()
    expect(told(roster.recipientsOf('p-ann', null, AT, EVERYBODY))).not.toContain('emil guardian')
    expect(told(roster.recipientsOf('p-ann', null, AT, { ...EVERYBODY, relatives: true }))).toContain('emil guardian')
  })

  it('nobody who is denied, be it a parent, a teacher or a relative', () => {
    const roster = open(bulk(), 'student,user\nann,dora\nann,tom\n')
    expect(told(roster.recipientsOf('p-ann', 'fractions', AT, EVERYBODY))).toEqual(['tina teacher', 'ann student'])
    expect(told(roster.recipientsOf('p-ben', 'fractions', AT, EVERYBODY))).toContain('dora guardian')
  })

  it('nobody who is disabled, and nobody of a student who is', () => {
    expect(
      told(open(bulk({ users: change('dora', { enabledUser: 'false' }) })).recipientsOf('p-ann', null, AT, EVERYBODY)),
    ).not.toContain('dora guardian')
    const roster = open(bulk({ users: change('ann', { enabledUser: 'false' }) }))
    expect(roster.recipientsOf('p-ann', null, AT, EVERYBODY)).toEqual([])
    expect(roster.studentsOf('m6', AT)).toEqual(['p-ben', 'p-cem'])
  })

  it('from the first day of a role, an enrolment and a term on, and before the last', () => {
    const roster = open(
      bulk({
        enrollments: [
          ...SMALL.enrollments.filter((e) => e['sourcedId'] !== 'm6-tom'),
          enrolled('m6', 'tom', 'teacher', { beginDate: '2026-10-01', endDate: '2026-10-02' }),
        ],
        roles: SMALL.roles.map((r) => (r['userSourcedId'] === 'dora' ? { ...r, endDate: '2026-10-01' } : r)),
      }),
    )
    const on = (day: string) => told(roster.recipientsOf('p-ann', 'fractions', Date.parse(`${day}+02:00`), EVERYBODY))
    expect(on('2026-09-30T23:59:59.999')).toEqual(['tina teacher', 'dora guardian', 'ann student'])
    expect(on('2026-10-01T00:00:00')).toEqual(['tina teacher', 'tom teacher', 'ann student'])
    expect(on('2026-10-02T00:00:00')).toEqual(['tina teacher', 'ann student'])
    // After the term the student still is one, and no class knows him.
    expect(on('2027-08-01T00:00:00')).toEqual(['ann student'])
  })

  it('nobody of somebody who is not known, or is no student', () => {
    const roster = open(bulk({ users: [...SMALL.users, user('kim')] }))
    for (const who of ['p-nobody', 'p-dora', 'p-tina', 'p-kim'])
      expect(roster.recipientsOf(who, null, AT, EVERYBODY)).toEqual([])
  })
})

const PEOPLE = ['a', 'b', 'c', 'd', 'e']
const CLASSES = ['k1', 'k2']
const ROLES = ['student', 'teacher', 'aide', 'parent', 'guardian', 'relative', 'counselor'] as const
const who = fc.constantFrom(...PEOPLE)
const span: fc.Arbitrary<Span> = fc.record({
  from: fc.option(fc.integer({ min: 0, max: 10 })),
  until: fc.option(fc.integer({ min: 0, max: 10 })),
})
const relations: fc.Arbitrary<Relations> = fc.record({
  tenant: fc.constant('t'),
  version: fc.constant('v'),
  schools: fc.constant([{ id: 's', zone: null }]),
  classes: fc.constant(CLASSES.map((id, i) => ({ id, school: 's', grades: [], topics: i === 0 ? ['x'] : [] }))),
  members: fc.array(
    fc
      .tuple(
        span,
        fc.constantFrom(...CLASSES),
        who,
        fc.constantFrom<Member['role']>('student', 'teacher', 'aide'),
        fc.boolean(),
      )
      .map(([s, c, u, role, primary]) => ({ ...s, class: c, user: u, role, primary })),
    { maxLength: 12 },
  ),
  guardians: fc.array(
    fc
      .tuple(who, who, fc.constantFrom<Guardianship['role']>('parent', 'guardian', 'relative'))
      .map(([student, guardian, role]) => ({ student, guardian, role })),
    { maxLength: 8 },
  ),
  users: fc.tuple(
    ...PEOPLE.map((pseudonym) =>
      fc.record<RosterUser>({
        pseudonym: fc.constant(pseudonym),
        roles: fc.array(
          fc
            .tuple(fc.oneof(span, fc.constant({ from: null, until: null })), fc.constantFrom('student', ...ROLES))
            .map(([s, role]) => ({ ...s, role, school: 's' })),
          { maxLength: 4 },
        ),
        language: fc.constant(null),
        enabled: fc.constantFrom(true, true, true, false),
      }),
    ),
  ),
  denied: fc.array(fc.record({ student: who, user: who }), { maxLength: 6 }),
})
const wanted = fc.record({
  teachers: fc.boolean(),
  guardians: fc.boolean(),
  student: fc.boolean(),
  relatives: fc.boolean(),
})
const within = (s: Span, at: number) => (s.from === null || s.from <= at) && (s.until === null || at < s.until)

describe('whatever the relations', () => {
  it('each recipient is enabled, not denied, wanted, told once per role, and has a reason that holds at the time', () => {
    let some = 0
    fc.assert(
      fc.property(
        relations,
        who,
        fc.constantFrom('x', 'y', null),
        fc.integer({ min: 0, max: 10 }),
        wanted,
        (r, student, topic, at, w) => {
          const found = openRoster(r).recipientsOf(student, topic, at, w)
          const users = new Map(r.users.map((u) => [u.pseudonym, u]))
          const is = (user: string, role: string) =>
            users.get(user)!.roles.some((x) => x.role === role && within(x, at))
          if (found.length > 0) {
            some++
            expect(users.get(student)!.enabled && is(student, 'student')).toBe(true)
          }
          expect(new Set(found.map((f) => `${f.user} ${f.role}`)).size).toBe(found.length)
          for (const f of found) {
            expect(users.get(f.user)!.enabled).toBe(true)
            expect(r.denied).not.toContainEqual({ student, user: f.user })
            if (f.role === 'student') expect([f.user, w.student]).toEqual([student, true])
            if (f.role === 'teacher') {
              expect(w.teachers).toBe(true)
              const shared = (user: string, role: string) =>
                r.members.some((m) => m.class === f.class && m.user === user && m.role === role && within(m, at))
              expect(shared(f.user, 'teacher') && shared(student, 'student')).toBe(true)
            }
            if (f.role === 'guardian') {
              expect(w.guardians).toBe(true)
              const pairs = r.guardians.filter(
                (g) => g.student === student && g.guardian === f.user && is(f.user, g.role),
              )
              expect(pairs.some((g) => g.role !== 'relative' || w.relatives)).toBe(true)
            }
          }
          const firstOther = found.findIndex((f) => f.role !== 'teacher')
          if (firstOther >= 0) expect(found.slice(firstOther).every((f) => f.role !== 'teacher')).toBe(true)
          for (const c of CLASSES) {
            const primaries = openRoster(r)
              .teachersOf(c, at)
              .map((t) => t.primary)
            expect(primaries).toEqual([...primaries].sort((a, b) => Number(b) - Number(a)))
          }
        },
      ),
      { numRuns: 2000, seed: 9 },
    )
    expect(some).toBeGreaterThan(100)
  })

  it('a pair that is denied later never gains anybody', () => {
    fc.assert(
      fc.property(relations, who, who, fc.integer({ min: 0, max: 10 }), (r, student, other, at) => {
        const all = { ...EVERYBODY, relatives: true }
        const before = openRoster(r).recipientsOf(student, null, at, all)
        const after = openRoster({ ...r, denied: [...r.denied, { student, user: other }] }).recipientsOf(
          student,
          null,
          at,
          all,
        )
        expect(after).toEqual(before.filter((f) => f.user !== other))
      }),
      { numRuns: 500, seed: 2 },
    )
  })
})
