import { TransientError } from '@mastery/topology/ports/failure.ts'
import {
  type Acceptance,
  MessageRefused,
  type Notifier,
  type OutgoingMessage,
} from '@mastery/topology/ports/notifier.ts'
import { createTransport } from 'nodemailer'

export interface SmtpOptions {
  host: string
  port: number
  /** implicit: TLS from the first byte. starttls: refused where the server offers none. none: for servers on this machine or net. */
  tls: 'implicit' | 'starttls' | 'none'
  user: string | null
  password: string | null
  /** Address of the sender; its domain ends the Message-IDs. */
  from: string
  /** Shown before the address. */
  fromName: string
  /** How long the server may say nothing, milliseconds. */
  timeoutMs: number
  /** Connections at once. */
  connections: number
}

interface SmtpFailure extends Error {
  code?: string
  responseCode?: number
  command?: string
}

/** Addresses stand in servers' answers and must not stand in ours. */
const withoutAddresses = (text: string) => text.replace(/[^\s<>@]+@[^\s<>@]+/g, '(address)').slice(0, 300)

/** Stable for a delivery, whoever sends it and however often. */
export const messageIdOf = (deliveryId: string, from: string) => `<${deliveryId}@${from.slice(from.indexOf('@') + 1)}>`

/**
 * Refusals of the message or of its reader, after the server let us in, are final (RFC 5321, 4.2.1: 5yz). What concerns
 * us instead of the message (login, TLS, our connection) may be mended, and is tried again.
 */
function failureOf(e: SmtpFailure, host: string): Error {
  const said = withoutAddresses(e.message)
  const aboutMessage = e.code === 'EENVELOPE' || e.code === 'EMESSAGE'
  if (aboutMessage && e.responseCode !== undefined && e.responseCode >= 500)
    return new MessageRefused(`The mail server refused the message for good: ${said}`)
  return new TransientError(`The mail server ${host} did not take the message: ${said}`)
}

/** Mail by SMTP: text with an HTML alternative, one-click unsubscription (RFC 8058), a Message-ID of the delivery's own. */
export class SmtpNotifier implements Notifier {
  readonly channel = 'mail'
  private readonly options: SmtpOptions
  private readonly transport

  constructor(options: SmtpOptions) {
    const { host, port, tls, user, password, timeoutMs, connections } = options
    this.options = options
    this.transport = createTransport({
      host,
      port,
      pool: true,
      maxConnections: connections,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(user !== null ? { auth: { user, pass: password ?? '' } } : {}),
    })
    // Each sending reports its own failure.
    this.transport.on('error', () => {})
  }

  async send(m: OutgoingMessage): Promise<Acceptance> {
    const { from, fromName, host } = this.options
    if (m.address === null) throw new MessageRefused('The reader has no mail address.')
    const messageId = messageIdOf(m.delivery.delivery_id, from)
    try {
      const { response } = await this.transport.sendMail({
        from: { name: fromName, address: from },
        // As an object: nothing in the address can become another header or reader.
        to: { name: '', address: m.address },
        messageId,
        date: new Date(m.delivery.now),
        subject: m.subject,
        text: m.text,
        html: m.html,
        headers: {
          'Content-Language': m.language,
          'Auto-Submitted': 'auto-generated',
          ...(m.unsubscribe !== null
            ? { 'List-Unsubscribe': `<${m.unsubscribe}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
            : {}),
        },
      })
      return { messageId, answer: withoutAddresses(response) }
    } catch (e) {
      throw failureOf(e as SmtpFailure, host)
    }
  }

  async close(): Promise<void> {
    this.transport.close()
  }
}
