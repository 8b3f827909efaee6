import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { Channel } from '@mastery/topology/ports/notifier.ts'

export interface Outcome {
  tenant: string
  delivery: string
  channel: Channel
  outcome: 'accepted' | 'failed' | 'dead' | 'unwanted'
  attempts: number
  messageId: string
  detail: string
  /** UTC milliseconds. */
  at: number
}

/** How messages fared, in gold: for people, and for a queue that has lost its memory. */
export class Outcomes {
  private readonly gold: () => Promise<Pick<GoldStore, 'insert' | 'query'>>

  constructor(gold: () => Promise<Pick<GoldStore, 'insert' | 'query'>>) {
    this.gold = gold
  }

  async note(o: Outcome): Promise<void> {
    const row = [o.tenant, o.delivery, o.channel, o.outcome, o.attempts, o.messageId, o.detail.slice(0, 500), o.at]
    await (await this.gold()).insert([{ table: 'delivery_outcomes', rows: [row] }])
  }

  /** The id under which a receiver has taken the message over; null where gold knows of none. */
  async accepted(tenant: string, delivery: string, channel: Channel): Promise<string | null> {
    const [row] = await (await this.gold()).query<{ message_id: string }>(
      `SELECT message_id FROM delivery_outcomes FINAL WHERE tenant = {tenant:String} AND delivery_id = {delivery:String}
       AND channel = {channel:String} AND outcome = 'accepted'`,
      { tenant, delivery, channel },
    )
    return row?.message_id ?? null
  }

  /** Whether the reader takes no messages over the channel. */
  async unwanted(tenant: string, recipient: string, channel: Channel): Promise<boolean> {
    const [row] = await (await this.gold()).query<{ unwanted: boolean }>(
      `SELECT unwanted FROM delivery_optouts FINAL WHERE tenant = {tenant:String} AND recipient = {recipient:String}
       AND channel = {channel:String}`,
      { tenant, recipient, channel },
    )
    return row?.unwanted ?? false
  }
}
