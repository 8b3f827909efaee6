import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ingest } from '@mastery/cli/src/ingest.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { downStack, type StackAddresses, upStack } from '@mastery/infra/local/stack.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { type Installation, openInstallation } from '@mastery/infra/runtime/installation.ts'
import type { Patience } from '@mastery/infra/runtime/stands-still.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { AWAITED_SERVICES, type ServiceName, STAGES } from '@mastery/topology/flow.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import { Services } from '../processes/services.ts'
import { askClickHouse, linesOf, onRedis } from './ask.ts'
import { type Decisions, decisionsDiffer, decisionsIn } from './decided.ts'
import { differences } from './gold-rows.ts'
import { GroupMembers } from './group-members.ts'
import { feed, type Outcomes, outcomesOf, type Part, type SchoolFile, type TenantFile } from './outcomes.ts'
import { TcpProxy } from './proxy.ts'
import { record } from './recovery.ts'
import { ensureVault, prepareSchool } from './school.ts'
import { statesOf } from './states.ts'
import { writeTenants } from './tenants.ts'
import { Undisturbed } from './undisturbed.ts'
import { LIMIT_MS, pause } from './waiting.ts'

type Proxied = 'redis' | 'clickhouse' | 'registry'
/** The rig's own limit ends it, with what the services said. */
const ENDLESS: Patience = { saysMs: Infinity, givesUpMs: Infinity }
/** A broker gives up a silent member after this long; the least that it takes. */
const SESSION_MS = 6_000

export { pause }

type Tenants = Readonly<Record<string, TenantFile | SchoolFile>>

/**
 * Servers and services of its own, a supervisor, and for each tenant a file of answers, or a school with a roster and
 * rules, with an undisturbed run of it on the embedded profile to compare with. Faults are put between; services may reach servers through proxies.
 */
export class Rig {
  readonly folder: string
  readonly at: StackAddresses
  readonly services: Services
  readonly groups: GroupMembers
  readonly proxies = new Map<Proxied, TcpProxy>()
  /** Reaches the servers directly. */
  installation!: Installation
  private readonly outcomes = new Map<string, Outcomes>()
  private undisturbed!: Undisturbed
  private readonly direct: Services
  private readonly tenantsFile: string
  private restartsBefore = 0
  private cleanUp: ((folder: string) => void) | null = null

  private constructor(
    folder: string,
    at: StackAddresses,
    via: ReadonlyMap<Proxied, TcpProxy>,
    env: Record<string, string>,
  ) {
    this.folder = folder
    this.at = at
    for (const [name, proxy] of via) this.proxies.set(name, proxy)
    const seen = Object.fromEntries(
      Object.entries(at).map(([name, address]) => [name, via.get(name as Proxied)?.address(address) ?? address]),
    ) as StackAddresses
    const [data, tenantsFile] = [join(folder, 'local'), join(folder, 'tenants.json')]
    this.tenantsFile = tenantsFile
    this.services = new Services(seen, data, tenantsFile, { KAFKA_SESSION_TIMEOUT_MS: String(SESSION_MS), ...env })
    this.direct = new Services(at, data, tenantsFile)
    this.groups = new GroupMembers(at.kafka)
  }

  static async open(
    tenants: Tenants,
    options: {
      via?: readonly Proxied[]
      services?: readonly ServiceName[]
      env?(folder: string): Record<string, string>
      prepare?(folder: string): void
      cleanUp?(folder: string): void
    } = {},
  ): Promise<Rig> {
    const folder = mkdtempSync(join(tmpdir(), 'faults-'))
    mkdirSync(join(folder, 'files'))
    writeTenants(join(folder, 'tenants.json'), Object.keys(tenants))
    options.prepare?.(folder)
    let rig: Rig | null = null
    try {
      const at = await upStack({ root: folder })
      const via = new Map<Proxied, TcpProxy>()
      for (const name of options.via ?? []) via.set(name, await TcpProxy.before(at[name]))
      rig = new Rig(folder, at, via, options.env?.(folder) ?? {})
      rig.cleanUp = options.cleanUp ?? null
      await rig.begin(tenants, options.services ?? AWAITED_SERVICES)
      return rig
    } catch (e) {
      // Whoever asked for it has nothing in hand to close.
      if (rig) await rig.close()
      else await downStack(folder)
      throw e
    }
  }

  private async begin(tenants: Tenants, services: readonly ServiceName[]): Promise<void> {
    await this.groups.open()
    const profile = loadProfile({ ...this.direct.place.env, MASTERY_DATA: this.direct.place.data }, {})
    this.installation = await openInstallation(profile, SILENT)
    for (const tenant of this.installation.secrets.tenants) {
      const outcomes = outcomesOf(tenant, tenants[tenant.id]!)
      this.outcomes.set(tenant.id, outcomes)
      if (outcomes.school) ensureVault(this.installation, tenant.id)
    }
    const place = { data: join(this.folder, 'embedded'), env: { MASTERY_TENANTS_FILE: this.tenantsFile } }
    this.undisturbed = new Undisturbed(join(this.folder, 'files'), place, this.outcomes.values())
    await this.services.start(services)
    this.services.supervise()
  }

  /** Brings the roster and the rules of a school into force, before its first event. */
  async prepare(tenant: string): Promise<void> {
    const gold = await this.installation.openGold()
    try {
      const to = { installation: this.installation, gold, check: () => {} }
      const own = this.installation.secrets.tenants.find((t) => t.id === tenant)!
      await prepareSchool(to, own, this.outcomes.get(tenant)!.school!)
    } finally {
      await gold.close()
    }
  }

  feed(tenant: string, part: Part = {}): Promise<void> {
    return feed(new Ingest(this.installation, 'import'), this.outcomes.get(tenant)!, part)
  }

