import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Readable, Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { Scope } from './engine.ts'
import { EngineError } from './errors.ts'
import { classify, type Statement, takesRows } from './statement.ts'

/** One call, read to its end. */
export type Call = {
  statement: Statement
  scope: Scope
  queryId: string
  /** Format of the rows returned where the statement's own text names none. */
  defaultFormat: string
  /** Answer only when the whole result exists, so that every error has its status. */
  buffered: boolean
  gzip: boolean
  /** File with the rows of an INSERT. */
  rowsPath: string | null
  rowsBytes: number
}

type Spool = { path: string; bytes: number }

// Understood by the HTTP interface itself; the engine knows none of them or has no connection to apply them to.
const INTERFACE_ONLY = new Set([
  'add_http_cors_header',
  'buffer_size',
  'database',
  'default_format',
  'enable_http_compression',
  'http_headers_progress_interval_ms',
  'http_response_buffer_size',
  'http_zlib_compression_level',
  'password',
  'query',
  'query_id',
  'quota_key',
  'send_progress_in_http_headers',
  'stacktrace',
  'user',
  'wait_end_of_query',
])
// Each would change the answer; to take it and do nothing would be silent.
const NOT_OFFERED = new Set([
  'role',
  'session_id',
  'session_timeout',
  'session_check',
  'close_session',
  'compress',
  'decompress',
])

/** Longest statement text in bytes, inline rows included. Rows after a `query` in the URL have no limit. */
const LONGEST_STATEMENT = 256 * 1024 * 1024

/**
 * Reads one request; the rows of an INSERT go to a file in `spoolDir`, which the caller deletes.
 * @throws EngineError for what the interface does not offer and for a body that does not unpack
 */
export async function readCall(request: IncomingMessage, url: URL, spoolDir: string): Promise<Call> {
  const given = new Map<string, string>(url.searchParams)
  const body = unpacked(request)
  let spool: Spool | null = null
  let sql = given.get('query') ?? ''

  const type = request.headers['content-type'] ?? ''
  if (type.startsWith('multipart/form-data')) {
    for (const [name, value] of await formFields(body, type)) given.set(name, value)
    sql = given.get('query') ?? ''
  } else if (/^\s*(--[^\n]*\n\s*)*INSERT\b/i.test(sql)) {
    spool = await spoolRows(body, spoolDir)
  } else {
    const text = await readText(body)
    sql = sql === '' ? text : text === '' ? sql : `${sql}\n${text}`
  }
  try {
    return describe(request, given, sql, spool)
  } catch (error) {
    if (spool !== null) await rm(spool.path, { force: true })
    throw error
  }
}

function describe(request: IncomingMessage, given: Map<string, string>, sql: string, spool: Spool | null): Call {
  const settings = new Map<string, string>()
  const parameters = new Map<string, string>()
  for (const [name, value] of given) {
    if (NOT_OFFERED.has(name))
      throw new EngineError(48, 'NOT_IMPLEMENTED', `"${name}" is not offered by this engine's HTTP interface`)
    if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value)
    else if (!INTERFACE_ONLY.has(name)) settings.set(name, value)
  }
  return {
    statement: classify(sql, spool !== null && (spool.bytes > 0 || takesRows(sql))),
    scope: {
      database: given.get('database') ?? header(request, 'x-clickhouse-database'),
      settings,
      parameters,
      readonly: request.method === 'GET',
    },
    queryId: given.get('query_id') || randomUUID(),
    defaultFormat: given.get('default_format') ?? header(request, 'x-clickhouse-format') ?? 'TabSeparated',
    buffered: /^(1|true)$/i.test(given.get('wait_end_of_query') ?? ''),
    gzip:
      /^(1|true)$/i.test(given.get('enable_http_compression') ?? '') &&
      /\bgzip\b/.test(header(request, 'accept-encoding') ?? ''),
    rowsPath: spool?.path ?? null,
    rowsBytes: spool?.bytes ?? 0,
  }
}

function header(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}

function unpacked(request: IncomingMessage): Readable {
  const encoding = (header(request, 'content-encoding') ?? 'identity').toLowerCase()
  if (encoding === 'identity') return request
  const unpackers: Record<string, () => Transform> = {
    gzip: createGunzip,
    deflate: createInflate,
    br: createBrotliDecompress,
    zstd: createZstdDecompress,
  }
  const unpack = unpackers[encoding]
  if (unpack === undefined)
    throw new EngineError(89, 'UNKNOWN_COMPRESSION_METHOD', `Unknown Content-Encoding: ${encoding}`)
  const unpacker = unpack()
  // The failure reaches the reader of the unpacker; the pipe itself has nobody to tell.
  pipeline(request, unpacker).catch(() => undefined)
  return unpacker
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > LONGEST_STATEMENT)
        throw new EngineError(
          62,
          'QUERY_IS_TOO_LARGE',
          `Statement text is longer than ${LONGEST_STATEMENT} bytes: put the INSERT in the URL's query and its rows in the body`,
        )
      chunks.push(chunk)
    }
  } catch (error) {
    throw bodyError(error)
  }
  const text = Buffer.concat(chunks)
  if (!isUtf8(text))
    throw new EngineError(
      36,
      'BAD_ARGUMENTS',
      "Statement text is not UTF-8: put the INSERT in the URL's query and binary rows in the body",
    )
  return text.toString('utf8')
}

let spooled = 0

async function spoolRows(body: Readable, spoolDir: string): Promise<Spool> {
  spooled += 1
  const path = join(spoolDir, `${process.pid}-${spooled}.rows`)
  const file = createWriteStream(path)
  try {
    await pipeline(body, file)
  } catch (error) {
    throw bodyError(error)
  }
  return { path, bytes: file.bytesWritten }
}

async function formFields(body: Readable, type: string): Promise<[string, string][]> {
  try {
    const form = await new Response(await buffer(body), { headers: { 'content-type': type } }).formData()
    return [...form].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as [string, string]] : []))
  } catch (error) {
    throw bodyError(error)
  }
}

function bodyError(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  return new EngineError(354, 'ZLIB_INFLATE_FAILED', `Cannot read the request body: ${(error as Error).message}`)
}
