import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeZip } from '@mastery/infra/adapters/zip/archive.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mastery, masteryOk, type Place, sqlRows } from '../processes/here.ts'
import { type Server, startMastery } from '../processes/server.ts'

interface Shown {
  name: string | null
  version: string
  told: { user: string; name: string | null; email: string | null; as: string; class: string | null; why: string }[]
  not_told: { user: string; as: string; why: string }[]
}
interface Version {
  version: string
  kind: string
  in_force: boolean
  students: number
  classes: number
}

const folder = mkdtempSync(join(tmpdir(), 'roster-'))
const place: Place = { data: join(folder, 'data') }
const roster = join(folder, 'roster')
const AT = ['--at', '2025-10-01']
let server: Server

const json = async <T>(...args: string[]): Promise<T> =>
  JSON.parse((await masteryOk(['roster', ...args, '--json'], place)).out.trim().split('\n').at(-1)!) as T
const show = (student: string, ...more: string[]) => json<Shown>('show', '--student', student, ...AT, ...more)
const versions = () => json<Version[]>('versions')
const inForce = async () => (await versions()).filter((v) => v.in_force).map((v) => v.version)
const rows = (file: string) =>
  readFileSync(join(roster, `${file}.csv`), 'utf8')
    .trim()
    .split('\n')
    .map((l) => l.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((c) => c.replace(/^"|"$/g, '')))

/** A folder with a copy of the roster in which files are changed. */
function changed(name: string, change: Readonly<Record<string, (text: string) => string>>): string {
  const to = join(folder, name)
  cpSync(roster, to, { recursive: true })
  for (const [file, of] of Object.entries(change))
    writeFileSync(join(to, file), of(readFileSync(join(to, file), 'utf8')))
  return to
}

/** Everything that stands under the data folder but the vault and the tenants file, as one text. */
function stored(dir: string): string {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile())
    .map((e) => readFileSync(join(e.parentPath, e.name)).toString('latin1'))
    .join('\n')
}

