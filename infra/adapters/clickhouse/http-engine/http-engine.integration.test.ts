import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { createChdbConnection } from 'chdb/connection'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpEngine, startHttpEngine } from './server.ts'

// One engine per process: the in-process client and the HTTP server share this folder, so each case runs in a
// database of its own.
const folder = mkdtempSync(join(tmpdir(), 'http-engine-'))
const dataDir = join(folder, 'data')
const spoolDir = join(folder, 'spool')
let engine: HttpEngine

beforeAll(async () => {
  engine = await startHttpEngine({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    spoolDir,
    concurrency: 8,
    drainMs: 1000,
    credentials: null,
  })
})
afterAll(async () => {
  await engine.stop()
  rmSync(folder, { recursive: true, force: true })
})

// The client bundles its own copy of client-common's types and error class, chdb uses the package's: equal shapes,
// unequal identities, so the connection is cast and errors are compared by code and type.
const inProcess = () =>
  createChdbConnection({ path: dataDir }) as unknown as NonNullable<
    NonNullable<Parameters<typeof createClient>[0]>['connection']
  >

const ways: [string, (database: string) => ClickHouseClient][] = [
  ['in the process', () => createClient({ connection: inProcess() })],
  ['by URL', (database) => createClient({ log, url: engine.url, database })],
  [
    'by URL, compressed both ways',
    (database) => createClient({ log, url: engine.url, database, compression: { request: true, response: true } }),
  ],
]

const log = { level: ClickHouseLogLevel.OFF }
const bytes = (...values: number[]): Buffer => Buffer.from(values)
const rowBinary = (rows: [number, Buffer][]): Buffer =>
  Buffer.concat(
    rows.map(([id, text]) => {
      const key = Buffer.alloc(4)
      key.writeUInt32LE(id)
      return Buffer.concat([key, bytes(text.length), text])
    }),
  )

