import { connect } from 'node:net'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { type DeliveryConfig, UNSENT } from '@mastery/infra/config/delivery.ts'
import { addJobs, channelsOf } from '@mastery/notify/src/hand-over.ts'
import { deliverers } from '@mastery/notify/src/parts.ts'
import { UsageError } from './command.ts'
import type { DemoWorld } from './demo-alerts.ts'
import { decidedDeliveries, ofLastWeek } from './demo-deliveries.ts'

export interface MailTo {
  host: string
  port: number
}

const FORM = 'smtp://HOST:PORT, for example smtp://127.0.0.1:2525'
const GREETING_MS = 5_000
const POLL_MS = 50
/** A message under way when the demo ends has this long. */
const GRACE_MS = 5_000

/** @throws UsageError where it is something else than an SMTP server without a password */
export function smtpServer(text: string): MailTo {
  const url = URL.canParse(text) ? new URL(text) : null
  const plain = url?.protocol === 'smtp:' && url.username === '' && /^\/?$/.test(url.pathname) && url.search === ''
  if (!url || !plain || url.hostname === '' || url.port === '')
    throw new UsageError(`--mail-to is "${text}"; right would be ${FORM}.`)
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) }
}

/** Resolves where an SMTP server greets. @throws Error that says what to do, before a school was simulated in vain */
export function listening({ host, port }: MailTo): Promise<void> {
  return new Promise((done, failed) => {
    const socket = connect({ host, port })
    const end = (why: string | null) => {
      socket.destroy()
      if (why === null) done()
      else
        failed(
          new Error(
            `--mail-to: no SMTP server greets at ${host}:${port} (${why}). "npm run mailbox -- --port ${port}" starts one on this machine.`,
          ),
        )
    }
    socket.setTimeout(GREETING_MS, () => end('no answer'))
    socket.once('error', (e: NodeJS.ErrnoException) => end(e.code ?? e.message))
    socket.once('close', () => end('it hung up'))
    socket.once('data', (b) => end(b.toString('latin1').startsWith('220') ? null : 'something else answers'))
  })
}

/** As the shipped file says it, but for where mails go, and that what the school's year decided is never too old. */
function configFor({ host, port }: MailTo): DeliveryConfig {
  const mail = {
    ...{ host, port, tls: 'none' as const, user: null, password: null, connections: 4, timeoutSeconds: 30 },
    ...{ from: 'alerts@mail.example', fromName: 'Simulated School' },
  }
  return {
    ...UNSENT,
    studentPage: '{publicUrl}/mastery/{student}',
    inboxPage: '{publicUrl}/alerts',
    attempts: 4,
    backoffSeconds: 0.5,
    of: () => ({ language: 'en', mail, webhook: null }),
  }
}

/** Sends the messages of the school's last week by the jobs of the notify service, and waits for the end of each. */
export async function mailLastWeek({ installation, gold, tenant, check }: DemoWorld, to: MailTo) {
  const config = configFor(to)
  const week = ofLastWeek(await decidedDeliveries(installation))
  const { handlers, close } = deliverers(config, { installation: () => installation, gold: async () => gold })
  const queue = await installation.openJobs(handlers)
  try {
    for (const { delivery, place } of week) await addJobs(queue, channelsOf(delivery, config), place, 0)
    const worker = await queue.work(handlers, { telemetry: new ConsoleTelemetry('demo', true), concurrency: 4 })
    try {
      while ((await queue.list({ states: ['waiting', 'delayed', 'active'], limit: 1 })).length > 0) {
        check()
        await new Promise((r) => setTimeout(r, POLL_MS))
      }
    } finally {
      await worker.stop(GRACE_MS)
    }
  } finally {
    await queue.close()
    await close()
  }
  const rows = await gold.query<{ outcome: string; message_id: string; detail: string }>(
    `SELECT outcome, message_id, detail FROM delivery_outcomes FINAL
     WHERE tenant = {tenant:String} AND channel = 'mail' AND delivery_id IN {week:Array(String)} ORDER BY delivery_id`,
    { tenant: tenant.id, week: week.map((d) => d.delivery.delivery_id) },
  )
  const of = (outcome: string) => rows.filter((r) => r.outcome === outcome)
  return {
    to: `smtp://${to.host}:${to.port}`,
    messages: week.length,
    accepted: of('accepted').length,
    /** Of readers without an address, for the most part. */
    unwanted: of('unwanted').length,
    dead: of('dead').length,
    message_ids: of('accepted').map((r) => r.message_id),
    why: [...new Set([...of('dead'), ...of('unwanted')].map((r) => r.detail))],
  }
}

export type Mailed = Awaited<ReturnType<typeof mailLastWeek>>

export function mailedText(m: Mailed): string {
  const others = m.unwanted + m.dead
  const not = others === 0 ? '' : ` ${others} were not sent: ${m.why.join('; ')}.`
  return `Of the ${m.messages} messages of the school's last week, to all readers, ${m.to} took ${m.accepted}.${not}\n`
}