  /** Milliseconds until everything in the log has reached gold, whatever the servers do meanwhile. */
  async caughtUp(limitMs = LIMIT_MS): Promise<number> {
    const started = performance.now()
    const { log, state } = this.installation
    let last = ''
    const check = () => {
      if (performance.now() - started > limitMs)
        throw new Error(`Not caught up within ${limitMs} ms; behind by ${last}.\n${this.tails()}`)
    }
    for (;;) {
      check()
      try {
        await drain(log, state, 0, (behind) => void (last = JSON.stringify([...behind])), check, undefined, ENDLESS)
        return performance.now() - started
      } catch (e) {
        if (!(e instanceof TransientError)) throw e
        await pause(200)
      }
    }
  }

  /** The last lines of every service, for whoever has to find out why a test fails. */
  tails(): string {
    return AWAITED_SERVICES.map(
      (name) => `${name}:\n${this.services.output(name).trimEnd().split('\n').slice(-6).join('\n')}`,
    ).join('\n')
  }

  /**
   * Every row of gold as in the undisturbed run, every student's state to the byte, and of a school every alert, notice,
   * delivery and verdict in the log. Gives the rows compared.
   * `except`: tables that are to differ, and then the states' bytes may too.
   */
  async equal(tenant: string, except: readonly string[] = []): Promise<number> {
    const gold = await this.undisturbed.gold(tenant)
    const { school } = this.outcomes.get(tenant)!
    // Drift runs beside schools only.
    const others = school ? except : [...except, 'feature_drift']
    expect(await differences(tenant, this.undisturbed.place, this.direct.place, gold, others)).toEqual([])
    if (school) expect(decisionsDiffer(await this.undisturbed.decided(tenant), await this.decided(tenant))).toEqual([])
    const { partitions } = this.installation.profile
    const found = await statesOf(this.installation.state, partitions, false)
    const own = new Set(this.outcomes.get(tenant)!.all.flatMap((o) => (o.type === 'event' ? [o.event.student] : [])))
    const wanted = [...(await this.undisturbed.states(partitions))].filter(([key]) => own.has(key.split(' ')[1]!))
    const wrong = except.length > 0 ? [] : wanted.filter(([key, sum]) => found.get(key) !== sum)
    expect([wanted.length, wrong]).toEqual([own.size * 3, []])
    return gold.reduce((n, f) => n + (others.includes(f.name) ? 0 : f.n), 0)
  }

  /** What alerts, classes, notify and drift have written of a tenant. */
  decided(tenant: string): Promise<Decisions[]> {
    return decisionsIn(this.installation.log, this.installation.codec, tenant)
  }

  /** Resolves when a topic has grown by more than this, since now. */
  async grown(topic: string, by: number): Promise<void> {
    const from = await this.groups.written(topic)
    while ((await this.groups.written(topic)) <= from + by) await pause(10)
  }

  /** A tenant's events as the importer made them. */
  events(tenant: string): LearningEvent[] {
    return this.outcomes.get(tenant)!.all.flatMap((o) => (o.type === 'event' ? [o.event] : []))
  }

  /** Asks gold itself. */
  async sql<T>(query: string): Promise<T[]> {
    return linesOf(await askClickHouse(this.at.clickhouse, query, 'JSONEachRow')).map((line) => JSON.parse(line) as T)
  }

  /** Asks Redis itself. */
  redis<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    return onRedis(this.at, work)
  }

  /** All students' states. */
  students(): Promise<Map<string, string>> {
    return statesOf(this.installation.state, this.installation.profile.partitions)
  }

  /** Catches up, compares with the undisturbed run, and notes how long it took. */
  async recovered(
    fault: string,
    tenant: string,
    note: () => string = () => '',
    except: readonly string[] = [],
  ): Promise<number> {
    const recoveryMs = await this.caughtUp()
    const rows = await this.equal(tenant, except)
    const all = [...this.services.restarts.values()].reduce((n, r) => n + r, 0)
    record({ fault, recoveryMs, rows, restarts: all - this.restartsBefore, note: note() })
    this.restartsBefore = all
    return recoveryMs
  }

  /** Feeds a tenant while the trouble lasts, and compares. Text that `trouble` gives is noted. */
  async survives(fault: string, tenant: string, trouble: () => Promise<unknown>): Promise<void> {
    const fed = this.feed(tenant, { appends: 12, pauseMs: 120 })
    await pause(400)
    const note = await trouble()
    await fed
    await this.recovered(fault, tenant, () => (typeof note === 'string' ? note : ''))
  }

  groupOf(name: string): string {
    return `mastery.${name}.g0`
  }

  /**
   * Kills a service and starts it again at once; the broker is told that its session has ended. `supervised`: whether
   * what ends by itself is started again from now on.
   */
  async replace(name: ServiceName, env: Record<string, string> = {}, supervised = true): Promise<void> {
    const groups = STAGES.filter((s) => s.service === name).map((s) => this.groupOf(s.name))
    const dead = await Promise.all(groups.map((group) => this.groups.of(group)))
    this.services.leaveAlone()
    await this.services.of(name).signal('SIGKILL')
    this.services.launch(name, env)
    if (supervised) this.services.supervise()
    for (const [i, group] of groups.entries()) await this.groups.expel(group, dead[i]!)
  }

  proxy(name: Proxied): TcpProxy {
    return this.proxies.get(name)!
  }

  async close(): Promise<void> {
    await this.undisturbed?.ended()
    await this.services.stop('SIGKILL')
    await this.groups.close().catch(() => {})
    await this.installation?.close().catch(() => {})
    for (const proxy of this.proxies.values()) await proxy.close()
    await downStack(this.folder)
    this.cleanUp?.(this.folder)
    rmSync(this.folder, { recursive: true, force: true })
  }
}
