import { listen } from '@mastery/infra/http/server.ts'
import { runService } from '@mastery/infra/runtime/process.ts'
import { createCollector } from './collector.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { collectorService } from './service.ts'
import { startTicker } from './ticker.ts'

await runService('collector', async (installation, fail) => {
  const { profile, telemetry } = installation
  const collector = createCollector({
    ...installation,
    partitions: profile.partitions,
    now: Date.now,
    limits: DEFAULT_LIMITS,
  })
  const intake = collectorService(installation, profile, fail)
  await intake.start()
  const server = await listen(collector.routes, { ...profile.http, telemetry })
  const ticker = startTicker(installation, profile.tickSeconds, Date.now)
  telemetry.info(`listening on ${server.url}`)
  return {
    async stop() {
      ticker.stop()
      await server.close()
      await collector.close()
      await intake.stop()
    },
  }
})
