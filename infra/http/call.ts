import type { IncomingMessage } from 'node:http'

/** One request, its path parameters decoded. */
export interface Call {
  request: IncomingMessage
  params: Readonly<Record<string, string>>
  query: URLSearchParams
  requestId: string
}

export interface Reply {
  status: number
  /** Sent as JSON; null: no body. A Buffer goes as it is, as the Content-Type of `headers`. */
  body: unknown
  headers?: Record<string, string>
  /** More for the log line. No personal data. */
  log?: Record<string, unknown>
}

/** An answer that is no success: `{"error": {"code", "message", ...more}}`. The message says what to do. */
export class HttpError extends Error {
  override name = 'HttpError'
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>
  readonly more: Record<string, unknown>

  constructor(
    status: number,
    code: string,
    message: string,
    with_: { headers?: Record<string, string>; more?: Record<string, unknown> } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = with_.headers ?? {}
    this.more = with_.more ?? {}
  }
}

/** The sender went away before its request was complete; nobody is there to be answered. */
export class ClientGone extends Error {
  override name = 'ClientGone'
}
