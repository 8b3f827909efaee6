import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { loadDelivery, UNSENT } from '@mastery/infra/config/delivery.ts'
import type { Profile } from '@mastery/infra/config/profile.ts'
import { ConfigError } from '@mastery/infra/config/profile.ts'
import { loadSchedule } from '@mastery/infra/config/schedule.ts'
import type { Tenant } from '@mastery/infra/config/secrets.ts'
import { type Installation, openInstallation } from '@mastery/infra/runtime/installation.ts'
import { measuredJobs } from '@mastery/infra/runtime/ops/measured-jobs.ts'
import { jobHandlers } from '@mastery/jobs/src/handlers.ts'
import { startJobs } from '@mastery/jobs/src/service.ts'
import { isDeliveryJob } from '@mastery/notify/src/jobs.ts'
import { definitionsOf } from '@mastery/topology/jobs/spec.ts'
import type { JobHandler, JobQueue } from '@mastery/topology/ports/job-queue.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { Host } from './command.ts'
import { Pipeline } from './pipeline.ts'

/** Opens parts of an installation when they are first asked for, and closes what was opened. */
export class LazyHost implements Host {
  readonly profile: Profile
  readonly installation: Installation
  private goldOpen: Promise<ClickHouseGold> | null = null
  private pipeline: Promise<Pipeline> | null = null
  private checkStages: () => void = () => {}
  private jobsOpen: { handlers: JobHandler[]; queue: Promise<JobQueue> } | null = null
  private worker: Promise<{ stop(): Promise<void> }> | null = null

  private constructor(profile: Profile, installation: Installation) {
    this.profile = profile
    this.installation = installation
  }

  static async open(profile: Profile, telemetry: Telemetry): Promise<LazyHost> {
    return new LazyHost(profile, await openInstallation(profile, telemetry))
  }

  gold(): Promise<ClickHouseGold> {
    this.goldOpen ??= this.installation.openGold()
    return this.goldOpen
  }

  async stages(onFailure: (e: Error) => void = () => {}): Promise<() => void> {
    if (this.profile.servers !== null) return () => {}
    this.pipeline ??= this.gold().then(async (gold) => {
      const p = new Pipeline(this.installation, gold, onFailure, {
        queue: () => this.jobs(),
        generations: this.installation.generations,
        config: loadDelivery(process.env),
        now: Date.now,
      })
      await p.start()
      return p
    })
    const running = await this.pipeline
    this.checkStages = () => running.check()
    return this.checkStages
  }

  private openedJobs() {
    if (!this.jobsOpen) {
      const handlers = jobHandlers({
        installation: () => this.installation,
        gold: () => this.gold(),
        queue: () => this.jobs(),
        check: () => this.checkStages(),
        // Elsewhere the notify service sends, and alone has the secrets.
        delivery: () => (this.profile.servers === null ? loadDelivery(process.env) : UNSENT),
      })
      this.jobsOpen = { handlers, queue: this.installation.openJobs(handlers) }
    }
    return this.jobsOpen
  }

  jobs(): Promise<JobQueue> {
    return this.openedJobs().queue
  }

  /** Runs every job, and the schedules, in this process until the host is closed. */
  async startJobs(telemetry: Telemetry): Promise<void> {
    const { handlers, queue } = this.openedJobs()
    const schedules = loadSchedule(definitionsOf(handlers))
    const { meters } = this.installation
    const measured = [
      ...measuredJobs(
        handlers.filter((h) => !isDeliveryJob(h.name)),
        meters.part('jobs'),
      ),
      ...measuredJobs(
        handlers.filter((h) => isDeliveryJob(h.name)),
        meters.part('messages'),
      ),
    ]
    this.worker ??= startJobs(await queue, measured, schedules, telemetry)
    await this.worker
  }

  async runJobs(name: string): Promise<void> {
    if (this.profile.servers !== null || this.worker) return
    await this.stages()
    const { handlers, queue } = this.openedJobs()
    const only = handlers.filter((h) => h.name === name)
    const worker = await (await queue).work(only, { telemetry: this.installation.telemetry, concurrency: 1 })
    this.worker = Promise.resolve({ stop: () => worker.stop(6_000) })
  }

  tenant(id: string | undefined): Tenant {
    const { tenants } = this.installation.secrets
    const found = id === undefined ? tenants[0] : tenants.find((t) => t.id === id)
    if (!found)
      throw new ConfigError(
        `There is no tenant "${id}"; ${this.profile.tenantsFile} has ${tenants.map((t) => t.id).join(', ')}.`,
      )
    return found
  }

  /** Jobs and stages end; log, state and gold stay open. */
  async stopStages(): Promise<void> {
    await (await this.worker)?.stop()
    await (await this.jobsOpen?.queue)?.close()
    await (await this.pipeline)?.stop()
    this.worker = this.jobsOpen = this.pipeline = null
  }

  async close(): Promise<void> {
    await this.stopStages()
    await (await this.goldOpen)?.close()
    await this.installation.close()
  }
}
