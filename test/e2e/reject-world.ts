import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '@mastery/cli/src/dispatch.ts'
import { LazyHost } from '@mastery/cli/src/host.ts'
import { createCollector } from '@mastery/collector/src/collector.ts'
import { DEFAULT_LIMITS } from '@mastery/collector/src/limits.ts'
import { collectorService } from '@mastery/collector/src/service.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { hashKey, pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { listen } from '@mastery/infra/http/server.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { SubjectName, TopicName } from '@mastery/topology/topics.ts'

const key = (of: string) => createHash('sha256').update(of).digest('hex')

export interface Said {
  code: number
  out: string
  err: string
}

/**
 * An embedded installation with collector, intake and all stages in this process, two tenants, and every log line that
 * they write. Commands run as the command line runs them.
 */
export class RejectWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'mastery-rejects-'))
  readonly lines: string[] = []
  host!: LazyHost
  private url = ''
  private closers: (() => Promise<void>)[] = []

  static async open(tenants: readonly string[]): Promise<RejectWorld> {
    const world = new RejectWorld()
    const file = join(world.folder, 'tenants.json')
    const secrets = {
      tenants: tenants.map((id) => ({
        id,
        pseudonymKey: key(`pseudonyms of ${id}`),
        apiKeyHashes: [hashKey(`key-of-${id}`)],
      })),
      rejectKey: key('rejects'),
    }
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
    const profile = loadProfile(
      { MASTERY_PROFILE: 'embedded', MASTERY_TENANTS_FILE: file },
      { data: join(world.folder, 'data') },
    )
    const put = (level: string) => (message: string, fields?: object) => {
      world.lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`)
    }
    const telemetry: Telemetry = { info: put('info'), warn: put('warn'), error: put('error'), count() {} }
    const host = await LazyHost.open(profile, telemetry)
    world.host = host
    await host.stages()
    const { installation } = host
    const collector = createCollector({
      ...installation,
      partitions: profile.partitions,
      telemetry,
      now: Date.now,
      limits: DEFAULT_LIMITS,
    })
    const intake = collectorService(installation, profile, (e) => put('error')(e.message))
    await intake.start()
    const server = await listen(collector.routes, { host: '127.0.0.1', port: 0, telemetry, drainMs: 1000 })
    world.url = server.url
    world.closers = [() => server.close(), () => collector.close(), () => intake.stop(), () => host.close()]
    return world
  }

  async close(): Promise<void> {
    for (const c of this.closers) await c()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Posts lines of newline-delimited JSON, or one document of another format. */
  async post(tenant: string, body: string, path = '/v1/events', type = 'application/x-ndjson'): Promise<void> {
    const reply = await fetch(this.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer key-of-${tenant}`, 'content-type': type },
      body,
    })
    if (reply.status === 401 || reply.status >= 500) throw new Error(`${reply.status}: ${await reply.text()}`)
    await reply.arrayBuffer()
  }

  pseudonym(tenant: string, student: string): string {
    return pseudonymiser(this.host.tenant(tenant))(student)
  }

  /** Appends a record where `key` puts it, whatever it is. */
  async append(topic: TopicName, key: string, value: Buffer): Promise<void> {
    const { log, profile } = this.host.installation
    await log.append([{ topic, partition: partitionOf(key, profile.partitions), key, value, timestamp: Date.now() }])
  }

  encode(subject: SubjectName, value: unknown): Buffer {
    return this.host.installation.codec.encode(subject, value)
  }

  /** Until everything has reached gold, what came through learning.intake included. */
  async drained(): Promise<void> {
    const { log, state, profile } = this.host.installation
    const partitions = await log.partitions('learning.intake')
    for (let partition = 0; partition < partitions; partition++) {
      const { end } = await log.bounds('learning.intake', partition)
      const scope = { stage: 'intake', generation: profile.generation, topic: 'learning.intake', partition } as const
      while (((await state.peek(scope))?.nextOffset ?? 0) < end) await new Promise((r) => setTimeout(r, 5))
    }
    const check = await this.host.stages()
    await drain(log, state, profile.generation, () => {}, check)
  }

  async run(...argv: string[]): Promise<Said> {
    const said: Said = { code: -1, out: '', err: '' }
    said.code = await runCommand(this.host, argv, {
      out: (text) => {
        said.out += text
      },
      err: {
        write: (text) => {
          said.err += text
        },
        isTTY: false,
      },
      cwd: this.folder,
    })
    await this.drained()
    return said
  }

  async rejects(...args: string[]): Promise<Record<string, string | number>[]> {
    const { out } = await this.run('rejects', 'list', '--json', '--limit', '1000', ...args)
    return JSON.parse(out) as Record<string, string | number>[]
  }

  async query<T>(sql: string, params: Record<string, unknown> = {}): Promise<T[]> {
    return (await this.host.gold()).query<T>(sql, params)
  }

  /**
   * What gold shows of a tenant's students now, by the tenant's own ids: windows and mastery, less where and when each
   * row was made.
   */
  async shown(tenant: string, students: readonly string[]): Promise<{ features: unknown[]; mastery: unknown[] }> {
    const names = new Map(students.map((s) => [this.pseudonym(tenant, s), s]))
    const rows = async (view: string, order: string) => {
      const found = await this.query<Record<string, unknown>>(
        `SELECT * FROM ${view} WHERE tenant = {tenant:String} ORDER BY ${order}`,
        { tenant },
      )
      return found
        .map((row) => {
          const kept = Object.entries(row).filter(([name]) => !MADE.has(name))
          return { ...Object.fromEntries(kept), student: names.get(row['student_id'] as string) }
        })
        .sort((a, b) => (JSON.stringify([a.student, a]) < JSON.stringify([b.student, b]) ? -1 : 1))
    }
    return {
      features: await rows('v_student_topic_features', 'student_id, topic_id'),
      mastery: await rows('v_student_mastery', 'student_id, topic_id, score_source'),
    }
  }
}

/**
 * Columns that say where, when and by what a row was made, rather than what it says. The explanation names the latest
 * answer only where it was the last record to come.
 */
const MADE = new Set(
  `tenant student_id src_partition src_offset ordinal generation version last_updated cause reason event_id revision
  explanation`.split(/\s+/),
)
