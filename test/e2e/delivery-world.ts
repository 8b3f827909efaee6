import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { MailServer } from '@mastery/infra/adapters/smtp/testing/mail-server.ts'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { HookServer } from '@mastery/infra/adapters/webhook/testing/hook-server.ts'
import { UNSENT } from '@mastery/infra/config/delivery.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { ensureVaultKey } from '@mastery/infra/config/vault-keys.ts'
import { type Installation, openInstallation } from '@mastery/infra/runtime/installation.ts'
import { deliveryJobs } from '@mastery/notify/src/jobs.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { NoticeRecord, NoticeSource } from '@mastery/topology/testing/notice-log.ts'
import { person } from '@mastery/topology/testing/notice-log.ts'
import { topicsReadBy } from '@mastery/topology/topics.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SECRET = 'a secret of the webhook'

export interface DeliveryRow {
  delivery_id: string
  channel: string
  outcome: string
  attempts: number
  message_id: string
  detail: string
}

/** A data folder with notices in its log, real receivers, and the notify service as a process that can be killed. */
export class DeliveryWorld {
  readonly dir = mkdtempSync(join(tmpdir(), 'mastery-delivery-'))
  readonly mail: MailServer
  readonly hooks: HookServer
  private readonly env: NodeJS.ProcessEnv
  output = ''

  private constructor(mail: MailServer, hooks: HookServer, more: NodeJS.ProcessEnv) {
    this.mail = mail
    this.hooks = hooks
    const file = join(this.dir, 'delivery.json')
    writeFileSync(file, JSON.stringify(this.config()))
    this.env = {
      ...process.env,
      MASTERY_PROFILE: 'embedded',
      MASTERY_DATA: join(this.dir, 'data'),
      MASTERY_DELIVERY_FILE: file,
      WEBHOOK_SECRET: SECRET,
      PORT: '0',
      ...more,
    }
  }

  static async open(more: NodeJS.ProcessEnv = {}): Promise<DeliveryWorld> {
    return new DeliveryWorld(await new MailServer().listen(), await new HookServer().listen(), more)
  }

  private config() {
    const timeoutSeconds = 1
    return {
      publicUrl: 'https://school.example',
      studentPage: '{publicUrl}/students/{student}',
      inboxPage: '{publicUrl}/alerts',
      maxAgeHours: null,
      perHour: 1000,
      attempts: 60,
      backoffSeconds: 0.05,
      tenants: {
        school: {
          language: 'en',
          mail: { host: '127.0.0.1', port: this.mail.port, tls: 'none', from: 'alerts@school.example', timeoutSeconds },
          webhook: { url: `http://127.0.0.1:${this.hooks.port}/`, secret: { env: 'WEBHOOK_SECRET' }, timeoutSeconds },
        },
      },
    }
  }

  /** Opens the folder in this process; nobody else may have it open. */
  async within<T>(work: (i: Installation) => Promise<T>): Promise<T> {
    const installation = await openInstallation(loadProfile(this.env), new ConsoleTelemetry('test', true))
    try {
      return await work(installation)
    } finally {
      await installation.close()
    }
  }

  /** Readers `person(1..n)` with addresses, students `person(1001..)` with names. */
  async people(readers: number, students: number): Promise<void> {
    await this.within(async (i) => {
      const of = (p: number, name: string, email: string | null, language: string | null) => ({
        pseudonym: person(p),
        name,
        email,
        language,
      })
      ensureVaultKey(i.profile.tenantsFile, i.secrets, 'school', Date.now())
      await i
        .vault(() => {})
        .replace('school', {
          version: '1',
          people: [
            ...Array.from({ length: readers }, (_, n) =>
              of(n + 1, `Reader ${n + 1}`, `reader${n + 1}@school.example`, n % 2 === 0 ? 'en' : 'de-AT'),
            ),
            ...Array.from({ length: students }, (_, n) => of(1001 + n, `Student <${n}>`, null, null)),
          ],
          titles: [{ id: 'c1', title: 'Maths & more 6a' }],
        })
    })
  }

  async append(sources: readonly NoticeSource[]): Promise<void> {
    await this.within(async ({ log, codec, profile }) => {
      const records: (NoticeRecord & { partitions: number[] })[] = sources.flatMap((s) =>
        s.records.map((r) => ({
          ...r,
          partitions:
            r.subject === 'notice'
              ? [partitionOf(r.key, profile.partitions)]
              : Array.from({ length: profile.partitions }, (_, p) => p),
        })),
      )
      await log.append(
        records.flatMap(({ subject, key, value, partitions }) =>
          partitions.map((partition) => ({
            topic: 'mastery.notices' as const,
            partition,
            key,
            value: codec.encode(subject, value),
            timestamp: Date.now(),
          })),
        ),
      )
    })
  }

  /** The notify service as it runs everywhere. */
  service(more: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(process.execPath, [join(ROOT, 'services/notify/src/main.ts')], {
      env: { ...this.env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const add = (b: Buffer) => {
      this.output = (this.output + b.toString()).slice(-20_000)
    }
    child.stdout?.on('data', add)
    child.stderr?.on('data', add)
    return child
  }

  /** Whether everything in the log was decided, handed over and run to its end. Works beside the service. */
  async idle(): Promise<boolean> {
    return this.within(async (i) => {
      for (const stage of ['notify', 'delivery'] as const) {
        const topic = topicsReadBy(stage)[0]!
        for (let partition = 0; partition < i.profile.partitions; partition++) {
          const { end } = await i.log.bounds(topic, partition)
          const at = await i.state.peek({ stage, generation: 0, topic, partition })
          if ((at?.nextOffset ?? 0) < end) return false
        }
      }
      const jobs = await i.openJobs(deliveryJobs(UNSENT, () => Promise.reject(new Error('not here'))) as never)
      const open = await jobs.list({ states: ['waiting', 'delayed', 'active'] })
      await jobs.close()
      return open.length === 0
    })
  }

  async outcomes(): Promise<DeliveryRow[]> {
    return this.within(async (i) => {
      const gold = await i.openGold()
      try {
        return await gold.query<DeliveryRow>(
          'SELECT delivery_id, channel, outcome, attempts, message_id, detail FROM v_delivery_outcomes ORDER BY delivery_id, channel',
        )
      } finally {
        await gold.close()
      }
    })
  }

  async close(): Promise<void> {
    await this.mail.close()
    await this.hooks.close()
    rmSync(this.dir, { recursive: true, force: true })
  }
}

export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((done) => child.once('exit', () => done()))
}

/** Looks until it holds; the test's own limit ends it. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((r) => setTimeout(r, 50))
}
