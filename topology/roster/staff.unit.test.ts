import { describe, expect, it } from 'vitest'
import { openRoster } from './recipients.ts'
import { bulk, check, enrolled, role, SMALL, user } from './testing/small.ts'

const AT = Date.parse('2026-10-05T08:00:00Z')
const LATER = Date.parse('2027-06-01T08:00:00Z')
const STAFF = ['olga', 'per', 'quinn', 'rosa']

const roster = (version: '1.1' | '1.2' = '1.2') => {
  if (version === '1.1') {
    const users = SMALL.users.map((u) => ({ ...u, role: 'student', orgSourcedIds: 'school' }))
    return check(
      bulk({ users: [...users, { ...user('olga'), role: 'administrator', orgSourcedIds: 'school' }] }, '1.1'),
    )
  }
  return check(
    bulk({
      users: [
        ...SMALL.users,
        user('olga', { email: 'olga@school.example' }),
        user('per'),
        user('quinn'),
        user('rosa', { enabledUser: 'false' }),
      ],
      roles: [
        ...SMALL.roles,
        role('olga', 'systemAdministrator'),
        role('per', 'districtAdministrator', { endDate: '2027-01-31' }),
        role('quinn', 'siteAdministrator'),
        role('rosa', 'siteAdministrator'),
      ],
      enrollments: [...SMALL.enrollments, enrolled('m6', 'olga', 'teacher', { primary: 'false' })],
    }),
  )
}
const opened = (version: '1.1' | '1.2' = '1.2') => openRoster({ ...roster(version).built.relations, version: '1' })

describe('who runs the system, by the roster', () => {
  it('are administrators of any kind, while their role holds and unless they are disabled', () => {
    expect(opened().administratorsAt(AT)).toEqual(['p-olga', 'p-per', 'p-quinn'])
    expect(opened().administratorsAt(LATER)).toEqual(['p-olga', 'p-quinn'])
    expect(opened('1.1').administratorsAt(AT)).toEqual(['p-olga'])
  })

  it('have their names and addresses in the vault, and nothing but pseudonyms in the relations', () => {
    const { built } = roster()
    const people = new Map(built.people.map((p) => [p.pseudonym, p]))
    expect(people.get('p-olga')).toMatchObject({ name: 'Olga Doe', email: 'olga@school.example' })
    for (const id of STAFF) expect(people.has(`p-${id}`)).toBe(true)
    expect(JSON.stringify(built.relations)).not.toMatch(/Olga|olga@|"olga"/)
  })

  it('are told by the clock of their school, where they have one', () => {
    expect(opened().reader('p-quinn', 'operator', AT)).toEqual({
      user: 'p-quinn',
      role: 'operator',
      school: 'school',
      class: null,
      primary: false,
    })
    expect(opened().reader('p-rosa', 'operator', AT)).toBeNull()
    expect(opened().reader('p-nobody', 'operator', AT)).toBeNull()
  })

  it('teachers are those of any class, while they teach it', () => {
    expect(opened().teachersAt(AT)).toEqual(['p-olga', 'p-tina', 'p-tom'])
    expect(opened().teachersAt(Date.parse('2028-01-01T00:00:00Z'))).toEqual([])
  })
})
