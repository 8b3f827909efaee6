import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PERSONAL } from '@mastery/infra/provision/gold/personal.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mastery, masteryOk, type Place, sqlRows } from '../processes/here.ts'
import { type Server, startMastery } from '../processes/server.ts'
import { csv, parse, type Receipt, STUDENTS } from './erasure-world.ts'

describe('privacy over HTTP', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'privacy-http-'))
  const data = join(folder, 'data')
  const place: Place = { data }
  let server: Server
  let url: string
  const keys: Record<string, string> = {}
  beforeAll(async () => {
    const started = await startMastery(data)
    server = started.server
    url = started.url
    keys['plain'] = started.apiKey!
    for (const role of ['ingest', 'read', 'admin', 'operator'])
      keys[role] = (await masteryOk(['apikey', '--role', role], place)).out.trim()
  }, 120_000)
  afterAll(async () => {
    await server.signal('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const call = async (method: string, path: string, key: string | null, body?: unknown) => {
    const reply = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        'X-Purpose': 'asked by the guardian',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
  }
  const event = (n: number, student: string) => ({
    id: `e${n}-${student}`,
    student,
    kind: 'quiz_attempt',
    item: `q${n}`,
    topics: ['t1'],
    occurred_at: Date.UTC(2025, 2, 3) + n * 60_000,
    correct: n % 2 === 0,
  })

  it('says which role a key lacks', async () => {
    const events = [event(1, 'kim'), event(2, 'kim'), event(1, 'lee')]
    const codeOf = async (method: string, path: string, key: string | null, body?: unknown) => {
      const reply = await call(method, path, key, body)
      return [reply.status, (reply.body['error'] as { code: string } | undefined)?.code]
    }
    expect(await codeOf('POST', '/v1/events', keys['read']!, events)).toEqual([403, 'forbidden'])
    expect(await codeOf('POST', '/v1/events', keys['admin']!, events)).toEqual([403, 'forbidden'])
    expect(await codeOf('POST', '/v1/events', keys['ingest']!, events)).toEqual([200, undefined])
    expect(await codeOf('GET', '/mastery/kim', keys['ingest']!)).toEqual([403, 'forbidden'])
    const asked = { student_id: 'kim' }
    expect(await codeOf('POST', '/privacy/erase', null, asked)).toEqual([401, 'missing_key'])
    for (const key of ['plain', 'ingest', 'read'])
      expect([key, ...(await codeOf('POST', '/privacy/erase', keys[key]!, asked))]).toEqual([key, 403, 'forbidden'])
    expect(await codeOf('GET', '/privacy/export?student_id=kim', keys['read']!)).toEqual([403, 'forbidden'])
    expect(await codeOf('POST', '/privacy/erase', keys['admin']!, { reason: 'asked' })).toEqual([400, 'bad_request'])
    for (const path of ['/privacy/erase', '/privacy/readmit']) {
      const typo = await call('POST', path, keys['admin']!, { ...asked, studentid: 'lee' })
      expect([typo.status, typo.body]).toMatchObject([
        400,
        {
          error: {
            code: 'unknown_field',
            message: expect.stringMatching(/^Nothing was done: "studentid" is no field/),
          },
        },
      ])
    }
    const { body } = await call('POST', '/privacy/erase', keys['read']!, asked)
    expect(body).toMatchObject({ error: { needs: 'admin', message: expect.stringMatching(/role read.*role admin/) } })
  })

  it('exports, erases, readmits, and shows the receipt to its tenant only', async () => {
    const exported = async () => {
      const { body } = await call('GET', '/privacy/export?student_id=kim', keys['admin']!)
      return (body['gold'] as Record<string, unknown[]>)['next_correct_prediction_rows']!.length
    }
    let rows = await exported()
    while (rows < 2) rows = await exported()
    expect(rows).toBe(2)
    const { status, body } = await call('POST', '/privacy/erase', keys['admin']!, {
      student_id: 'kim',
      reason: 'asked',
    })
    expect([status, body['status']]).toEqual([200, 'complete'])
    expect((await call('GET', '/mastery/kim', keys['read']!)).status).toBe(404)
    expect((await call('GET', '/mastery/lee', keys['plain']!)).status).toBe(200)
    const receipt = `/privacy/receipts/${body['receipt_id']}`
    expect((await call('GET', receipt, keys['operator']!)).body).toMatchObject({ status: 'complete' })
    expect((await call('GET', receipt, keys['read']!)).status).toBe(403)
    expect((await call('GET', '/privacy/receipts/none', keys['admin']!)).status).toBe(404)
    const again = await call('POST', '/privacy/erase', keys['admin']!, { student_id: 'kim' })
    expect(again.body['receipt_id']).toBe(body['receipt_id'])
    expect((await call('POST', '/privacy/readmit', keys['admin']!, { student_id: 'kim' })).body).toMatchObject({
      status: 'readmitted',
    })
  })

  it('erases in the middle of a running import', async () => {
    const file = join(folder, 'big.csv')
    writeFileSync(file, csv(8_000))
    const importing = masteryOk(['import', '--format', 'csv', '--file', file, '--json'], place)
    const pseudonym = (await masteryOk(['pseudonym', 's3'], place)).out.trim()
    for (;;) {
      const [row] = await sqlRows<{ n: number }>(
        `SELECT count() AS n FROM learning_events WHERE student_id = '${pseudonym}'`,
        place,
      )
      if (Number(row!.n) > 0) break
    }
    const { body } = await call('POST', '/privacy/erase', keys['admin']!, { student_id: 's3' })
    const summary = parse<{ events: number; erased: number }>((await importing).out)
    expect(summary.events).toBe(8_000)
    for (const table of PERSONAL.map((t) => t.table)) {
      if (table === 'event_dispositions' || table === 'student_commands') continue
      const [row] = await sqlRows<{ n: number }>(
        `SELECT count() AS n FROM ${table} WHERE student_id = '${pseudonym}'`,
        place,
      )
      expect([table, Number(row!.n)]).toEqual([table, 0])
    }
    const shown = await call('GET', `/privacy/receipts/${body['receipt_id']}`, keys['admin']!)
    const events = (shown.body['gold'] as Receipt['gold']).find((g) => g.table === 'learning_events')!
    expect(shown.body).toMatchObject({ status: 'complete', late_dropped: 1000 - events.removed })
    const [others] = await sqlRows<{ n: number }>('SELECT uniqExact(student_id) AS n FROM v_student_mastery', place)
    expect(Number(others!.n)).toBe(STUDENTS)
  })

  it('keeps old rejects readable when the key is rotated, and seals new ones with the new', async () => {
    const refuse = (text: string) =>
      fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${keys['ingest']}`, 'Content-Type': 'application/json' },
        body: text,
      })
    await refuse('{"id": "before rotation"')
    await masteryOk(['keys', 'rotate', 'reject'], place)
    await refuse('{"id": "after rotation"')
    const ids = async () => {
      const { out } = await masteryOk(['rejects', 'list', '--json'], place)
      return out.includes('[') ? (JSON.parse(out) as { reject_id: string }[]) : []
    }
    let rejects = await ids()
    while (rejects.length < 2) rejects = await ids()
    const shown = await Promise.all(
      rejects.map(async (r) => (await masteryOk(['rejects', 'show', r.reject_id], place)).out),
    )
    expect(shown.filter((s) => s.includes('before rotation'))).toHaveLength(1)
    expect(shown.filter((s) => s.includes('after rotation'))).toHaveLength(1)
    const refused = await mastery(['keys', 'rotate', 'pseudonym'], place)
    expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/every student becomes a new one/)])
    expect((await masteryOk(['keys', 'list'], place)).out).toMatch(/reject-key-2 .*seals and opens/)
  })

  it('keeps the access log through a shutdown', async () => {
    for (let i = 0; i < 5; i++) expect((await call('GET', '/mastery/lee', keys['read']!)).status).toBe(200)
    await server.signal('SIGTERM')
    expect(existsSync(join(data, 'owner.json'))).toBe(false)
    const { out } = await masteryOk(['access', '--student', 'lee', '--json'], place)
    const rows = JSON.parse(out) as { action: string; who: string; role: string; purpose: string }[]
    const reads = rows.filter((r) => r.action === 'read mastery' && r.role === 'read' && r.who.startsWith('key-'))
    expect(reads.length).toBeGreaterThanOrEqual(5)
    expect(reads[0]!.purpose).toBe('asked by the guardian')
    for (const line of server.output.split('\n')) expect(line).not.toMatch(/\bkim\b|\blee\b/)
  })
})
