import { createHmac } from 'node:crypto'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import {
  type Acceptance,
  MessageRefused,
  type Notifier,
  type OutgoingMessage,
} from '@mastery/topology/ports/notifier.ts'

export interface WebhookOptions {
  url: string
  /** Key of the signature. */
  secret: string
  /** Sends subject and text too, which have names. */
  names: boolean
  timeoutMs: number
  /** UTC milliseconds. */
  now(): number
}

export const ID_HEADER = 'X-Mastery-Id'
export const TIMESTAMP_HEADER = 'X-Mastery-Timestamp'
export const SIGNATURE_HEADER = 'X-Mastery-Signature'

/** `v1=` and HMAC-SHA256 over `<timestamp>.<body>`, hexadecimal; timestamp in seconds since 1970. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`
}

/** Answers of 4yz that another attempt may change: too early, too many, a timeout, a login that is being mended. */
const TRY_AGAIN = new Set([401, 403, 407, 408, 421, 425, 429])

/** POSTs deliveries as JSON, signed, under the delivery's id. The same delivery is the same body but for its names. */
export class WebhookNotifier implements Notifier {
  readonly channel = 'webhook'
  private readonly options: WebhookOptions

  constructor(options: WebhookOptions) {
    this.options = options
  }

  async send(m: OutgoingMessage): Promise<Acceptance> {
    const { url, secret, names, timeoutMs, now } = this.options
    const { origin_partition: _p, origin_offset: _o, ordinal: _n, generation: _g, ...delivery } = m.delivery
    const body = JSON.stringify({
      ...delivery,
      language: m.language,
      ...(names ? { subject: m.subject, text: m.text } : {}),
    })
    const timestamp = String(Math.floor(now() / 1000))
    const host = new URL(url).host
    let status: number
    try {
      const answer = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'mastery-stream',
          [ID_HEADER]: m.delivery.delivery_id,
          [TIMESTAMP_HEADER]: timestamp,
          [SIGNATURE_HEADER]: signatureOf(secret, timestamp, body),
        },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      })
      status = answer.status
      await answer.body?.cancel()
    } catch (e) {
      const why = ((e as Error).cause as Error | undefined)?.message ?? (e as Error).message
      throw new TransientError(`The webhook of ${host} did not answer: ${why}`)
    }
    if (status >= 200 && status < 300) return { messageId: m.delivery.delivery_id, answer: `HTTP ${status}` }
    const why = `The webhook of ${host} answered HTTP ${status}`
    if (status >= 300 && status < 500 && !TRY_AGAIN.has(status)) throw new MessageRefused(`${why}.`)
    throw new TransientError(`${why}.`)
  }

  async close(): Promise<void> {}
}