describe('a roster, from the simulated school to who is told', { timeout: 240_000 }, () => {
  let first = ''
  beforeAll(async () => {
    server = (await startMastery(place.data!)).server
    await masteryOk(['simulate', '--students', '60', '--events', '1500', '--seed', '5', '--roster', roster], place)
  }, 200_000)
  afterAll(async () => {
    await server.signal('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  it('is checked and tried without a trace, then imported as a folder, and again as a ZIP without a change', async () => {
    expect((await masteryOk(['roster', 'check', roster], place)).out).toBe('No errors, 1 warnings.\n')
    expect((await json<{ status: string }>('import', roster, '--dry-run')).status).toBe('dry run')
    expect(await versions()).toEqual([])
    const done = await json<{ status: string; version: string; counts: object }>('import', roster)
    expect(done).toMatchObject({ status: 'in force', counts: { students: 60, classes: 4, schools: 1 } })
    first = done.version
    expect(await inForce()).toEqual([first])
    const zip = join(folder, 'roster.zip')
    const files = readdirSync(roster).map((f) => [f, new Uint8Array(readFileSync(join(roster, f)))] as const)
    writeFileSync(zip, await writeZip(new Map(files)))
    expect(await json('import', zip)).toMatchObject({ status: 'same', version: first })
  })

  it('is written without an event where that is asked for, and for the year that the school begins in', async () => {
    const events = () => sqlRows<{ n: string }>('SELECT toString(count()) AS n FROM learning_events FINAL', place)
    const before = await events()
    const drawn = ['simulate', '--students', '60', '--events', '1500', '--seed', '5', '--roster-only']
    const written = async (name: string, ...more: string[]) => {
      await masteryOk([...drawn, '--roster', join(folder, name), ...more], place)
      return (file: string) => readFileSync(join(folder, name, file), 'utf8')
    }
    const same = await written('only')
    for (const file of readdirSync(roster)) expect(same(file), file).toBe(readFileSync(join(roster, file), 'utf8'))
    const later = await written('later', '--from', '2027-09-01')
    expect(later('academicSessions.csv')).toContain(',schoolYear,2027-08-01,2028-08-01,')
    expect(await events()).toEqual(before)
    const { code, err } = await mastery([...drawn], place)
    expect([code, err]).toEqual([2, expect.stringMatching(/--roster-only needs --roster DIR/)])
  })

  it('says who would be told, as what and why, with names from the vault; without them where asked', async () => {
    const shown = await show('student-00002', '--topic', 'fractions')
    expect(shown.told.slice(0, 2).map((t) => [t.as, t.class])).toEqual([
      ['teacher', 'Mathematics 6-1'],
      ['teacher', 'Mathematics 6-1'],
    ])
    expect(shown.told.every((t) => /^\S+ \S+$/.test(t.name ?? ''))).toBe(true)
    expect(shown.not_told).toContainEqual(
      expect.objectContaining({ as: 'teacher', why: 'teaches the student other topics' }),
    )
    const bare = await show('student-00002', '--topic', 'fractions', '--pseudonyms')
    expect(bare.told.map((t) => t.user)).toEqual(shown.told.map((t) => t.user))
    expect([bare.name, ...bare.told.map((t) => t.name ?? t.email)].every((n) => n === null)).toBe(true)
    const log = await sqlRows<{ who: string; action: string; student_id: string }>(
      "SELECT who, toString(action) AS action, student_id FROM access_log FINAL WHERE action LIKE '%vault'",
      place,
    )
    expect(log).toContainEqual({
      who: expect.stringMatching(/^command line \(.+\): roster show$/),
      action: 'read people in the vault',
      student_id: '',
    })
  })

  it('leaves names and addresses nowhere but in the sealed vault', async () => {
    const data = place.data!
    const text = stored(data)
    const [header, ...users] = rows('users')
    const family = header!.indexOf('familyName')
    const given = header!.indexOf('givenName')
    expect(text).not.toMatch(/@mail\.example/)
    for (const u of users.slice(0, 20)) expect(text).not.toContain(`${u[given]} ${u[family]}`)
    expect(readdirSync(join(data, 'vault'))).toEqual(['school.vault'])
  })

  it('that is wrong is refused with every error at its place, and changes nothing', async () => {
    const before = readFileSync(join(place.data!, 'vault/school.vault'))
    const bad = changed('bad', {
      'enrollments.csv': (t) => t.replace('6-1-mathematics,school-1,student-00001', '6-1-mathematics,school-1,nobody'),
      'academicSessions.csv': (t) => t.replace('2025-08-01', '01/08/2025'),
    })
    for (const what of ['check', 'import']) {
      const { code, out, err } = await mastery(['roster', what, bad], place)
      expect(code).toBe(1)
      expect(out).toMatch(/error in academicSessions\.csv, row 2, column startDate: "01\/08\/2025" is no date/)
      expect(out).toMatch(/error in enrollments\.csv, row \d+, column userSourcedId: "nobody" is not in users\.csv/)
      expect(err).toMatch(/refused for 2 errors; nothing was changed/)
    }
    expect(await inForce()).toEqual([first])
    expect(readFileSync(join(place.data!, 'vault/school.vault')).equals(before)).toBe(true)
  })

  it('is changed by a delta, and a deny list holds until another one is given', async () => {
    const address = (await show('student-00003')).told.find((t) => t.as === 'guardian' && t.email !== null)!.email
    const [header, ...users] = rows('users')
    const at = '2025-09-15T08:00:00.000Z'
    const delta = join(folder, 'delta')
    mkdirSync(delta)
    const one = users.find((u) => u[0] === 'student-00003')!.map((c) => (c.includes(',') ? `"${c}"` : c))
    one[1] = 'active'
    one[2] = at
    one[header!.indexOf('preferredFamilyName')] = 'Newname'
    writeFileSync(join(delta, 'users.csv'), `${header!.join(',')}\n${one.join(',')}\n`)
    writeFileSync(
      join(delta, 'enrollments.csv'),
      `${rows('enrollments')[0]!.join(',')}\n6-1-science-student-00004,tobedeleted,${at},,,,,,,\n`,
    )
    writeFileSync(
      join(delta, 'manifest.csv'),
      'propertyName,value\noneroster.version,1.2\nfile.users,delta\nfile.enrollments,delta\n',
    )
    // The deny list names people by the id that events have.
    const denied = users.find((u) => u[header!.indexOf('email')] === address)![0]
    writeFileSync(join(folder, 'deny.csv'), `student,user\nstudent-00003,${denied}\n`)
    const done = await json<{ kind: string; changes: Record<string, object> }>(
      'import',
      delta,
      '--deny',
      join(folder, 'deny.csv'),
    )
    expect(done).toMatchObject({
      kind: 'delta',
      changes: { enrolments: { came: 0, went: 1 }, people: { came: 0, went: 0 } },
    })
    const after = await show('student-00003')
    expect(after.name).toMatch(/ Newname$/)
    expect(after.not_told).toContainEqual(expect.objectContaining({ why: 'stands on the deny list' }))
    expect(after.told.map((t) => t.user)).not.toContain(
      after.not_told.find((n) => n.why === 'stands on the deny list')!.user,
    )
    expect((await show('student-00004', '--topic', 'motion')).told.filter((t) => t.as === 'teacher')).toEqual([])
    // The former version stays as it was.
    expect((await show('student-00003', '--version', first, '--pseudonyms')).not_told.map((n) => n.why)).not.toContain(
      'stands on the deny list',
    )
    await json('import', roster)
    expect((await show('student-00003')).not_told).toContainEqual(
      expect.objectContaining({ why: 'stands on the deny list' }),
    )
  })

  it('is in gold by version under pseudonyms, and views show the one in force', async () => {
    const [now] = await inForce()
    const [counts] = await sqlRows<Record<string, number>>(
      `SELECT (SELECT count() FROM v_class_students) AS students, (SELECT uniqExact(roster_version) FROM class_students) AS versions,
       (SELECT count() FROM v_roster_classes) AS classes, (SELECT uniqExact(user_id) FROM v_class_teachers) AS teachers,
       (SELECT countIf(denied) FROM v_student_guardians) AS denied, (SELECT uniqExact(topic_id) FROM v_roster_items) AS topics`,
      place,
    )
    expect(counts).toMatchObject({ students: 120, versions: 3, classes: 4, teachers: 3, denied: 1, topics: 20 })
    const markers = await sqlRows<{ action: string; n: string; version: string }>(
      "SELECT toString(action) AS action, version, count() AS n FROM v_markers WHERE subject = 'roster' AND name = 'school' GROUP BY action, version",
      place,
    )
    expect(
      markers
        .filter((m) => m.version === now)
        .map((m) => [m.action, Number(m.n)])
        .sort(),
    ).toEqual([
      ['activate', 4],
      ['prepare', 4],
    ])
    expect((await masteryOk(['models', 'list'], place)).out).not.toMatch(/roster/)
  })

  it('is sealed anew with a new key', async () => {
    expect((await masteryOk(['keys', 'rotate', 'vault'], place)).out).toMatch(/vault-key-2 .* sealed anew/)
    expect((await masteryOk(['keys', 'list'], place)).out).toMatch(/vault +vault-key-2/)
    expect((await masteryOk(['keys', 'list'], place)).out).not.toMatch(/vault-key-1/)
    expect((await show('student-00003')).name).toMatch(/ \S+$/)
  })

  it('forgets an erased student, guardians without another child with him, and does not take him back', async () => {
    // Somebody all of whose guardians have no other child, and are no teachers.
    const [found] = await sqlRows<{ student: string; n: string }>(
      `SELECT student_id AS student, uniqExact(guardian_id) AS n FROM v_student_guardians GROUP BY student_id
       HAVING countIf(guardian_id IN (SELECT user_id FROM v_class_teachers) OR guardian_id IN (
         SELECT guardian_id FROM v_student_guardians GROUP BY guardian_id HAVING uniqExact(student_id) > 1)) = 0
       ORDER BY n DESC, student LIMIT 1`,
      place,
    )
    const id = found!.student
    const shown = await show(id)
    const exported = JSON.parse((await masteryOk(['export', '--student', id, '--json'], place)).out) as {
      identity: { name: string }
    }
    expect(exported.identity.name).toBe(shown.name)

    interface Receipt {
      status: string
      roster: { person: boolean; guardians: number; version: string; former_versions: number }
      gold: { table: string; removed: number; left: number }[]
      receipt_id: string
    }
    const erased = async (...args: string[]): Promise<Receipt> =>
      JSON.parse((await mastery(['erase', ...args, '--json'], place)).out.trim().split('\n').at(-1)!) as Receipt
    const receipt = await erased('--student', id, '--yes')
    expect(receipt).toMatchObject({
      status: 'complete',
      roster: { person: true, guardians: Number(found!.n), former_versions: 3 },
    })
    const removed = Object.fromEntries(receipt.gold.map((g) => [g.table, [g.removed > 0, g.left]]))
    expect([removed['class_students'], removed['student_guardians']]).toEqual([
      [true, 0],
      [true, 0],
    ])
    expect(await inForce()).toEqual([receipt.roster.version])
    expect((await versions()).find((v) => v.in_force)).toMatchObject({ kind: 'erasure', students: 59 })
    expect((await erased('--receipt', receipt.receipt_id)).roster).toEqual(receipt.roster)
    expect((await mastery(['roster', 'show', '--student', id], place)).err).toMatch(/has nobody with the pseudonym/)

    const again = await masteryOk(['roster', 'import', roster], place)
    expect(again.err).toMatch(/It has erased students: 1/)
    expect(again.out).toMatch(/Nothing differs from version .*: 59 students/)
    await masteryOk(['readmit', '--student', id], place)
    expect(await json('import', roster)).toMatchObject({ status: 'in force', counts: { students: 60 } })
    expect((await erased('--receipt', receipt.receipt_id)).roster.person).toBe(true)
    expect((await show(id)).name).toBe(shown.name)
  })
})
