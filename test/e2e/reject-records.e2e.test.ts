import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { goldTable } from '@mastery/infra/provision/gold/tables.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { studentCommand } from '@mastery/topology/events/command.ts'
import { answer } from '@mastery/topology/testing/learner-log.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RejectWorld } from './reject-world.ts'
import { FILED, HEADER, type Json, MINUTE, MISTAKES, RIGHT, START, STUDENTS } from './spoiled-events.ts'

describe('rejects of the log, of conflicts and of other formats', { timeout: 180_000 }, () => {
  let world: RejectWorld
  const event = (id: string, more: Partial<LearningEvent> = {}): LearningEvent =>
    answer(id, {
      tenant: 'broken',
      student: world.pseudonym('broken', STUDENTS[0]!),
      occurred_at: START + 5000 * MINUTE,
      topics: ['topic-1'],
      ...more,
    })
  const fixFile = (fix: Json): string => {
    const file = join(world.folder, `${fix['name']}.json`)
    writeFileSync(file, JSON.stringify(fix))
    return file
  }

  beforeAll(async () => {
    world = await RejectWorld.open(['broken', 'sound'])
    const lines = RIGHT.map((e) => JSON.stringify(e)).join('\n')
    for (const tenant of ['broken', 'sound']) await world.post(tenant, lines)
    await world.drained()
  })
  afterAll(() => world.close())

  it('of the log are decoded and fixed, put into the right partition, or have to come again', async () => {
    const student = world.pseudonym('broken', STUDENTS[1]!)
    const command = { command_id: 'c1', tenant: 'broken', student, kind: 'correction', issued_at: START } as const
    await world.append(
      'learning.events',
      student,
      world.encode('student-command', studentCommand({ ...command, target_event_id: 'e1' })),
    )
    await world.append('learning.events', 'grace-hopper', world.encode('learning-event', event('w1', { student })))
    await world.append('learning.events', student, Buffer.from(`not a record: ${STUDENTS[1]}`))
    await world.drained()
    const codes = (await world.rejects()).map((r) => `${r['stage']} ${r['code']}`).sort()
    expect(codes).toEqual(['features bad_command', 'features bad_magic', 'features wrong_key', 'gold bad_magic'])
    const [{ owners }] = (await world.query<{ owners: (string | null)[] }>(
      "SELECT groupUniqArray(student_id) AS owners FROM v_rejects WHERE status = 'open'",
    )) as [{ owners: (string | null)[] }]
    expect(owners).toEqual([student])

    const fix = fixFile({
      name: 'corrected-to-zero',
      match: { code: 'bad_command', where: [{ path: '/kind', equals: 'correction' }] },
      operations: [{ op: 'set', path: '/score', value: 0 }],
    })
    expect((await world.run('rejects', 'fix', '--all', '--code', 'bad_command', '--fix', fix)).code).toBe(0)
    expect((await world.run('rejects', 'replay', '--all', '--code', 'wrong_key')).out).toBe(
      '1 sent again, 0 still refused.\n',
    )
    const found = await world.query<{ d: string }>(
      `SELECT toString(disposition) AS d FROM v_event_dispositions WHERE student_id = {student:String} AND event_id IN ('c1', 'w1') ORDER BY event_id`,
      { student },
    )
    expect(found).toEqual([{ d: 'corrected' }, { d: 'counted' }])

    const poison = await world.run('rejects', 'fix', '--all', '--code', 'bad_magic', '--fix', fix)
    expect(poison).toMatchObject({ code: 1, out: '0 fixed and sent, 2 still refused.\n' })
    expect(poison.err).toMatch(/What cannot be decoded cannot be mended here: it must come again from its source/)
    const reason = 'sent again by the source'
    expect((await world.run('rejects', 'dismiss', '--all', '--code', 'bad_magic', '--reason', reason)).out).toBe(
      '2 dismissed.\n',
    )
    expect((await world.rejects('--status', 'dismissed')).map((r) => r['status_note'])).toEqual([reason, reason])
    expect((await world.run('rejects', 'dismiss', '--all')).err).toMatch(/needs --reason TEXT/)
  })

  it('that a stage refuses again go on as a new reject, with their attempts', async () => {
    const student = world.pseudonym('broken', STUDENTS[2]!)
    await world.append(
      'learning.events',
      student,
      world.encode(
        'student-command',
        studentCommand({ command_id: 'c2', tenant: 'broken', student, kind: 'void', issued_at: START }),
      ),
    )
    await world.drained()
    const [first] = await world.rejects('--code', 'bad_command')
    const replayed = await world.run('rejects', 'replay', String(first!['reject_id']))
    expect(replayed.err).toMatch(/bad_command: A void needs a target event.* It goes on as [0-9a-f]{12}/)
    const open = await world.rejects('--code', 'bad_command')
    expect(open).toMatchObject([
      {
        status: 'refused',
        attempts: 2,
        status_note: expect.stringContaining(String(first!['reject_id']).slice(0, 12)),
      },
    ])
    expect(open[0]!['reject_id']).not.toBe(first!['reject_id'])
    await world.run('rejects', 'replay', String(open[0]!['reject_id']))
    expect(await world.rejects('--code', 'bad_command')).toMatchObject([{ attempts: 3 }])
    await world.run('rejects', 'dismiss', '--all', '--reason', 'a void of nothing')
  })

  it('of one id and two contents wait for a decision, and give what the accepted one alone would have', async () => {
    const all = [...STUDENTS, ...FILED]
    const x = (id: string, at: number, correct: boolean): Json => ({
      student: STUDENTS[3],
      kind: 'quiz_attempt',
      topics: ['topic-2'],
      item: `item of ${id}`,
      id,
      occurred_at: START + at * MINUTE,
      correct,
    })
    const a = x('x1', 3000, false)
    const b = x('x2', 3001, true)
    const c = x('x3', 3002, true)
    const late = { ...b, occurred_at: START + 3500 * MINUTE }
    const send = (tenant: string, ...events: Json[]) =>
      world.post(tenant, events.map((e) => JSON.stringify(e)).join('\n'))
    await send('broken', a, b, c, { ...a, correct: true }, late, { ...c, correct: false }, c)
    // As it would have been: the score of the second x1, the second x2, the first x3. The rest of before stands as it is.
    const student = world.pseudonym('sound', STUDENTS[1]!)
    const command = studentCommand({
      command_id: 'c1',
      tenant: 'sound',
      student,
      kind: 'correction',
      target_event_id: 'e1',
      score: 0,
      issued_at: START,
    })
    await world.append('learning.events', student, world.encode('student-command', command))
    await world.append(
      'learning.events',
      student,
      world.encode('learning-event', event('w1', { tenant: 'sound', student })),
    )
    await send('sound', { ...a, correct: true }, late, c)
    await world.drained()

    const conflicts = await world.rejects('--code', 'id_conflict')
    expect(conflicts.length).toBe(3)
    const [rows] = await world.query<{ n: number }>(
      "SELECT count() AS n FROM v_event_dispositions WHERE tenant = 'broken' AND disposition = 'conflict'",
    )
    expect(rows!.n).toBe(3)
    const by = async (needle: RegExp) => {
      for (const r of conflicts) {
        const { out } = await world.run('rejects', 'show', String(r['reject_id']))
        if (needle.test(out)) return String(r['reject_id'])
      }
      throw new Error(`No conflict shows ${needle}.`)
    }
    expect(await world.run('rejects', 'replay', await by(/"event_id": "x1"/))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/rejects accept/),
    })
    const score = await world.run('rejects', 'accept', await by(/"event_id": "x1"/))
    expect(score.out).toMatch(/accepted: they differ in the score alone: the first is corrected/)
    const time = await world.run('rejects', 'accept', await by(/"event_id": "x2"/))
    expect(time.out).toMatch(/accepted: they differ in more than the score: the first is voided, and the second sent/)
    await world.run('rejects', 'dismiss', await by(/"event_id": "x3"/), '--reason', 'the first was right')
    expect(await world.shown('broken', all)).toEqual(await world.shown('sound', all))
    // Accepted once more: every id is known.
    await world.run('rejects', 'accept', await by(/"event_id": "x1"/))
    await world.run('rejects', 'accept', await by(/"event_id": "x2"/))
    expect(await world.shown('broken', all)).toEqual(await world.shown('sound', all))
    expect(await world.rejects()).toEqual([])
  })

  it('from learning.intake and xAPI are read again as what they are', async () => {
    const intake = {
      tenant: 'broken',
      id: 'k1',
      student: STUDENTS[4],
      kind: 'QUIZ',
      occurred_at: START,
      topics: ['topic-3'],
      correct: true,
    }
    await world.append('learning.intake', STUDENTS[4]!, Buffer.from(JSON.stringify(intake)))
    const id = '11111111-2222-4333-8444-555555555555'
    const statement = {
      id,
      actor: { account: { homePage: 'https://lms.example', name: STUDENTS[4] } },
      verb: { id: 'http://adlnet.gov/expapi/verbs/answered' },
      object: {
        id: 'https://lms.example/q9',
        definition: { type: 'http://adlnet.gov/expapi/activities/cmi.interaction' },
      },
      result: { success: 'true' },
      timestamp: '2025-03-10T08:00:00Z',
    }
    await world.post('broken', JSON.stringify(statement), '/v1/xapi/statements', 'application/json')
    await world.drained()
    expect((await world.rejects()).map((r) => r['code']).sort()).toEqual(['bad_kind', 'bad_success'])
    const kinds = fixFile(MISTAKES['bad_kind']!.fix as Json)
    expect((await world.run('rejects', 'fix', '--all', '--code', 'bad_kind', '--fix', kinds)).err).toBe('')
    const success = fixFile({ name: 'success', operations: [{ op: 'boolean', path: '/result/success' }] })
    expect((await world.run('rejects', 'fix', '--all', '--code', 'bad_success', '--fix', success)).err).toBe('')
    const found = await world.query<{ id: string; d: string }>(
      "SELECT event_id AS id, toString(disposition) AS d FROM v_event_dispositions WHERE event_id IN ('k1', {id:String}) ORDER BY id",
      { id },
    )
    expect(found).toEqual([
      { id, d: 'counted' },
      { id: 'k1', d: 'counted' },
    ])
  })

  it('whose bytes the log no longer has say so, and what to do', async () => {
    const gold = await world.host.gold()
    const [row] = await world.query<Record<string, unknown>>("SELECT * FROM rejects WHERE code = 'bad_command' LIMIT 1")
    const old = { ...row, reject_id: 'f'.repeat(32), log_offset: 10_000_000, observed_at: START }
    const columns = goldTable('rejects').columns.map(([name]) => name)
    const values = columns.map((name) => (old as Record<string, unknown>)[name])
    await gold.insert([{ table: 'rejects', rows: [values] }])
    for (const verb of ['show', 'replay']) {
      const { out, err } = await world.run('rejects', verb, 'ffffffffffff')
      expect(out + err).toMatch(
        /bytes are gone: learning\.rejects keeps them for 30 days.*Send the record again from its source/,
      )
    }
  })

  it('never tell a student id outside of their sealed bytes', async () => {
    await world.post('broken', `"${STUDENTS[5]}"\n{"student":"${STUDENTS[5]}"\n[["${STUDENTS[5]}"]]\n`)
    await world.post(
      'broken',
      JSON.stringify({ actor: { mbox: STUDENTS[5] } }),
      '/v1/xapi/statements',
      'application/json',
    )
    await world.append('learning.intake', STUDENTS[5]!, Buffer.from(`{"student": "${STUDENTS[5]}"}`))
    await world.append('learning.events', STUDENTS[5]!, Buffer.from(STUDENTS[5]!))
    writeFileSync(
      join(world.folder, 'shifted.csv'),
      `${HEADER}\ni1,t1,${START},1,${FILED[0]}\n${FILED[0]},i,t,${FILED[0]},1\n`,
    )
    await world.run('import', '--format', 'csv', '--tenant', 'broken', '--file', 'shifted.csv', '--json')
    await world.drained()
    const raw = /lovelace|hopper/
    expect(world.lines.filter((l) => l.includes('dead letter')).length).toBeGreaterThan(3)
    expect(world.lines.filter((l) => raw.test(l))).toEqual([])
    const rejects = await world.query<Json>('SELECT * FROM v_rejects')
    expect(rejects.length).toBeGreaterThan(15)
    expect(rejects.filter((r) => raw.test(JSON.stringify(r)))).toEqual([])
    expect(
      (await world.query<Json>('SELECT * FROM v_reject_actions')).filter((r) => raw.test(JSON.stringify(r))),
    ).toEqual([])
    const { log, profile } = world.host.installation
    for (let p = 0; p < profile.partitions; p++)
      for (const r of await log.read('learning.rejects', p, 0, 10_000)) {
        expect(r.key).toMatch(/^[0-9a-f]{32}$/)
        expect(raw.test(r.value.toString('latin1'))).toBe(false)
      }
  })
})
