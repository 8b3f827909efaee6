import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RejectWorld } from './reject-world.ts'
import { brokenFile, FILED, type Json, KINDS, MISTAKES, RIGHT, SPOILED, STUDENTS, soundFile } from './spoiled-events.ts'

describe('rejects, fixed and replayed', { timeout: 180_000 }, () => {
  let world: RejectWorld
  const fixFile = (fix: Json): string => {
    const file = join(world.folder, `${fix['name']}.json`)
    writeFileSync(file, JSON.stringify(fix))
    return file
  }

  beforeAll(async () => {
    world = await RejectWorld.open(['broken', 'sound'])
    writeFileSync(join(world.folder, 'sound.csv'), soundFile)
    writeFileSync(join(world.folder, 'broken.csv'), brokenFile)
    await world.post('sound', RIGHT.map((e) => JSON.stringify(e)).join('\n'))
    const lines = RIGHT.map((e) => {
      const kind = SPOILED.get(e['id'] as string)
      return kind ? MISTAKES[kind]!.spoil(e) : JSON.stringify(e)
    })
    await world.post('broken', lines.join('\n'))
    await world.run('import', '--format', 'csv', '--tenant', 'sound', '--file', 'sound.csv', '--json')
    const imported = await world.run(
      'import',
      '--format',
      'csv',
      '--tenant',
      'broken',
      '--file',
      'broken.csv',
      '--json',
    )
    expect(JSON.parse(imported.out)).toMatchObject({ read: 40, rejects: 10 })
    await world.drained()
  })
  afterAll(() => world.close())

  it('are listed newest first, with what is alike, what it means and what can be done', async () => {
    const all = await world.rejects()
    expect(all.length).toBe(SPOILED.size + 10)
    expect(all.map((r) => r['observed_at'])).toEqual(
      all
        .map((r) => r['observed_at'])
        .sort()
        .reverse(),
    )
    for (const kind of KINDS) {
      const n = [...SPOILED.values()].filter((k) => k === kind).length
      expect(n, kind).toBeGreaterThan(1)
      const alike = all.filter((r) => r['code'] === kind && r['stage'] === 'collector')
      expect(alike.length, kind).toBe(n)
      for (const r of alike) expect(r).toMatchObject({ alike: n, status: 'open', attempts: 1 })
    }
    const { out } = await world.run('rejects', 'list', '--summary')
    expect(out).toMatch(/bad_score .*collector .*\/v1\/events .*fix .*the score is of another type/)
    expect((await world.run('rejects', 'list')).out).toMatch(/id +stage +code +alike +from/)
    const typo = await world.run('rejects', 'list', '--stage', 'colector', '--code', 'bad_score')
    expect([typo.out, typo.err]).toEqual([
      expect.stringMatching(/^No rejects\.\n/),
      'No reject has the stage "colector". There are rejects with collector, import.\n',
    ])
  })

  it('carry the pseudonym wherever the student was read', async () => {
    const found = await world.query<{ code: string; student_id: string | null }>(
      "SELECT toString(code) AS code, student_id FROM v_rejects WHERE code NOT IN ('malformed_json', 'missing_student', 'column_count')",
    )
    const known = new Set([...STUDENTS, ...FILED].map((s) => world.pseudonym('broken', s)))
    expect(found.length).toBeGreaterThan(20)
    for (const r of found) expect(known).toContain(r.student_id)
  })

  it('stay as they are when replayed unfixed, and count how often they were refused', async () => {
    const [one] = await world.rejects('--code', 'bad_kind')
    const id = String(one!['reject_id'])
    for (const attempts of [2, 3]) {
      const { code, out, err } = await world.run('rejects', 'replay', id.slice(0, 12))
      expect([code, out]).toEqual([1, '0 sent again, 1 still refused.\n'])
      expect(err).toMatch(/bad_kind: kind is not known: send one of/)
      const again = (await world.rejects('--code', 'bad_kind')).find((r) => r['reject_id'] === id)
      expect(again).toMatchObject({ attempts, status: 'refused' })
    }
    const row = (await world.rejects('--stage', 'import', '--code', 'column_count'))[0]!
    const refused = await world.run('rejects', 'fix', String(row['reject_id']), '--with', 'berlin-times')
    expect(refused).toMatchObject({ code: 1, out: '0 fixed and sent, 0 still refused, 1 untouched.\n' })
  })

  it('show before and after in a dry run, and nothing is sent', async () => {
    const before = await world.shown('broken', STUDENTS)
    const { out } = await world.run('rejects', 'fix', '--all', '--with', 'decimal-comma', '--dry-run')
    expect(out).toMatch(/\/score {2}"0,8" {2}-> {2}0\.8\n {2}would be sent as 1 record/)
    expect(await world.shown('broken', STUDENTS)).toEqual(before)
    expect((await world.rejects('--code', 'bad_score')).every((r) => r['status'] === 'open')).toBe(true)
  })

  it('once fixed and sent give what would have been', async () => {
    expect(await world.shown('broken', [...STUDENTS, ...FILED])).not.toEqual(
      await world.shown('sound', [...STUDENTS, ...FILED]),
    )
    for (const [kind, { fix }] of Object.entries(MISTAKES)) {
      const how = typeof fix === 'string' ? ['--with', fix] : ['--fix', fixFile(fix)]
      const n = [...SPOILED.values()].filter((k) => k === kind).length
      const { code, out, err } = await world.run(
        'rejects',
        'fix',
        '--all',
        '--stage',
        'collector',
        '--code',
        kind,
        ...how,
      )
      expect([code, out, err]).toEqual([0, `${n} fixed and sent, 0 still refused.\n`, ''])
    }
    const imports = ['rejects', 'fix', '--all', '--stage', 'import']
    expect((await world.run(...imports, '--with', 'berlin-times')).out).toBe(
      '5 fixed and sent, 0 still refused, 5 untouched.\n',
    )
    expect((await world.run(...imports, '--with', 'words-for-correct')).out).toMatch(
      /^4 fixed and sent, 0 still refused/,
    )
    const stray = fixFile({
      name: 'stray-comma',
      match: { code: 'column_count' },
      operations: [{ op: 'text', pattern: ',$', with: '' }],
    })
    expect((await world.run(...imports, '--fix', stray)).out).toBe('1 fixed and sent, 0 still refused.\n')

    const all = [...STUDENTS, ...FILED]
    expect(await world.shown('broken', all)).toEqual(await world.shown('sound', all))
    expect(await world.rejects()).toEqual([])
    expect((await world.rejects('--status', 'fixed')).length).toBe(SPOILED.size + 10)
    expect((await world.run('rejects', 'list')).out).toMatch(
      /^No rejects\.\n\d+ more are settled; --status all shows them/,
    )
  })

  it('change nothing when they are replayed once more', async () => {
    const all = [...STUDENTS, ...FILED]
    const before = await world.shown('broken', all)
    const [kept] = await world.query<{ n: number }>('SELECT count() AS n FROM v_rejects')
    const how = ['rejects', 'fix', '--all', '--status', 'fixed', '--stage', 'import', '--with', 'berlin-times']
    expect((await world.run(...how)).out).toMatch(/^5 fixed and sent, 0 still refused/)
    const [one] = await world.rejects('--status', 'fixed', '--code', 'bad_score')
    const again = await world.run('rejects', 'fix', String(one!['reject_id']), '--with', 'decimal-comma')
    expect(again.out).toBe('1 fixed and sent, 0 still refused.\n')
    // Its old bytes are no better; that takes nothing back, nor can it be dismissed when it is in force.
    await world.run('rejects', 'replay', String(one!['reject_id']))
    await world.run('rejects', 'dismiss', String(one!['reject_id']), '--reason', 'a mistake')
    const still = await world.rejects('--status', 'fixed', '--code', 'bad_score')
    expect(still.map((r) => r['reject_id'])).toContain(one!['reject_id'])
    expect(await world.shown('broken', all)).toEqual(before)
    expect(await world.query('SELECT count() AS n FROM v_rejects')).toEqual([kept])
    const [duplicates] = await world.query<{ n: number }>(
      "SELECT count() AS n FROM v_event_dispositions WHERE tenant = 'broken' AND disposition = 'duplicate'",
    )
    expect(duplicates!.n).toBe(6)
  })
})
