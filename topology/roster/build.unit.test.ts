import { describe, expect, it } from 'vitest'
import { type CheckedRoster, forgetPeople } from './check.ts'
import { leftAlone } from './forget.ts'
import { openRoster } from './recipients.ts'
import { tablesFrom } from './source.ts'
import { bulk, bytesOf, CONTEXT, check, delta, enrolled, refused, SMALL, user } from './testing/small.ts'
import { holdsSame, parseRelations, relationsBytes, versionName } from './version.ts'

const { built } = check(bulk())
const { relations } = built
const change = (
  rows: readonly Readonly<Record<string, string>>[],
  id: string,
  more: Readonly<Record<string, string>>,
) => rows.map((r) => (r['sourcedId'] === id ? { ...r, ...more } : r))

describe('relations', () => {
  it('hold pseudonyms and no name, address or title', () => {
    const text = JSON.stringify(relations)
    expect(text).not.toMatch(/Doe|Ann|@|Maths|A School/)
    expect(built.people).toContainEqual({
      pseudonym: 'p-dora',
      name: 'Dora Doe',
      email: 'dora@mail.example',
      language: 'de',
    })
    expect(built.titles).toContainEqual({ id: 'm6', title: 'Maths 6' })
  })

  it('read agentSourcedIds in both directions, and each pair once', () => {
    const pairs = relations.guardians.map((g) => `${g.student} ${g.guardian} ${g.role}`)
    expect(pairs.sort()).toEqual(
      [
        'p-ann p-dora parent',
        'p-ann p-emil relative',
        'p-ben p-dora parent',
        'p-ben p-tom parent',
        'p-cem p-fay guardian',
      ].sort(),
    )
    const both = bulk({ users: change(SMALL.users, 'dora', { agentSourcedIds: 'ann,ben' }) })
    expect(check(both).built.relations).toEqual(relations)
  })

  it("begin and end days at midnight of the school, within the class's terms", () => {
    const m = relations.members.find((x) => x.user === 'p-ann' && x.class === 'm6')!
    expect([m.from, m.until].map((t) => new Date(t!).toISOString())).toEqual([
      '2026-07-31T22:00:00.000Z',
      '2027-07-31T22:00:00.000Z',
    ])
    const dated = bulk({
      enrollments: [enrolled('m6', 'ann', 'student', { beginDate: '2026-09-01', endDate: '2029-01-01' })],
    })
    const own = check(dated).built.relations.members[0]!
    expect([own.from, own.until].map((t) => new Date(t!).toISOString())).toEqual([
      '2026-08-31T22:00:00.000Z',
      '2027-07-31T22:00:00.000Z',
    ])
    const elsewhere = check(bulk(), { zones: { school: 'America/New_York' } }).built.relations
    expect(elsewhere.schools).toEqual([{ id: 'school', zone: 'America/New_York' }])
    expect(elsewhere.members[0]!.from).toBe(Date.UTC(2026, 7, 1, 4))
  })

  it('know a class by the topics of its subject and its line items; one without a known subject teaches all', () => {
    expect(relations.classes).toEqual([
      { id: 'a6', school: 'school', grades: [], topics: [] },
      { id: 'm6', school: 'school', grades: [], topics: ['fractions', 'sums'] },
    ])
    expect(check(bulk(), { topics: [] }).built.relations.classes[1]!.topics).toEqual([])
    expect(built.items).toEqual([{ item: 'sheet', class: 'm6', topic: 'sums', source: 'unknown' }])
  })

  it('call who teaches alone the one who answers for the class', () => {
    const primary = relations.members.filter((m) => m.role === 'teacher').map((m) => [m.class, m.user, m.primary])
    expect(primary).toEqual([
      ['a6', 'p-tina', true],
      ['m6', 'p-tina', false],
      ['m6', 'p-tom', true],
    ])
  })

  it('leave out guardians of nobody, keep whoever is disabled, and do not depend on the order of rows', () => {
    const files = bulk({
      users: [...change(SMALL.users, 'emil', { enabledUser: 'false' }), user('ida')].reverse(),
      roles: [...SMALL.roles, { ...SMALL.roles[3]!, sourcedId: 'ida-parent', userSourcedId: 'ida' }].reverse(),
      enrollments: [...SMALL.enrollments].reverse(),
    })
    const { users } = check(files).built.relations
    expect(users.find((u) => u.pseudonym === 'p-ida')).toBeUndefined()
    expect(users.map((u) => [u.pseudonym, u.enabled])).toEqual(
      relations.users.map((u) => [u.pseudonym, u.pseudonym !== 'p-emil']),
    )
  })

  it('are under the id that events have', () => {
    const pseudonyms = (learnerId: 'username' | 'email' | 'userIds:LMS', users = SMALL.users) =>
      check(bulk({ users }), { learnerId }).built.relations.users.map((u) => u.pseudonym)
    expect(pseudonyms('username')).toContain('p-ann@school')
    const ids = SMALL.users.map((u, i) => ({ ...u, userIds: i < 3 ? `{SIS:${i}},{lms:l${i}}` : '' }))
    expect(pseudonyms('userIds:LMS', ids)).toEqual(expect.arrayContaining(['p-l0', 'p-l1', 'p-l2', 'p-tom']))
    const mails = SMALL.users.map((u) => ({ ...u, email: `${u['sourcedId']}@mail.example` }))
    expect(pseudonyms('email', mails)).toContain('p-ann@mail.example')
  })

  it('survive being written and read, and say what is missing', () => {
    const whole = { ...relations, version: 'v1' }
    expect(parseRelations(relationsBytes(whole))).toEqual(whole)
    expect(() => parseRelations(bytesOf('{"tenant":"school","version":"v1"}'))).toThrow(/have no schools/)
  })

  it('have another version once anything differs, a name too', () => {
    const hash = check(bulk()).hash
    expect(check(bulk()).hash).toBe(hash)
    expect(check(bulk({ users: change(SMALL.users, 'dora', { email: 'new@mail.example' }) })).hash).not.toBe(hash)
    const name = versionName(hash, Date.UTC(2026, 8, 1))
    expect(name).toMatch(/^2026-09-01\.[0-9a-f]{10}$/)
    expect([holdsSame(name, hash), holdsSame(name, 'f'.repeat(64))]).toEqual([true, false])
  })
})

