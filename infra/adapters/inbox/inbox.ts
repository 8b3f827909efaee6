import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import {
  type Acceptance,
  MessageRefused,
  type Notifier,
  type OutgoingMessage,
} from '@mastery/topology/ports/notifier.ts'

/** The reader's inbox: a row of gold per notice, in the message's text or not. A delivery that comes again is the same rows. */
export class GoldInbox implements Notifier {
  readonly channel = 'inbox'
  private readonly gold: Pick<GoldStore, 'insert'>

  constructor(gold: Pick<GoldStore, 'insert'>) {
    this.gold = gold
  }

  async send({ delivery: d }: OutgoingMessage): Promise<Acceptance> {
    if (d.items.length === 0) throw new MessageRefused('The delivery has no notice in it.')
    const rows = d.items.map((i) => [
      d.tenant,
      i.student ?? '',
      d.recipient,
      d.role,
      i.alert_id,
      i.sequence,
      d.delivery_id,
      i.kind,
      i.rule,
      i.scope,
      i.severity,
      i.class ?? '',
      i.topic ?? '',
      i.occurred_at,
      d.now,
      i.evidence.map((e) => e.code),
      i.evidence.map((e) => e.value),
      i.evidence.map((e) => e.text),
      i.mutes,
      i.place,
    ])
    await this.gold.insert([{ table: 'inbox', rows }])
    return { messageId: d.delivery_id, answer: `${rows.length} rows` }
  }

  async close(): Promise<void> {}
}
