import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { ClientGone, HttpError, type Reply } from './call.ts'
import { type Route, Router } from './router.ts'

export interface ListenOptions {
  host: string
  /** 0: any free port. */
  port: number
  telemetry: Telemetry
  /** How long `close` waits for requests in flight, milliseconds. */
  drainMs?: number
}

export interface Listening {
  /** `http://host:port`, with the port that was bound. */
  url: string
  port: number
  /** Takes no more requests, lets those in flight finish, closes. */
  close(): Promise<void>
}

/** Answers one request. False: none of the routes has its path, and nothing was sent. */
export type Responder = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

/** Serves routes as JSON over HTTP. Log lines name the route, never the path, which may hold a student's id. */
export function responder(routes: readonly Route[], telemetry: Telemetry): Responder {
  const router = new Router(routes)
  return async (request, response) => {
    const began = performance.now()
    const requestId = requestIdOf(request)
    response.setHeader('X-Request-Id', requestId)
    let name = 'none'
    let reply: Reply
    try {
      const url = urlOf(request)
      const found = router.find(request.method ?? 'GET', url.pathname)
      if (!found) return false
      name = found.route.path
      reply = await found.route.handle({ request, params: found.params, query: url.searchParams, requestId })
    } catch (error) {
      if (error instanceof ClientGone || request.socket.destroyed) {
        telemetry.info('client gone', { route: name, request_id: requestId })
        response.destroy()
        return true
      }
      reply = failure(error, telemetry, name, requestId)
    }
    send(request, response, reply)
    telemetry.count('http.requests')
    telemetry.info('request', {
      method: request.method,
      route: name,
      status: reply.status,
      ms: Math.round(performance.now() - began),
      request_id: requestId,
      ...reply.log,
    })
    return true
  }
}

export async function listen(routes: readonly Route[], options: ListenOptions): Promise<Listening> {
  const { host, port, telemetry, drainMs = 8000 } = options
  const respond = responder(routes, telemetry)
  const paths = [...new Set(routes.map((r) => r.path))].join(', ')
  const server = createServer((request, response) => {
    void respond(request, response).then((answered) => {
      if (answered) return
      const error = new HttpError(404, 'not_found', `There is no such path. This service has ${paths}.`)
      send(request, response, failure(error, telemetry, 'none', ''))
    })
  })
  server.headersTimeout = 20_000
  server.requestTimeout = 120_000
  // Clients that keep sockets must be the ones to give them up first, else their next request meets a reset.
  server.keepAliveTimeout = 65_000
  server.on('clientError', (_error, socket) => {
    if (!socket.writable) return socket.destroy()
    const body = JSON.stringify(
      errorBody(new HttpError(400, 'bad_request', 'This is no HTTP request that can be read.')),
    )
    const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`
    socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`Port ${port} on ${host} is taken. Stop what holds it, or choose another port.`)
          : error,
      ),
    )
    server.listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await Promise.race([closed, sleep(drainMs, undefined, { ref: false })])
      server.closeAllConnections()
    },
  }
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (response.destroyed) return
  const given = reply.body
  const body = given === null || Buffer.isBuffer(given) ? given : Buffer.from(JSON.stringify(given))
  response.writeHead(reply.status, {
    ...(body === null ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    'Content-Length': body?.length ?? 0,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...reply.headers,
  })
  response.end(request.method === 'HEAD' ? null : body)
  // What is left of a refused body is read and thrown away: closing on it would reset the socket before the answer is read.
  if (!request.complete) request.resume()
}

function failure(error: unknown, telemetry: Telemetry, route: string, requestId: string): Reply {
  if (error instanceof HttpError)
    return { status: error.status, body: errorBody(error), headers: error.headers, log: { code: error.code } }
  if (error instanceof TransientError) {
    telemetry.warn(`not available: ${error.message}`, { route, request_id: requestId })
    const unavailable = new HttpError(
      503,
      'unavailable',
      'A store behind this service does not answer. Try again in a few seconds.',
    )
    return { status: 503, body: errorBody(unavailable), headers: { 'Retry-After': '5' }, log: { code: 'unavailable' } }
  }
  telemetry.error(`unexpected: ${(error as Error)?.message ?? String(error)}`, {
    route,
    request_id: requestId,
    stack: (error as Error)?.stack,
  })
  const broken = new HttpError(
    500,
    'internal',
    `This should not have happened. The log has it as request ${requestId}.`,
  )
  return { status: 500, body: errorBody(broken), log: { code: 'internal' } }
}

function errorBody(e: HttpError): unknown {
  return { error: { code: e.code, message: e.message, ...e.more } }
}

function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? '/'
  const url = target.startsWith('/') ? URL.parse(`http://service${target}`) : null
  if (!url) throw new HttpError(400, 'bad_path', 'The path of this request cannot be read.')
  return url
}

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID()
}