describe('a delta', () => {
  const before = check(bulk(), {}, 'student,user\nann,dora\n').source

  it('changes what it names, takes out what is to be deleted with what hangs on it, and leaves the rest', () => {
    const { built, source, warnings, kind } = check(
      delta({
        users: [user('ann', { agentSourcedIds: 'dora' }), user('cem', { status: 'tobedeleted' }), user('nia')],
        roles: [{ ...SMALL.roles[0]!, sourcedId: 'nia-student', userSourcedId: 'nia' }],
        enrollments: [enrolled('m6', 'nia', 'student')],
      }),
      { before },
    )
    expect(kind).toBe('delta')
    const people = built.relations.users.map((u) => u.pseudonym)
    expect(people).toContain('p-nia')
    // Without cem fay is a guardian of nobody, and emil is no agent any more.
    expect(people).not.toContain('p-cem')
    expect(people).not.toContain('p-fay')
    expect(people).not.toContain('p-emil')
    expect(built.relations.members.filter((m) => m.user === 'p-cem')).toEqual([])
    expect(source.tables.enrollments.map((e) => e['sourcedId'])).not.toContain('m6-cem')
    expect(warnings.map((w) => w.what)).toContain('"m6-cem" refers to "cem", which the delta deletes')
    // The deny list stays in force.
    expect(built.relations.denied).toEqual([{ student: 'p-ann', user: 'p-dora' }])
    expect(check(bulk(), { before }).built.relations.denied).toHaveLength(1)
    expect(check(bulk(), { before }, 'student,user\n').built.relations.denied).toEqual([])
  })

  it('applied twice is the same as once', () => {
    const files = delta({ users: [user('ann', { familyName: 'Other' })] })
    const once = check(files, { before })
    expect(check(files, { before: once.source }).hash).toBe(once.hash)
    expect(once.hash).not.toBe(check(bulk(), { before }).hash)
  })

  it('needs a roster of its version in force, a status and a time', () => {
    const files = delta({ users: [user('ann')] })
    expect(refused(files)[0]!.what).toBe('It is a delta, and no roster is in force')
    expect(refused(delta({ users: [] }, '1.1'), { before })[0]!.what).toMatch(
      /of OneRoster 1\.1, and the roster in force is of 1\.2/,
    )
    const blank = delta({
      users: [user('ann', { status: '', dateLastModified: '' }), user('ben', { dateLastModified: 'x' })],
    })
    expect(refused(blank, { before }).map((p) => `${p.row} ${p.column}`)).toEqual([
      '2 status',
      '2 dateLastModified',
      '3 dateLastModified',
    ])
  })

  it('that leaves a reference without its row is refused', () => {
    const files = delta({ enrollments: [enrolled('m6', 'nobody', 'student')] })
    expect(refused(files, { before }).map((p) => p.what)).toEqual(['"nobody" is not in users.csv'])
  })
})

describe('an erased student', () => {
  it('is left out of what is imported, and guardians without another child with him', () => {
    const { built, source, warnings } = check(bulk(), { erased: new Set(['p-cem']) })
    const all = JSON.stringify([built, source])
    expect(all).not.toMatch(/cem|fay|Cem|Fay/)
    expect(all).toMatch(/dora/)
    expect(warnings.map((w) => w.what)).toContain('It has erased students: 1')
  })

  it('is forgotten in the version in force; siblings keep their guardians, and a teacher stays one', () => {
    const whole = check(bulk(), {}, 'student,user\nben,tom\nann,dora\n')
    const { source } = whole
    const kept = (c: CheckedRoster) => ({ rows: c.source, ids: c.ids })
    const ben = forgetPeople(kept(whole), new Set(['p-ben']), CONTEXT)
    expect(ben.gone).toEqual([{ pseudonym: 'p-ben', guardian: false }])
    expect(JSON.stringify(ben.checked)).not.toMatch(/ben/i)
    expect(ben.checked.built.relations.denied).toEqual([{ student: 'p-ann', user: 'p-dora' }])
    const ann = forgetPeople(kept(ben.checked), new Set(['p-ann']), CONTEXT)
    expect(ann.gone.map((g) => g.pseudonym).sort()).toEqual(['p-ann', 'p-dora', 'p-emil'])
    expect(JSON.stringify(ann.checked)).not.toMatch(/ann|dora|emil/i)
    expect(ann.checked.built.people.map((p) => p.pseudonym)).toContain('p-tom')
    const again = forgetPeople(kept(ann.checked), new Set(['p-ann']), CONTEXT)
    expect([again.gone, again.checked.hash]).toEqual([[], ann.checked.hash])
    expect([...leftAlone('1.2', tablesFrom(source), new Set(['ann', 'ben']))].sort()).toEqual(['dora', 'emil'])
  })

  it('no longer has anybody told of him', () => {
    const { source: rows, ids } = check(bulk())
    const { checked } = forgetPeople({ rows, ids }, new Set(['p-ann']), CONTEXT)
    const roster = openRoster({ ...checked.built.relations, version: 'v' })
    const wanted = { teachers: true, guardians: true, student: true, relatives: true }
    expect(roster.recipientsOf('p-ann', null, Date.UTC(2026, 9, 1), wanted)).toEqual([])
  })
})
