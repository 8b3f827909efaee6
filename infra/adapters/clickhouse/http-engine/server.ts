import { timingSafeEqual } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from 'chdb'
import type { HttpEngineConfig } from './config.ts'
import { Engine } from './engine.ts'
import { EngineError, toEngineError } from './errors.ts'
import { type Call, readCall } from './request.ts'
import { sendError, sendStream, sendWhole, streams } from './respond.ts'
import { readRowsFromFile } from './statement.ts'

export type HttpEngine = {
  /** `http://host:port`, with the port that was bound. */
  url: string
  /** Stops taking calls, lets running ones finish for `drainMs`, closes the engine. */
  stop(): Promise<void>
}

/**
 * Serves one chdb data folder over ClickHouse's HTTP interface, to the extent that @clickhouse/client's command,
 * insert, exec, query and ping use it. Sessions, roles and the native compression framing are refused, not ignored.
 * @throws Error when the port is taken or another process holds the folder
 */
export async function startHttpEngine(config: HttpEngineConfig): Promise<HttpEngine> {
  mkdirSync(config.dataDir, { recursive: true })
  rmSync(config.spoolDir, { recursive: true, force: true })
  mkdirSync(config.spoolDir, { recursive: true })
  const engine = new Engine(config.dataDir, config.concurrency)
  const server = createServer((request, response) => {
    void serve(engine, config, request, response)
  })
  // A client keeps idle sockets for 2.5 s; the server must be the one that waits longer, else calls meet a reset.
  server.keepAliveTimeout = 30_000
  // An INSERT may stream for hours.
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      engine.close()
      reject(cannotListen(error, config))
    })
    server.listen(config.port, config.host, resolve)
  })
  const port = (server.address() as AddressInfo).port
  return {
    url: `http://${config.host}:${port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // A client keeps its socket after the last answer; each is cut as it falls idle.
      const cutting = setInterval(() => server.closeIdleConnections(), 20)
      await Promise.race([closed, sleep(config.drainMs, undefined, { ref: false })])
      clearInterval(cutting)
      server.closeAllConnections()
      engine.close()
    },
  }
}

function cannotListen(cause: NodeJS.ErrnoException, { host, port }: HttpEngineConfig): Error {
  const what =
    cause.code === 'EADDRINUSE'
      ? `another program listens at ${host}:${port} (address already in use): end it, or set CLICKHOUSE_ENGINE_PORT`
      : `it cannot listen at ${host}:${port}: ${cause.message}`
  return new Error(`The ClickHouse engine cannot start: ${what}.`, { cause })
}

async function serve(
  engine: Engine,
  config: HttpEngineConfig,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine')
  let call: Call | null = null
  try {
    if (url.pathname === '/ping' || (request.method === 'GET' && !url.searchParams.has('query'))) {
      response.end('Ok.\n')
      return
    }
    admit(request, url, config)
    call = await readCall(request, url, config.spoolDir)
    await run(engine, call, response)
  } catch (error) {
    // The rest of an unread body would be taken for the next request on this socket.
    if (!request.complete) response.setHeader('Connection', 'close')
    sendError(response, toEngineError(error), engine.version, call?.queryId ?? null)
  } finally {
    if (call?.rowsPath) await rm(call.rowsPath, { force: true })
  }
}

/** @throws EngineError 516 for wrong credentials and for pages of a browser, which could write to a local engine. */
function admit(request: IncomingMessage, url: URL, config: HttpEngineConfig): void {
  if (request.headers.origin !== undefined)
    throw new EngineError(516, 'AUTHENTICATION_FAILED', 'Requests of web pages are not served')
  if (config.credentials === null) return
  const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const [, user, password] = /^([^:]*):([\s\S]*)$/.exec(Buffer.from(basic ?? '', 'base64').toString('utf8')) ?? []
  const named = (header: string, parameter: string): string | null =>
    (request.headers[header] as string | undefined) ?? url.searchParams.get(parameter)
  const seenUser = named('x-clickhouse-user', 'user') ?? user ?? 'default'
  const seenPassword = named('x-clickhouse-key', 'password') ?? password ?? ''
  const right = same(seenPassword, config.credentials.password)
  if (same(seenUser, config.credentials.user) && right) return
  throw new EngineError(
    516,
    'AUTHENTICATION_FAILED',
    `${seenUser}: Authentication failed: password is incorrect, or there is no user with such name`,
  )
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

async function run(engine: Engine, call: Call, response: ServerResponse): Promise<void> {
  const { statement, queryId, gzip } = call
  await engine.within(call.scope, async (session) => {
    if (statement.kind === 'rows') {
      const format = statement.format ?? call.defaultFormat
      if (streams(format) && !call.buffered) {
        const stream = session.queryStream(statement.sql, { format })
        await sendStream(response, { queryId, format, stream, gzip, engineVersion: engine.version })
        return
      }
    }
    await sendWhole(response, { queryId, gzip, ...(await whole(session, call)) })
  })
}

async function whole(session: Session, call: Call) {
  const { statement } = call
  const format = statement.kind === 'rows-in' ? call.defaultFormat : (statement.format ?? call.defaultFormat)
  const sql = statement.kind === 'rows-in' ? readRowsFromFile(statement, call.rowsPath!) : statement.sql
  const result = await session.queryAsync(sql, { format })
  const writes = statement.kind === 'rows-in' || (statement.kind === 'plain' && statement.writes)
  return {
    format,
    body: result.bytes(),
    summary: {
      readRows: result.rowsRead,
      readBytes: result.bytesRead,
      writtenRows: writes ? result.rowsRead : 0,
      writtenBytes: writes ? Math.max(call.rowsBytes, result.bytesRead) : 0,
      seconds: result.elapsed,
    },
  }
}
