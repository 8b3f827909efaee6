import { GoldInbox } from '@mastery/infra/adapters/inbox/inbox.ts'
import { SmtpNotifier } from '@mastery/infra/adapters/smtp/mail.ts'
import { WebhookNotifier } from '@mastery/infra/adapters/webhook/webhook.ts'
import type { DeliveryConfig } from '@mastery/infra/config/delivery.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { Channel, Notifier } from '@mastery/topology/ports/notifier.ts'

/** The ways to the readers of each tenant, opened when the first message goes. */
export class Channels {
  private readonly config: DeliveryConfig
  private readonly gold: () => Promise<Pick<GoldStore, 'insert'>>
  private readonly now: () => number
  private readonly open = new Map<string, Notifier>()

  constructor(config: DeliveryConfig, gold: () => Promise<Pick<GoldStore, 'insert'>>, now: () => number) {
    this.config = config
    this.gold = gold
    this.now = now
  }

  /** Null where the tenant has no such way. */
  async of(tenant: string, channel: Channel): Promise<Notifier | null> {
    const key = `${channel} ${tenant}`
    let notifier = this.open.get(key) ?? null
    if (notifier === null) {
      notifier = await this.make(tenant, channel)
      if (notifier !== null) this.open.set(key, notifier)
    }
    return notifier
  }

  private async make(tenant: string, channel: Channel): Promise<Notifier | null> {
    if (channel === 'inbox') return new GoldInbox(await this.gold())
    const { mail, webhook } = this.config.of(tenant)
    if (channel === 'mail') return mail && new SmtpNotifier({ ...mail, timeoutMs: mail.timeoutSeconds * 1000 })
    return webhook && new WebhookNotifier({ ...webhook, timeoutMs: webhook.timeoutSeconds * 1000, now: this.now })
  }

  async close(): Promise<void> {
    const open = [...this.open.values()]
    this.open.clear()
    await Promise.all(open.map((n) => n.close()))
  }
}
