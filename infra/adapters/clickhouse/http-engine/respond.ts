import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import type { ChdbQueryStream } from 'chdb'
import { type EngineError, httpStatus, renderError, toEngineError } from './errors.ts'

/** What a statement read and wrote, as far as it is known when the headers go out. */
export type Summary = {
  readRows: number
  readBytes: number
  writtenRows: number
  writtenBytes: number
  seconds: number
}

// The engine formats each block of a stream as a document of its own, so only formats without head or foot stream.
const STREAMABLE =
  /^(JSONEachRow|JSONLines|NDJSON|JSONStringsEachRow|JSONCompactEachRow|JSONCompactStringsEachRow|CSV|TSV|TabSeparated|TSVRaw|TabSeparatedRaw|RowBinary|Native|LineAsString|Raw(BLOB)?)$/i

/** Whether a result of this format can leave block by block. */
export function streams(format: string): boolean {
  return STREAMABLE.test(format)
}

function contentType(format: string): string {
  if (/^(JSONEachRow|JSONLines|NDJSON|JSON\w*EachRow\w*)$/i.test(format)) return 'application/x-ndjson; charset=UTF-8'
  if (/^JSON/i.test(format)) return 'application/json; charset=UTF-8'
  if (/^CSV/i.test(format)) return 'text/csv; charset=UTF-8; header=absent'
  if (/^(TSV|TabSeparated)/i.test(format)) return 'text/tab-separated-values; charset=UTF-8'
  return /^(RowBinary|Native|Parquet|Arrow|ORC|Avro)/i.test(format)
    ? 'application/octet-stream'
    : 'text/plain; charset=UTF-8'
}

function head(
  response: ServerResponse,
  queryId: string,
  format: string,
  summary: Summary | null,
  gzip: boolean,
): Writable {
  response.setHeader('Content-Type', contentType(format))
  response.setHeader('X-ClickHouse-Format', format)
  response.setHeader('X-ClickHouse-Query-Id', queryId)
  if (summary !== null) {
    response.setHeader(
      'X-ClickHouse-Summary',
      JSON.stringify({
        read_rows: String(summary.readRows),
        read_bytes: String(summary.readBytes),
        written_rows: String(summary.writtenRows),
        written_bytes: String(summary.writtenBytes),
        total_rows_to_read: '0',
        result_rows: '0',
        result_bytes: '0',
        elapsed_ns: String(Math.round(summary.seconds * 1e9)),
      }),
    )
  }
  if (!gzip) return response
  response.setHeader('Content-Encoding', 'gzip')
  const packer = createGzip({ level: constants.Z_BEST_SPEED })
  packer.pipe(response)
  return packer
}

/** Sends a whole result. */
export async function sendWhole(
  response: ServerResponse,
  result: { queryId: string; format: string; summary: Summary; body: Uint8Array; gzip: boolean },
): Promise<void> {
  const out = head(response, result.queryId, result.format, result.summary, result.gzip)
  out.end(result.body)
  await finished(response, { readable: false })
}

/**
 * Sends a result block by block, at the pace of its reader; a failure before the first block has its HTTP status, a
 * later one ends the body with the tagged exception block that the server writes and @clickhouse/client recognises.
 * A caller that hangs up cancels the query.
 */
export async function sendStream(
  response: ServerResponse,
  result: { queryId: string; format: string; stream: ChdbQueryStream; gzip: boolean; engineVersion: string },
): Promise<void> {
  const blocks = result.stream[Symbol.asyncIterator]()
  let block = await blocks.next()
  const tag = randomBytes(8).toString('hex')
  response.setHeader('X-ClickHouse-Exception-Tag', tag)
  const out = head(response, result.queryId, result.format, null, result.gzip)
  const gone = once(response, 'close')
  try {
    while (!block.done && !response.destroyed) {
      if (!out.write(block.value.raw())) await Promise.race([once(out, 'drain'), gone])
      block = await blocks.next()
    }
  } catch (error) {
    out.write(exceptionBlock(renderError(toEngineError(error), result.engineVersion), tag))
  } finally {
    await blocks.return?.()
  }
  if (response.destroyed) return
  out.end()
  await gone
}

function exceptionBlock(text: string, tag: string): string {
  return `\r\n__exception__\r\n${tag}\r\n${text}${Buffer.byteLength(text)} ${tag}\r\n__exception__\r\n`
}

/** Sends an exception with its status; nothing may have been sent before. */
export function sendError(
  response: ServerResponse,
  error: EngineError,
  engineVersion: string,
  queryId: string | null,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  for (const name of ['Content-Encoding', 'X-ClickHouse-Format', 'X-ClickHouse-Exception-Tag'])
    response.removeHeader(name)
  if (queryId !== null) response.setHeader('X-ClickHouse-Query-Id', queryId)
  response.setHeader('X-ClickHouse-Exception-Code', String(error.code))
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  response.statusCode = httpStatus(error)
  response.end(renderError(error, engineVersion))
}