describe.each(ways)('@clickhouse/client %s', (way, connect) => {
  const database = `case_${ways.findIndex(([name]) => name === way)}`
  let client: ClickHouseClient
  const rows = async (query: string, query_params: Record<string, unknown> = {}) =>
    (await client.query({ query, query_params, format: 'JSONEachRow' })).json()

  beforeAll(async () => {
    const setup = createClient({ log, url: engine.url })
    await setup.command({ query: `CREATE DATABASE ${database}` })
    await setup.close()
    client = connect(database)
    await client.command({
      query: `CREATE TABLE ${database}.t (id UInt32, text String) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100`,
    })
  })
  afterAll(() => client.close())

  it('answers a ping', async () => {
    expect(await client.ping()).toMatchObject({ success: true })
  })

  it('inserts an array and a stream of rows and counts what was written', async () => {
    const done = await client.insert({
      table: `${database}.t`,
      values: [
        { id: 1, text: "it's; a\ttab" },
        { id: 2, text: 'mañana 日本 🎉' },
      ],
      format: 'JSONEachRow',
      clickhouse_settings: { async_insert: 0 },
    })
    expect(done.summary?.written_rows).toBe('2')
    const many = Readable.from(
      (function* () {
        for (let id = 10; id < 5_010; id += 1) yield [id, `row ${id}`]
      })(),
    )
    await client.insert({ table: `${database}.t`, values: many, format: 'JSONCompactEachRow' })
    expect(await rows(`SELECT count() AS n, max(id) AS top FROM ${database}.t`)).toEqual([{ n: 5_002, top: 5_009 }])
    expect(await rows(`SELECT text FROM ${database}.t WHERE id < 3 ORDER BY id`)).toEqual([
      { text: "it's; a\ttab" },
      { text: 'mañana 日本 🎉' },
    ])
  })

  it('binds parameters, quotes and unicode included, and never takes them for SQL', async () => {
    const hard = 'it\'s "q" \\ back\ttab\nline 日本 🎉 {x:String}; DROP'
    expect(
      await rows('SELECT {a:String} AS a, {b:UInt32} AS b, {c:Array(String)} AS c, {d:Nullable(String)} AS d', {
        a: hard,
        b: 7,
        c: [hard, 'plain'],
        d: null,
      }),
    ).toEqual([{ a: hard, b: 7, c: [hard, 'plain'], d: null }])
  })

  it('reports an unknown table with its code and type', async () => {
    const failure = await client.query({ query: `SELECT * FROM ${database}.nowhere` }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' })
  })

  it('reports rows that do not parse, and writes none of them', async () => {
    const failure = await client
      .insert({ table: `${database}.t`, values: [{ id: 'nine', text: 'x' }], format: 'JSONEachRow' })
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: '27', type: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED' })
    expect(await rows(`SELECT count() AS n FROM ${database}.t WHERE text = 'x'`)).toEqual([{ n: 0 }])
  })

  // A client of its own: chdb's in-process connection turns the settings of one call into SET, so a token would stay
  // for every later insert of that connection and drop its rows. By URL each call has its settings to itself.
  it('drops a repeated insert with the same deduplication token', async () => {
    const writer = connect(database)
    for (let turn = 0; turn < 2; turn += 1) {
      await writer.insert({
        table: `${database}.t`,
        values: [{ id: 900_000, text: 'once' }],
        format: 'JSONEachRow',
        clickhouse_settings: { insert_deduplication_token: 'batch 1', async_insert: 0 },
      })
    }
    await writer.close()
    expect(await rows(`SELECT count() AS n FROM ${database}.t WHERE id = 900000`)).toEqual([{ n: 1 }])
  })

  // Only bytes that are UTF-8 here: chdb's in-process connection decodes a body as text, the HTTP path does not.
  it('takes RowBinary through exec', async () => {
    const values = Readable.from([
      rowBinary([[7_001, Buffer.from('plain')]]),
      rowBinary([[7_002, Buffer.from('text')]]),
    ])
    const done = await client.exec({ query: `INSERT INTO ${database}.t FORMAT RowBinary`, values })
    done.stream.resume()
    expect(await rows(`SELECT id, text FROM ${database}.t WHERE id BETWEEN 7000 AND 7999 ORDER BY id`)).toEqual([
      { id: 7_001, text: 'plain' },
      { id: 7_002, text: 'text' },
    ])
  })

  it('reads a million rows as a stream', async () => {
    const result = await client.query({ query: 'SELECT number FROM numbers(1000000)', format: 'JSONCompactEachRow' })
    let count = 0
    let sum = 0
    for await (const page of result.stream<[number]>()) {
      for (const row of page) {
        count += 1
        sum += row.json()[0]
      }
    }
    expect([count, sum]).toEqual([1_000_000, 499_999_500_000])
  })
})

describe('the HTTP interface itself', () => {
  const call = (path: string, init: RequestInit = {}) => fetch(`${engine.url}${path}`, init)
  const sql = (query: string, parameters = '') => call(`/?${parameters}`, { method: 'POST', body: query })

  it('keeps every byte of RowBinary, also those that are not UTF-8', async () => {
    const client = createClient({ log, url: engine.url, compression: { request: true } })
    await client.command({ query: 'CREATE TABLE bin (id UInt32, text String) ENGINE = MergeTree ORDER BY id' })
    const high = rowBinary([[0xff80_7ffe, bytes(0xfe, 0x00, 0x80, 0x0a)]])
    const done = await client.exec({ query: 'INSERT INTO bin FORMAT RowBinary', values: Readable.from([high]) })
    done.stream.resume()
    const back = await client.exec({ query: 'SELECT * FROM bin FORMAT RowBinary' })
    const seen: Buffer[] = []
    for await (const chunk of back.stream) seen.push(chunk as Buffer)
    expect(Buffer.concat(seen).equals(high)).toBe(true)
    await client.close()
  })

  it('writes and reads Parquet, CSV and TSV', async () => {
    await sql('CREATE TABLE shapes (a UInt8, b String) ENGINE = MergeTree ORDER BY a')
    for (const [format, body] of [
      ['CSV', '1,"x;y"\n'],
      ['TSV', '2\ty\n'],
    ] as const) {
      const answer = await call(`/?query=${encodeURIComponent(`INSERT INTO shapes FORMAT ${format}`)}`, {
        method: 'POST',
        body,
      })
      expect(JSON.parse(answer.headers.get('x-clickhouse-summary')!)).toMatchObject({ written_rows: '1' })
    }
    const parquet = Buffer.from(await (await sql('SELECT * FROM shapes ORDER BY a FORMAT Parquet')).arrayBuffer())
    expect(parquet.subarray(0, 4).toString()).toBe('PAR1')
    await call('/?query=INSERT+INTO+shapes+FORMAT+Parquet', { method: 'POST', body: parquet })
    expect(await (await sql('SELECT a, b FROM shapes ORDER BY a')).text()).toBe('1\tx;y\n1\tx;y\n2\ty\n2\ty\n')
    expect(readdirSync(spoolDir)).toEqual([])
  })

  it.each([
    ['SELECT * FROM nowhere', 404, '60'],
    ['SELEC 1', 400, '62'],
    ['SELECT 1; SELECT 2', 400, '62'],
    ['SELECT throwIf(number = 0) FROM numbers(1)', 500, '395'],
    ["SELECT 1 INTO OUTFILE '/dev/null'", 500, '75'],
  ])('%s: status %i, code %s', async (query, status, code) => {
    const answer = await sql(query)
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([status, code])
    expect(await answer.text()).toMatch(
      new RegExp(`^Code: ${code}\\. DB::Exception: [\\s\\S]+ \\([A-Z_]+\\) \\(version`),
    )
  })

  it('reports an unknown database and an unknown setting as the server does', async () => {
    expect((await sql('SELECT 1', 'database=nowhere')).headers.get('x-clickhouse-exception-code')).toBe('81')
    expect((await sql('SELECT 1', 'no_such_setting=1')).headers.get('x-clickhouse-exception-code')).toBe('115')
    expect((await sql('SELECT 1', 'session_id=a')).status).toBe(501)
  })

  it('sends its headers and packs the answer when asked', async () => {
    const client = createClient({ log, url: engine.url, compression: { response: true } })
    const raw = await client.exec({ query: 'SELECT 1 AS a FORMAT JSONEachRow', decompress_response_stream: false })
    expect(raw.response_headers['content-encoding']).toBe('gzip')
    expect(raw.response_headers['x-clickhouse-format']).toBe('JSONEachRow')
    expect(raw.response_headers['x-clickhouse-query-id']).toBe(raw.query_id)
    const seen: Buffer[] = []
    for await (const chunk of raw.stream) seen.push(chunk as Buffer)
    expect(gunzipSync(Buffer.concat(seen)).toString()).toBe('{"a":1}\n')
    await client.close()
  })

  it('tells the reader of a stream that it broke after its first rows', async () => {
    const client = createClient({ log, url: engine.url })
    const result = await client.query({
      query: 'SELECT throwIf(number = 4000000) AS x FROM numbers(5000000) SETTINGS max_threads = 1',
      format: 'JSONEachRow',
    })
    const read = async () => {
      for await (const page of result.stream()) expect(page.length).toBeGreaterThan(0)
    }
    await expect(read()).rejects.toMatchObject({ code: '395' })
    await client.close()
  })

  it('keeps eight clients apart: parameters, settings and databases', async () => {
    const clients = Array.from({ length: 8 }, () => createClient({ log, url: engine.url, max_open_connections: 4 }))
    await Promise.all(
      clients.map(async (client, index) => {
        for (let turn = 0; turn < 25; turn += 1) {
          const mine = `${index}-${turn}`
          const result = await client.query({
            query: "SELECT {mine:String} AS mine, getSetting('max_block_size') AS size",
            query_params: { mine },
            clickhouse_settings: { max_block_size: String(1000 + index) },
            format: 'JSONEachRow',
          })
          expect(await result.json()).toEqual([{ mine, size: 1000 + index }])
        }
      }),
    )
    await Promise.all(clients.map((client) => client.close()))
  })

  it('goes on serving after callers that hang up in the middle of a result', async () => {
    for (let turn = 0; turn < 12; turn += 1) {
      const abort = new AbortController()
      const answer = await call('/?query=SELECT+number+FROM+numbers(200000000)', { signal: abort.signal })
      await answer.body!.getReader().read()
      abort.abort()
    }
    expect(await (await sql('SELECT 7')).text()).toBe('7\n')
  })

  it('refuses web pages', async () => {
    const answer = await call('/?query=SELECT+1', { headers: { origin: 'https://example.org' } })
    expect(answer.status).toBe(403)
  })
})
