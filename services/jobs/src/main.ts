import { UNSENT } from '@mastery/infra/config/delivery.ts'
import { loadSchedule } from '@mastery/infra/config/schedule.ts'
import { healthServer } from '@mastery/infra/runtime/health.ts'
import { measuredJobs } from '@mastery/infra/runtime/ops/measured-jobs.ts'
import { runService } from '@mastery/infra/runtime/process.ts'
import { isDeliveryJob } from '@mastery/notify/src/jobs.ts'
import { definitionsOf } from '@mastery/topology/jobs/spec.ts'
import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { jobHandlers, UNOPENED } from './handlers.ts'
import { startJobs } from './service.ts'

await runService(
  'jobs',
  async (installation) => {
    const { profile, telemetry } = installation
    let gold: ReturnType<typeof installation.openGold> | null = null
    const handlers: JobHandler[] = jobHandlers({
      installation: () => installation,
      gold: () => (gold ??= installation.openGold()),
      queue: () => queue,
      check() {},
      delivery: () => UNSENT,
    })
    const schedules = loadSchedule(definitionsOf(handlers))
    const queue = installation.openJobs(handlers)
    // Messages are sent by the notify service, which alone needs the secrets of mail servers.
    const own = handlers.filter((h) => !isDeliveryJob(h.name))
    const measured = measuredJobs(own, installation.meters.part('jobs'))
    const jobs = await startJobs(await queue, measured, schedules, telemetry)
    const unwatch = installation.generations.watch(
      1000,
      () => {},
      (e) => telemetry.warn(`mastery.control can't be read: ${e.message}`),
    )
    const health = await healthServer(profile.http.host, 'jobs', async () => ({ ok: true, ...(await jobs.health()) }))
    telemetry.info(`health is at ${health.url}`)
    return {
      async stop() {
        health.close()
        await jobs.stop()
        await unwatch()
        await (await queue).close()
        await (await gold)?.close()
      },
    }
  },
  { validate: () => void loadSchedule(definitionsOf(jobHandlers(UNOPENED))) },
)
