import { loadProgress } from '@mastery/infra/config/progress.ts'
import { listen } from '@mastery/infra/http/server.ts'
import { runService } from '@mastery/infra/runtime/process.ts'
import { createApi } from './api.ts'
import { privacyParts } from './privacy/open.ts'

await runService('api', async (installation) => {
  const { profile, telemetry, generations } = installation
  const unwatch = generations.watch(
    1000,
    () => {},
    (e) => telemetry.warn(`mastery.control can't be read: ${e.message}`),
  )
  const gold = await installation.openGold()
  const api = createApi({
    ...installation,
    gold,
    partitions: profile.partitions,
    generation: () => generations.active,
    windows: profile.windows.days,
    auth: profile.name === 'compose' ? 'key' : 'loopback-open',
    progress: loadProgress(),
    now: Date.now,
    // That an inbox was read, and whose, stands in the access log.
    names: installation.vault(() => {}),
    privacy: privacyParts(installation, gold),
  })
  const server = await listen(api.routes, { ...profile.http, telemetry })
  telemetry.info(`listening on ${server.url}`)
  return {
    async stop() {
      await unwatch()
      await server.close()
      await api.close()
      await gold.close()
    },
  }
})
