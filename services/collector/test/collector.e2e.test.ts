import { request } from 'node:http'
import { connect } from 'node:net'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { answer, KEY, PARTITIONS, SECRETS, type Started, startCollector } from './start.ts'

const NDJSON = { 'content-type': 'application/x-ndjson' }
const lines = (records: unknown[]): string => records.map((r) => JSON.stringify(r)).join('\n')
const codeOf = async (r: Response): Promise<string> => ((await r.json()) as { error: { code: string } }).error.code
type Receipt = {
  accepted: number
  duplicates_in_request: number
  rejected: number
  unread_fields: number
  results: { index: number; id: string; status: string; code?: string; message?: string; reject_id?: string }[]
  results_left_out: number
}
const receiptOf = async (r: Response): Promise<Receipt> => (await r.json()) as Receipt

describe('collector over HTTP', () => {
  let c: Started
  let events = 0
  let rejects = 0
  beforeAll(async () => {
    c = await startCollector({
      limits: { compressedBytes: 200_000, decompressedBytes: 1_000_000, recordBytes: 20_000 },
    })
  })
  afterAll(() => c.stop())
  beforeEach(async () => {
    events = (await c.read('learning.events')).length
    rejects = (await c.read('learning.rejects')).length
  })
  const grown = async () => [
    (await c.read('learning.events')).length - events,
    (await c.read('learning.rejects')).length - rejects,
  ]

  it('takes one event, pseudonymised, into the partition of its student', async () => {
    const r = await c.post(JSON.stringify(answer(1, { name: 'Ada' })))
    expect(r.status).toBe(200)
    expect(await receiptOf(r)).toEqual({
      accepted: 1,
      duplicates_in_request: 0,
      rejected: 0,
      ignored: 0,
      unread_fields: 1,
      results: [{ index: 0, id: 'e1', status: 'accepted' }],
      results_left_out: 0,
    })
    const [record] = (await c.read('learning.events')).slice(events)
    const student = pseudonymiser(SECRETS.tenants[0]!)('student-1')
    expect(record).toMatchObject({ key: student, partition: partitionOf(student, PARTITIONS) })
    expect(JSON.stringify(record)).not.toMatch(/student-1|Ada/)
  })

  it('takes an array, and says which records it refused, without their text', async () => {
    const body = [
      answer(2),
      answer(2),
      { student: 'Ada Lovelace', kind: 'Ada' },
      7,
      { id: 'v', student: 's', void: 'e2' },
    ]
    const r = await c.post(JSON.stringify(body, null, 2))
    expect(r.status).toBe(207)
    const receipt = await receiptOf(r)
    expect(receipt).toMatchObject({ accepted: 3, duplicates_in_request: 1, rejected: 2 })
    expect(receipt.results.map((x) => x.code)).toEqual([undefined, undefined, 'missing_id', 'not_an_object', undefined])
    expect(JSON.stringify(receipt)).not.toContain('Ada')
    expect(await grown()).toEqual([3, 2])

    const kept = (await c.read('learning.rejects')).find((x) => x.key === receipt.results[2]!.reject_id)!.value
    expect(JSON.stringify(kept)).not.toContain('Ada')
    const text = c.unseal(kept['bytes'] as Buffer, kept['encryption'] as string).toString()
    expect(JSON.parse(text)).toEqual(body[2])
    expect(kept).toMatchObject({ stage: 'collector', tenant: 'school', origin_topic: '/v1/events', origin_offset: 2 })
  })

  it('gives the same garbage the same reject id', async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => (await receiptOf(await c.post('[{"x":1}]'))).results[0]!.reject_id),
    )
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(ids[1]).toBe(ids[0])
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
  ])('takes %s', async (encoding, compress) => {
    const body = lines([answer(3), answer(4)])
    const r = await c.post(compress(Buffer.from(body)), { ...NDJSON, 'content-encoding': encoding })
    expect([r.status, (await receiptOf(r)).accepted]).toEqual([200, 2])
  })

  it('reads lines however the chunks are cut, a bad line among good ones', async () => {
    const body = Buffer.from(
      `\ufeff${lines([answer('5'), answer('6', { item: 'übung ✓' })])}\r\n\n{"id": \n\xff`,
      'utf8',
    )
    const cut = Buffer.concat([body, Buffer.from([10, 0xc3, 0x28, 10]), Buffer.from(JSON.stringify(answer(7)))])
    const receipt = await new Promise<Receipt>((resolve, reject) => {
      const req = request(
        `${c.url}/v1/events`,
        { method: 'POST', headers: { 'x-api-key': KEY, 'content-type': 'application/x-ndjson; charset=utf-8' } },
        (res) => {
          const chunks: Buffer[] = []
          res
            .on('data', (d: Buffer) => chunks.push(d))
            .on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())))
        },
      ).on('error', reject)
      const send = (at: number) => {
        if (at >= cut.length) return req.end()
        req.write(cut.subarray(at, at + 3), () => send(at + 3))
      }
      send(0)
    })
    expect(receipt).toMatchObject({ accepted: 3, rejected: 3 })
    expect(receipt.results.map((r) => r.code ?? r.id)).toEqual([
      'e5',
      'e6',
      'malformed_json',
      'malformed_json',
      'bad_utf8',
      'e7',
    ])
    expect(await grown()).toEqual([3, 3])
  })

  it.each([
    ['malformed JSON', '{"id": ', 'malformed_json', {}],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'bad_utf8', {}],
    ['no gzip', 'plainly not', 'bad_encoding', { 'content-encoding': 'gzip' }],
    [
      'a gzip that breaks off',
      gzipSync(JSON.stringify(answer(8))).subarray(0, 40),
      'bad_encoding',
      { 'content-encoding': 'gzip' },
    ],
  ])('400: %s, kept as one reject with its bytes', async (_title, body, code, headers) => {
    const r = await c.post(body, headers)
    expect(r.status).toBe(400)
    const { error } = (await r.json()) as { error: { code: string; reject_id: string } }
    expect(error.code).toBe(code)
    expect(await grown()).toEqual([0, 1])
    const kept = (await c.read('learning.rejects')).find((x) => x.key === error.reject_id)!.value
    expect(c.unseal(kept['bytes'] as Buffer, kept['encryption'] as string)).toEqual(Buffer.from(body as string))
  })

  it('400: an empty body', async () => {
    for (const body of ['', '   ']) expect(await codeOf(await c.post(body))).toBe('empty_body')
    expect(await codeOf(await c.post('\n\n', NDJSON))).toBe('empty_body')
    expect(await grown()).toEqual([0, 0])
  })

  it('401 for no key and for a wrong one, before the body is read', async () => {
    const none = await fetch(`${c.url}/v1/events`, { method: 'POST', body: 'x' })
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="mastery"'])
    expect(await codeOf(none)).toBe('missing_key')
    expect(await codeOf(await c.post('x', { authorization: 'Bearer wrong' }))).toBe('unknown_key')
    const basic = Buffer.from(`school:${KEY}`).toString('base64')
    expect((await c.post(JSON.stringify(answer(9)), { authorization: `Basic ${basic}` })).status).toBe(200)
  })

  it('404, 405 with Allow, 415', async () => {
    const lost = await fetch(`${c.url}/v2/events`)
    expect([lost.status, await codeOf(lost)]).toEqual([404, 'not_found'])
    const wrong = await fetch(`${c.url}/v1/events`, { method: 'PUT' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await codeOf(await c.post('x', { 'content-type': 'text/csv' }))).toBe('unknown_content_type')
    expect(await codeOf(await c.post('x', { 'content-type': 'application/json; charset=latin1' }))).toBe(
      'unknown_charset',
    )
    const brotli = await c.post('x', { 'content-encoding': 'br' })
    expect([brotli.status, await codeOf(brotli)]).toEqual([415, 'unknown_encoding'])
  })

  it('413 for too many bytes sent, unfolded, or in one record', async () => {
    const big = await c.post('x'.repeat(200_001))
    expect([big.status, await codeOf(big)]).toEqual([413, 'body_too_large'])
    const streamed = new ReadableStream({
      start(s) {
        for (let i = 0; i < 300; i++) s.enqueue(new TextEncoder().encode('x'.repeat(1000)))
        s.close()
      },
    })
    const undeclared = await fetch(`${c.url}/v1/events`, {
      method: 'POST',
      body: streamed,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      duplex: 'half',
    } as RequestInit)
    expect(undeclared.status).toBe(413)
    const bomb = gzipSync(Buffer.alloc(30_000_000, 32))
    expect(bomb.length).toBeLessThan(200_000)
    for (const type of ['application/json', 'application/x-ndjson']) {
      const r = await c.post(bomb, { 'content-encoding': 'gzip', 'content-type': type })
      expect([r.status, await codeOf(r)]).toEqual([413, 'body_too_large'])
    }
    const single = await c.post(JSON.stringify(answer(10, { note: 'x'.repeat(30_000) })))
    expect([single.status, await codeOf(single)]).toEqual([413, 'record_too_large'])
    expect(await grown()).toEqual([0, 0])
  })

  it('refuses one huge record among others and takes the others', async () => {
    const records = [answer(11), answer(12, { note: 'x'.repeat(30_000) }), answer(13)]
    for (const r of [await c.post(JSON.stringify(records)), await c.post(lines(records), NDJSON)]) {
      const receipt = await receiptOf(r)
      expect(receipt).toMatchObject({ accepted: 2, rejected: 1 })
      expect(receipt.results[1]).toMatchObject({ code: 'record_too_large' })
      expect(receipt.results[1]!.message).toContain('first 20000')
    }
    expect(await grown()).toEqual([4, 2])
  })

  it('lists all of a thousand results, of more only the refused ones', async () => {
    const many = Array.from({ length: 1200 }, (_, i) => (i === 700 || i === 1100 ? {} : { ...answer(i), topics: [] }))
    const receipt = await receiptOf(await c.post(JSON.stringify(many)))
    expect(receipt).toMatchObject({ accepted: 1198, rejected: 2, results_left_out: 1198 })
    expect(receipt.results.map((r) => r.index)).toEqual([700, 1100])
    expect((await receiptOf(await c.post(JSON.stringify(many.slice(0, 1000))))).results).toHaveLength(1000)
  })

  it('survives bytes that are no HTTP, and senders that leave in the middle', async () => {
    const reply = await new Promise<string>((resolve) => {
      const socket = connect(c.port, '127.0.0.1', () => socket.write('\x16\x03\x01garbage\r\n\r\n'))
      socket.on('data', (d) => resolve(d.toString())).on('error', () => resolve(''))
    })
    expect(reply).toContain('400 Bad Request')
    await new Promise<void>((resolve) => {
      const socket = connect(c.port, '127.0.0.1', () => {
        socket.write(
          `POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${KEY}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[{`,
        )
        setTimeout(() => socket.destroy(), 50)
      })
      socket.on('close', () => resolve())
    })
    expect((await c.post(JSON.stringify(answer(14)))).status).toBe(200)
    expect(await grown()).toEqual([1, 0])
  })

  it('answers its health and passes request ids on', async () => {
    const r = await fetch(`${c.url}/health`, { headers: { 'x-request-id': 'abc-1' } })
    expect([r.status, r.headers.get('x-request-id')]).toEqual([200, 'abc-1'])
    expect(await r.json()).toEqual({ status: 'ok', service: 'collector', version: 'test' })
  })
})
