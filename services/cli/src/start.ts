import { createApi } from '@mastery/api/src/api.ts'
import { privacyParts } from '@mastery/api/src/privacy/open.ts'
import { createCollector } from '@mastery/collector/src/collector.ts'
import { DEFAULT_LIMITS } from '@mastery/collector/src/limits.ts'
import { collectorService } from '@mastery/collector/src/service.ts'
import { startTicker } from '@mastery/collector/src/ticker.ts'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import type { Profile } from '@mastery/infra/config/profile.ts'
import { loadProgress } from '@mastery/infra/config/progress.ts'
import { listen } from '@mastery/infra/http/server.ts'
import { Publisher } from '@mastery/infra/runtime/ops/publisher.ts'
import { serveCommands } from './admin.ts'
import { runCommand } from './dispatch.ts'
import { LazyHost } from './host.ts'
import { takeFolder } from './owner.ts'

/** Collector, stages, gold, API and the command line's other end, all in this process. Resolves when told to stop. */
export async function start(profile: Profile, stopped: Promise<string>): Promise<number> {
  const telemetry = new ConsoleTelemetry('mastery')
  const folder = takeFolder(profile.dataDir, 'npm start')
  let fail: (e: Error) => void = () => {}
  const failed = new Promise<Error>((resolve) => {
    fail = resolve
  })
  const host = await LazyHost.open(profile, telemetry)
  const { installation } = host
  try {
    const gold = await host.gold()
    await host.stages(fail)
    await host.startJobs(telemetry)
    const common = {
      secrets: installation.secrets,
      partitions: profile.partitions,
      telemetry,
      version: installation.version,
      now: Date.now,
      meters: installation.meters,
    }
    const collector = createCollector({
      ...common,
      log: installation.log,
      codec: installation.codec,
      sealer: installation.sealer,
      limits: DEFAULT_LIMITS,
    })
    const intake = collectorService(installation, profile, fail)
    await intake.start()
    const api = createApi({
      ...common,
      state: installation.state,
      gold,
      generation: () => installation.generations.active,
      provide: installation.provide,
      windows: profile.windows.days,
      auth: 'loopback-open',
      progress: loadProgress(),
      // That an inbox was read, and whose, stands in the access log.
      names: installation.vault(() => {}),
      privacy: privacyParts(installation, gold, { jobs: () => host.jobs() }),
    })
    const server = await listen([...collector.routes, ...api.routes], { ...profile.http, telemetry })
    const unwatch = installation.generations.watch(
      1000,
      () => {},
      (e) => telemetry.warn(`mastery.control can't be read: ${e.message}`),
    )
    const ticker = startTicker(installation, profile.tickSeconds, Date.now)
    const publisher = new Publisher(installation, { service: 'embedded', everySeconds: profile.metricsSeconds })
    publisher.start()
    const admin = await serveCommands(folder.owner.token, (argv, io) => runCommand(host, argv, io))
    folder.publish(admin.url)
    if (installation.createdApiKey)
      process.stdout.write(
        `API key of tenant "${installation.secrets.tenants[0]!.id}", shown once: ${installation.createdApiKey}\n`,
      )
    process.stdout.write(
      `mastery-stream is running: ${server.url}  (OpenAPI: ${server.url}/openapi.json, data: ${profile.dataDir})\n`,
    )
    const why = await Promise.race([stopped, failed])
    telemetry.info(why instanceof Error ? `stopping: ${why.message}` : `stopping: ${why}`)
    ticker.stop()
    publisher.pause()
    await unwatch()
    await server.close()
    await api.close()
    await collector.close()
    await intake.stop()
    await admin.close()
    await host.stopStages()
    await publisher.end(!(why instanceof Error))
    if (why instanceof Error) {
      process.stderr.write(`${why.message}\n`)
      return 1
    }
    return 0
  } finally {
    await host.close()
    folder.release()
  }
}
