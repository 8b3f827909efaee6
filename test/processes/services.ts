import { join } from 'node:path'
import { SERVICES, type ServiceName } from '@mastery/topology/flow.ts'
import { masteryOk, type Place } from './cli.ts'
import { type Left, Server } from './server.ts'

/** All but jobs, whose hour may come while a test runs. */
export const SERVICE_NAMES = SERVICES.filter((name) => name !== 'jobs')

const RESTART_MS = 250

/** Addresses of real servers. */
export interface Servers {
  kafka: string
  redis: string
  registry: string
  clickhouse: string
}

/** Environment of a process on real servers and any free port. */
export const onServers = (at: Servers, tenantsFile: string): Record<string, string> => ({
  MASTERY_PROFILE: 'local',
  MASTERY_TENANTS_FILE: tenantsFile,
  KAFKA_BROKERS: at.kafka,
  REDIS_URL: at.redis,
  SCHEMA_REGISTRY_URL: at.registry,
  CLICKHOUSE_URL: at.clickhouse,
  PORT: '0',
  HOST: '127.0.0.1',
})

/** The services as processes of their own on real servers, on any free ports. */
export class Services {
  readonly place: Place
  private readonly running = new Map<ServiceName, Server>()
  /** All processes that there were, the present ones last. */
  private readonly all: { name: ServiceName; server: Server }[] = []
  private supervised = false
  /** How often a service ended by itself and was started again. */
  readonly restarts = new Map<ServiceName, number>()

  /** `tenantsFile`: shared with whom the rows are compared, so that students have the same pseudonyms. */
  constructor(at: Servers, data: string, tenantsFile: string, more: Record<string, string> = {}) {
    this.place = { data, env: { ...onServers(at, tenantsFile), ...more } }
  }

  of(name: ServiceName): Server {
    const server = this.running.get(name)
    if (!server) throw new Error(`${name} was never started.`)
    return server
  }

  /** Starts a service, or another process of it after the one before has ended. */
  launch(name: ServiceName, env: Record<string, string> = {}): Server {
    const place = { ...this.place, env: { ...this.place.env, ...env } }
    const server = new Server(join('services', name, 'src/main.ts'), [], place)
    this.running.set(name, server)
    this.all.push({ name, server })
    void server.ended.then(async () => {
      await new Promise((r) => setTimeout(r, RESTART_MS))
      if (!this.supervised || this.running.get(name) !== server) return
      this.restarts.set(name, (this.restarts.get(name) ?? 0) + 1)
      this.launch(name, env)
    })
    return server
  }

  /** One more process of a service beside the present one; ends when it is told to, or with all others. */
  another(name: ServiceName): Server {
    const server = new Server(join('services', name, 'src/main.ts'), [], this.place)
    this.all.push({ name, server })
    return server
  }

  /** From now on what ends is started again, as a supervisor does. */
  supervise(): void {
    this.supervised = true
  }

  /** From now on what ends stays ended. */
  leaveAlone(): void {
    this.supervised = false
  }

  /** All that the processes of a service have written. */
  output(name: ServiceName): string {
    return this.all.flatMap((p) => (p.name === name ? [p.server.output] : [])).join('')
  }

  /** Provisions topics, subjects and tables, then starts services all at once. */
  async start(names: readonly ServiceName[]): Promise<void> {
    await masteryOk(['sql', 'SELECT 1'], this.place)
    await Promise.all(names.map((name) => this.launch(name).said(/\brunning\b/)))
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Map<ServiceName, Left>> {
    this.supervised = false
    const left = new Map<ServiceName, Left>()
    await Promise.all([...this.running].map(async ([name, server]) => left.set(name, await server.signal(signal))))
    await Promise.all(this.all.map(({ server }) => server.signal(signal)))
    return left
  }
}
