import { describe, expect, it } from 'vitest'
import { problemLine } from './problem.ts'
import { bulk, bytesOf, check, fileOf, refused, SMALL, user } from './testing/small.ts'

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)
const warnings = (files: ReturnType<typeof bulk>) => check(files).warnings.map(problemLine)

describe('a bulk roster', () => {
  it('that is as the standard says has no problem', () => {
    expect(warnings(bulk())).toEqual([])
  })

  it('of OneRoster 1.1 says roles with the users, and comes to the same relations', () => {
    const roleOf = (id: string) => SMALL.roles.find((r) => r['userSourcedId'] === id)!['role']!
    const users = SMALL.users.map((u) => ({ ...u, orgSourcedIds: 'school', role: roleOf(u['sourcedId']!) }))
    const { roles: _, ...rest } = SMALL
    const files = bulk({ ...rest, users }, '1.1')
    files.delete('roles.csv')
    files.set('manifest.csv', bytesOf(text(files.get('manifest.csv')).replace('file.roles,bulk\n', '')))
    const { built, warnings } = check(files)
    // A user of 1.1 has one role: tom is a teacher here, and his link to ben says nothing.
    expect(warnings).toEqual([])
    const both = check(bulk({ roles: SMALL.roles.filter((r) => r['sourcedId'] !== 'tom-parent') })).built
    expect(built.relations).toEqual(both.relations)
  })

  it('is taken with a byte order mark, other column orders, capitals and a missing manifest, and says so', () => {
    const files = bulk()
    const header = ['familyName', 'givenName', 'enabledUser', 'SOURCEDID', 'agentSourcedIds', 'nickname']
    const rows = SMALL.users.map((u) =>
      header.map((c) => `"${c === 'SOURCEDID' ? u['sourcedId'] : (u[c] ?? '')}"`).join(','),
    )
    files.delete('users.csv')
    files.set('Users.csv', bytesOf(`\ufeff${[header.join(','), ...rows].join('\r\n')}\r\n`))
    files.delete('manifest.csv')
    const told = warnings(files)
    for (const part of [
      /Users\.csv, row 1: The file begins with a byte order mark/,
      /Users\.csv: The name is written otherwise/,
      /row 1: The columns stand in another order/,
      /column sourcedId: The header says "SOURCEDID"\. It was read as sourcedId/,
      /The columns "nickname" are none of users in OneRoster 1\.2/,
      /The columns status, dateLastModified, .* are missing\. They were taken as empty/,
      /manifest\.csv: The file is missing\. All files were taken as bulk/,
    ])
      expect(told).toContainEqual(expect.stringMatching(part))
    expect(check(files).built.relations.users).toHaveLength(8)
  })

  it('has each value of another form told with row and column, and what would be right', () => {
    const problems = refused(
      bulk({
        users: [...SMALL.users, user('zoe', { enabledUser: 'perhaps' }), user('ann')],
        roles: [...SMALL.roles, { ...SMALL.roles[0]!, sourcedId: 'r', role: 'pupil' }],
        academicSessions: [{ ...SMALL.academicSessions[0]!, startDate: '31.08.2026', endDate: '2027-02-30' }],
      }),
    ).map(problemLine)
    expect(problems).toEqual([
      'error in academicSessions.csv, row 2, column startDate: "31.08.2026" is no date. Give a date such as 2026-09-01.',
      'error in academicSessions.csv, row 2, column endDate: "2027-02-30" is no date. Give a date such as 2026-09-01.',
      expect.stringMatching(
        /^error in roles\.csv, row 11, column role: "pupil" is not known here\. Give one of aide, /,
      ),
      'error in users.csv, row 10, column enabledUser: "perhaps" is neither true nor false. Give true or false.',
      'error in users.csv, row 11, column sourcedId: "ann" stands in row 2 already. Each sourcedId may stand in a file once.',
    ])
  })

  it('is refused where columns or files that must be there are missing', () => {
    const files = bulk()
    files.set('users.csv', bytesOf('sourcedId,givenName\nann,Ann'))
    files.delete('enrollments.csv')
    const problems = refused(files).map(problemLine)
    expect(problems).toContainEqual(
      expect.stringMatching(/users\.csv, row 1, column enabledUser: The column is missing/),
    )
    expect(problems).toContainEqual(
      expect.stringMatching(/enrollments\.csv: manifest\.csv says bulk, and the file is not/),
    )
    files.delete('manifest.csv')
    expect(refused(files).map(problemLine)).toContainEqual(
      expect.stringMatching(/enrollments\.csv: The file is missing\. A bulk roster of OneRoster 1\.2 must have it/),
    )
    expect(refused(new Map([['readme.txt', bytesOf('x')]])).map(problemLine)).toEqual([
      expect.stringMatching(/No file of a OneRoster is there/),
    ])
  })

  it('tells quotes that do not close, rows of another length, and text that is no UTF-8, at their row', () => {
    const files = bulk()
    files.set('orgs.csv', bytesOf(`${fileOf('orgs', SMALL.orgs)}\nx,,,"A "B" school",school,,,\ny,,`))
    files.set('classes.csv', Uint8Array.from([...bytesOf('sourcedId\n\n'), 0xe9, 10]))
    const problems = refused(files).map(problemLine)
    expect(problems).toContainEqual(expect.stringMatching(/orgs\.csv, row 3: A quote does not close/))
    expect(problems).toContainEqual(expect.stringMatching(/orgs\.csv, row 4: The row has 3 cells, the header 8/))
    expect(problems).toContainEqual(expect.stringMatching(/classes\.csv, row 3: The text is not in UTF-8/))
  })

  it('accepts roles of its own, and tells them of nothing', () => {
    const files = bulk({ roles: [...SMALL.roles, { ...SMALL.roles[0]!, sourcedId: 'r', role: 'ext:janitor' }] })
    expect(warnings(files)).toEqual([])
    expect(check(files).built.relations).toEqual(check(bulk()).built.relations)
  })

  it('that fills status, or leaves files out of its manifest, is taken with a warning', () => {
    const files = bulk({ orgs: SMALL.orgs.map((o) => ({ ...o, status: 'active' })) })
    files.set(
      'manifest.csv',
      bytesOf(text(files.get('manifest.csv')).replace('\nfile.lineItems,bulk', '\nfile.lineItems,absent')),
    )
    const told = warnings(files)
    expect(told).toContainEqual(expect.stringMatching(/orgs\.csv, row 2, column status: It is filled in a bulk file/))
    expect(told).toContainEqual(
      expect.stringMatching(/lineItems\.csv: manifest\.csv says that it is absent\. It was not read/),
    )
  })

  it('whose classes name no course and no term is taken, with a warning', () => {
    const files = bulk({ classes: SMALL.classes.map((c) => ({ ...c, courseSourcedId: '', termSourcedIds: '' })) })
    expect(warnings(files).filter((w) => w.startsWith('warning in classes.csv, row 2'))).toEqual([
      'warning in classes.csv, row 2, column courseSourcedId: It is empty. Its own subjects and grades count.',
      'warning in classes.csv, row 2, column termSourcedIds: It is empty. Only the dates of enrolments count.',
    ])
    expect(check(files).built.relations.members[0]).toMatchObject({ from: null, until: null })
  })

  it('never keeps passwords, phones or other columns that are not needed', () => {
    const files = bulk({
      users: SMALL.users.map((u) => ({ ...u, password: 'hunter2', phone: '555-0100', pronouns: 'x' })),
    })
    const { built, source } = check(files)
    expect(JSON.stringify([built, source])).not.toMatch(/hunter2|555-0100|pronouns/)
  })
})
