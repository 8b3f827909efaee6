import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answersCsv } from '../generators/answers-csv.ts'
import { Seeded } from '../generators/seeded.ts'
import { importFile, mastery, masteryOk, sqlRows } from '../processes/here.ts'
import { type Server, startMastery } from '../processes/server.ts'

const answer = (n: number, student = `kim-${n % 5}`) => ({
  id: `e${n}`,
  student,
  kind: 'quiz_attempt',
  item: `q${n % 40}`,
  topics: [`topic-${n % 3}`],
  occurred_at: Date.UTC(2025, 2, 3) + n * 60_000,
  correct: n % 4 !== 0,
})

describe('npm start', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'start-'))
  const data = join(folder, 'data')
  const place = { data }
  let server: Server
  let url: string
  let key: string

  const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', ...headers },
      body: Buffer.from(body as Uint8Array),
    })
  const count = async (sql: string) => Number((await sqlRows<{ n: number }>(sql, place))[0]!.n)
  const eventually = async (sql: string, wanted: number) => {
    const until = performance.now() + 30_000
    let n = -1
    while (performance.now() < until && (n = await count(sql)) < wanted);
    expect(n).toBe(wanted)
  }

  beforeAll(async () => {
    const started = await startMastery(data)
    server = started.server
    url = started.url
    key = started.apiKey!
  }, 60_000)
  afterAll(async () => {
    await server.signal('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  it('takes single events, arrays, lines and gzip', async () => {
    expect((await post(JSON.stringify(answer(0)))).status).toBe(200)
    const many = await post(JSON.stringify([1, 2, 3, 4].map((n) => answer(n))))
    expect(await many.json()).toMatchObject({ accepted: 4, rejected: 0 })
    const lines = Array.from({ length: 55 }, (_, i) => JSON.stringify(answer(5 + i))).join('\n')
    const zipped = await post(gzipSync(lines), { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': 'gzip' })
    expect(await zipped.json()).toMatchObject({ accepted: 55 })
    expect((await post(JSON.stringify(answer(7)))).status).toBe(200)
  })

  it('keeps garbage as rejects, says what to do, and goes on', async () => {
    const refused = async (reply: Response, status: number, code: RegExp) => {
      expect(reply.status).toBe(status)
      const body = (await reply.json()) as { error: { code: string; message: string } }
      expect(body.error.code).toMatch(code)
      expect(body.error.message.length).toBeGreaterThan(20)
    }
    const bytes = Uint8Array.from({ length: 3000 }, (_, i) => (i * 131) % 256)
    await refused(await post(bytes), 400, /bad_utf8/)
    await refused(await post('{"id": "x", '), 400, /malformed_json/)
    const broken = gzipSync(JSON.stringify(answer(900))).subarray(0, 40)
    await refused(await post(broken, { 'Content-Encoding': 'gzip' }), 400, /bad_encoding/)
    await refused(await post(bytes.subarray(1), { 'Content-Encoding': 'gzip' }), 400, /bad_encoding/)
    await refused(await post('a=1', { 'Content-Type': 'text/plain' }), 415, /unknown_content_type/)
    await refused(await post('{}', { Authorization: 'Bearer nobody' }), 401, /unknown_key/)
    await refused(await post(''), 400, /empty_body/)

    const wrong = [
      null,
      7,
      'text',
      [],
      {},
      { ...answer(901), correct: 'maybe' },
      { ...answer(902), occurred_at: 'soon' },
    ]
    const mixed = await post(JSON.stringify([answer(60), ...wrong, { ...answer(61), unheard: 1 }]))
    expect(mixed.status).toBe(207)
    expect(await mixed.json()).toMatchObject({ accepted: 2, rejected: wrong.length, unread_fields: 1 })
    const lines = await post(`${JSON.stringify(answer(62))}\n{broken\n\xff\n${JSON.stringify(answer(63))}\n`, {
      'Content-Type': 'application/x-ndjson',
    })
    expect(await lines.json()).toMatchObject({ accepted: 2, rejected: 2 })
    await new Promise<void>((done) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.end(Buffer.from(bytes)))
      socket
        .resume()
        .on('error', () => {})
        .on('close', () => done())
    })

    await eventually('SELECT count() AS n FROM v_rejects', 4 + wrong.length + 2)
    await eventually("SELECT uniqExact(event_id) AS n FROM v_event_dispositions WHERE disposition = 'counted'", 64)
    expect(server.running).toBe(true)
  })

  it('answers with mastery, history and estimates', async () => {
    const get = async (path: string) => {
      const reply = await fetch(`${url}${path}`)
      return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
    }
    const { body: mastery } = await get('/mastery/kim-1')
    expect(mastery).toMatchObject({ tenant: 'school', stale: false })
    expect((mastery['topics'] as { topic_id?: string }[]).length).toBe(3)
    const { body: history } = await get('/mastery/kim-1/topic-1/history?source=bkt&limit=1000')
    // Of the answers 0 to 63, those of student 1 on topic 1: n % 5 = 1 and n % 3 = 1.
    expect((history['rows'] as unknown[]).length).toBe(5)
    expect((await get('/api/kt/mastery?student_id=kim-1&model=elo')).status).toBe(200)
    expect((await get('/mastery/nobody')).status).toBe(404)
    for (const path of ['/health', '/ready', '/openapi.json']) expect((await get(path)).status).toBe(200)
  })

  it('runs commands of the command line beside it', async () => {
    const { out: traced } = await masteryOk(['trace', '--student', 'kim-1', '--topic', 'topic-1', '--json'], place)
    const trace = JSON.parse(traced) as { student: string; history: unknown[]; why: { text: string } }
    expect(trace.history.length).toBe(4 * 5)
    expect(trace.why.text).toMatch(/answer/)
    const { out: pseudonym } = await masteryOk(['pseudonym', 'kim-1'], place)
    expect(pseudonym.trim()).toBe(trace.student)

    const csv = answersCsv({ seed: 5, rows: 300, students: 6, topics: 3 })
    writeFileSync(join(folder, 'beside.csv'), csv.text)
    const summary = await importFile('csv', join(folder, 'beside.csv'), place)
    expect(summary).toMatchObject({ events: csv.answers.length, rejects: csv.bad })

    const { out: listed } = await masteryOk(['rejects', 'list', '--stage', 'collector', '--json'], place)
    const rejects = JSON.parse(listed) as { reject_id: string; code: string }[]
    expect(rejects.length).toBe(13)
    const one = rejects.find((r) => r.code === 'malformed_json')!
    const { out: shown } = await masteryOk(['rejects', 'show', one.reject_id.slice(0, 16)], place)
    expect(shown).toMatch(/\{"id": "x", |\{broken/)
    const replay = await mastery(['rejects', 'replay', one.reject_id], place)
    expect(replay.code).toBe(1)
    expect(replay.err).toMatch(/no JSON/)
    expect(replay.out).toMatch(/0 sent again, 1 still refused/)
  })

  it('refuses a second start on its folder', async () => {
    const second = await mastery(['start'], { data, env: { PORT: '0' } })
    expect(second.code).toBe(1)
    expect(second.err).toContain(`is in use by process ${server.child.pid} (npm start)`)
    expect(second.err).toMatch(/--data/)
    expect(server.running).toBe(true)
  })

  it('leaves within ten seconds of SIGTERM and gives the folder back', async () => {
    expect(existsSync(join(data, 'owner.json'))).toBe(true)
    const left = await server.signal('SIGTERM')
    expect(left).toMatchObject({ code: 0, signal: null })
    expect(left.ms).toBeLessThan(10_000)
    expect(existsSync(join(data, 'owner.json'))).toBe(false)
    expect(await count('SELECT count() AS n FROM v_student_topic_features')).toBeGreaterThan(15)
  })
})

describe('npm start, killed while events stream in', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'start-killed-'))
  const data = join(folder, 'data')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('loses nothing that it acknowledged and counts nothing twice', async () => {
    const BATCHES = 120
    const SIZE = 25
    const random = new Seeded(11)
    const acknowledged = new Set<number>()
    let todo = Array.from({ length: BATCHES }, (_, i) => i)
    let started = await startMastery(data)
    const key = started.apiKey!

    const send = async (batch: number) => {
      const events = Array.from({ length: SIZE }, (_, i) => answer(batch * SIZE + i))
      const reply = await fetch(`${started.url}/v1/events`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(events),
      })
      if (reply.status === 200) acknowledged.add(batch)
    }
    /** Sends what is left, several at a time, until all is acknowledged or the other end is gone. */
    const stream = async () => {
      const sender = async () => {
        for (let batch = todo.shift(); batch !== undefined; batch = todo.shift()) {
          await send(batch)
          await new Promise((r) => setTimeout(r, 20))
        }
      }
      await Promise.allSettled([sender(), sender(), sender(), sender()])
      todo = Array.from({ length: BATCHES }, (_, i) => i).filter((b) => !acknowledged.has(b))
    }
    for (let kill = 0; kill < 3; kill++) {
      const streaming = stream()
      const wanted = acknowledged.size + 15 + random.below(10)
      while (acknowledged.size < wanted) await new Promise((r) => setTimeout(r, 2))
      await started.server.signal('SIGKILL')
      await streaming
      expect(existsSync(join(data, 'owner.json'))).toBe(true)
      started = await startMastery(data)
    }
    const place = { data }
    const stored = async () =>
      (
        await sqlRows<Record<string, number>>(
          `SELECT (SELECT uniqExact(event_id) FROM v_learning_events) AS events,
           (SELECT uniqExact(event_id) FROM v_event_dispositions WHERE disposition = 'counted') AS ids,
           (SELECT count() FROM v_event_dispositions WHERE disposition = 'counted') AS counted,
           (SELECT count() FROM v_next_correct_predictions) AS predictions,
           (SELECT sum(attempts_total) FROM v_student_topic_features) AS attempts,
           (SELECT sum(opportunities) FROM v_student_mastery WHERE score_source = 'bkt') AS opportunities`,
          place,
        )
      )[0]!
    expect(acknowledged.size).toBeLessThan(BATCHES)
    const before = await stored()
    expect(before['events']).toBeGreaterThanOrEqual(0)
    await stream()
    expect(acknowledged.size).toBe(BATCHES)
    const all = BATCHES * SIZE
    const wanted = { events: all, ids: all, counted: all, predictions: 4 * all, attempts: all, opportunities: all }
    // Gold reads each topic by itself: none of the counts comes last by rule.
    const until = performance.now() + 30_000
    let now = await stored()
    while (performance.now() < until && !isDeepStrictEqual(now, wanted)) now = await stored()
    expect(now).toEqual(wanted)
    await started.server.signal('SIGTERM')
    const perTopic = await sqlRows<{ topic_id: string; n: number }>(
      'SELECT topic_id, sum(attempts_total) AS n FROM v_student_topic_features GROUP BY topic_id ORDER BY topic_id',
      place,
    )
    expect(perTopic.map((r) => Number(r.n))).toEqual([all / 3, all / 3, all / 3])
  })
})
