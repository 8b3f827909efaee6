import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Decided, decidedDeliveries, said } from '@mastery/cli/src/demo-deliveries.ts'
import { MailServer } from '@mastery/infra/adapters/smtp/testing/mail-server.ts'
import { HookServer } from '@mastery/infra/adapters/webhook/testing/hook-server.ts'
import { UNSENT } from '@mastery/infra/config/delivery.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { deliveryJobs } from '@mastery/notify/src/jobs.ts'
import { topicsReadBy } from '@mastery/topology/topics.ts'
import { LIMIT_MS, pause } from './waiting.ts'

const DOMAIN = 'school.example'

/** What a receiver got, in the order in which it came. */
export interface Received {
  mails: readonly string[]
  hooks: readonly string[]
}

/** A real mailbox and a real HTTP receiver on this machine, and where messages go for services that are told of them. */
export class Post {
  private readonly mail: MailServer
  private readonly hook: HookServer
  /** How much each had when a process that sends was gone. */
  private readonly gone: { mails: number; hooks: number }[] = []

  private constructor(mail: MailServer, hook: HookServer) {
    this.mail = mail
    this.hook = hook
  }

  static async open(): Promise<Post> {
    return new Post(await new MailServer().listen(), await new HookServer().listen())
  }

  async close(): Promise<void> {
    await this.mail.close()
    await this.hook.close()
  }

  /** Settings of services whose messages come here: nothing is too old, and what failed is tried again soon. */
  settings(folder: string): Record<string, string> {
    const file = join(folder, 'delivery.json')
    const everybody = {
      language: 'en',
      mail: { host: '127.0.0.1', port: this.mail.port, tls: 'none', from: `alerts@${DOMAIN}` },
      webhook: { url: `http://127.0.0.1:${this.hook.port}/`, secret: { env: 'WEBHOOK_SECRET' } },
    }
    const config = {
      publicUrl: `https://${DOMAIN}`,
      studentPage: '{publicUrl}/students/{student}',
      inboxPage: '{publicUrl}/alerts',
      maxAgeHours: null,
      perHour: 10_000,
      attempts: 60,
      backoffSeconds: 0.5,
      tenants: { '*': everybody },
    }
    writeFileSync(file, JSON.stringify(config))
    return { MASTERY_DELIVERY_FILE: file, WEBHOOK_SECRET: 'the secret of a test', JOBS_LOCK_MS: '5000' }
  }

  /** Runs once, at the next mail, which has been taken, before whoever sent it hears so. */
  atNextMail(work: () => void): Promise<void> {
    return new Promise((done) => {
      this.mail.taken = () => {
        this.mail.taken = () => {}
        work()
        done()
      }
    })
  }

  /** Ids, as often as they came. */
  get received(): Received {
    const mails = this.mail.mailbox.map((m) => m.messageId.replace(/^<|>$/g, '').replace(`@${DOMAIN}`, ''))
    return { mails, hooks: this.hook.taken.map((h) => h.id) }
  }

  /** A process that sends is gone, and what it had sent has arrived. The next one has not begun. */
  senderGone(): void {
    this.gone.push({ mails: this.mail.mailbox.length, hooks: this.hook.taken.length })
  }

  /** Ids that came again though no process that sends was gone in between. */
  repeatedWithoutCause(): string[] {
    const wrong: string[] = []
    for (const kind of ['mails', 'hooks'] as const) {
      const last = new Map<string, number>()
      for (const [i, id] of this.received[kind].entries()) {
        const before = last.get(id)
        if (before !== undefined && !this.gone.some((g) => before < g[kind] && g[kind] <= i))
          wrong.push(`${kind} ${id}`)
        last.set(id, i)
      }
    }
    return wrong
  }
}

/** Looks until it is so; throws what was waited for. */
async function within(ms: number, what: string, isSo: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + ms
  while (!(await isSo())) {
    if (performance.now() > until) throw new Error(`Waited ${ms / 1000} s for ${what}.`)
    await pause(200)
  }
}

/** Resolves once all messages that were decided have been handed over, and their jobs have run to an end. */
export async function allSent(installation: Installation): Promise<void> {
  const { log, state } = installation
  const topic = topicsReadBy('delivery')[0]!
  const handedOver = async () => {
    for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
      const { end } = await log.bounds(topic, partition)
      const at = await state.peek({ stage: 'delivery', generation: 0, topic, partition })
      if ((at?.nextOffset ?? 0) < end) return false
    }
    return true
  }
  const handlers = deliveryJobs(UNSENT, () => Promise.reject(new Error('Nothing is sent from here.')))
  const jobs = await installation.openJobs(handlers as never)
  try {
    await within(LIMIT_MS, 'the hand-over of what was decided to the queue', handedOver)
    const idle = async () => (await jobs.list({ states: ['waiting', 'delayed', 'active'], limit: 1 })).length === 0
    await within(LIMIT_MS, 'the end of the jobs that send', idle)
  } finally {
    await jobs.close()
  }
}

/** Ids of the messages in the log that are to be received, once each. */
export async function toBeReceived(installation: Installation): Promise<Received> {
  const once = new Map<string, Decided>()
  for (const d of await decidedDeliveries(installation)) once.set(d.delivery.delivery_id, d)
  const telling = [...once.values()].map((d) => d.delivery).filter(said)
  const [tenant] = installation.secrets.tenants
  const readers = [...new Set(telling.map((d) => d.recipient))]
  const people = await installation.vault(() => {}).people(tenant!.id, readers, 'a test')
  const ids = (of: typeof telling) => of.map((d) => d.delivery_id).sort()
  return {
    mails: ids(telling.filter((d) => people.get(d.recipient)?.email != null)),
    hooks: ids(telling),
  }
}
