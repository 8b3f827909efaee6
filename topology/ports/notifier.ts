import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'

export const CHANNELS = ['mail', 'webhook', 'inbox'] as const
export type Channel = (typeof CHANNELS)[number]

/** A delivery as its reader sees it. It has names: it is made for one sending, and stands nowhere. */
export interface OutgoingMessage {
  delivery: Delivery
  /** Mail address; null where the reader has none. */
  address: string | null
  /** BCP 47 tag of the texts. */
  language: string
  subject: string
  text: string
  html: string
  /** Address that takes the reader off mails by one POST; null for channels without one. */
  unsubscribe: string | null
}

/** What the receiver said, once it had taken the message over. */
export interface Acceptance {
  /** The same for every sending of one delivery over one channel. */
  messageId: string
  /** In the receiver's words; nothing personal. */
  answer: string
}

/**
 * A way to a reader. `send` resolves once the receiver has taken the message over. It throws a TransientError where
 * another attempt may help, whether or not the receiver has taken it: the id lets the receiver see a repeat.
 * @throws MessageRefused where no attempt will help
 */
export interface Notifier {
  readonly channel: Channel
  send(message: OutgoingMessage): Promise<Acceptance>
  close(): Promise<void>
}

/** The receiver refuses this message for good; says why without naming anybody. */
export class MessageRefused extends Error {
  override name = 'MessageRefused'
}
