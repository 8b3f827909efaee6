import { ConsoleTelemetry } from '../adapters/telemetry/console.ts'
import { loadProfile } from '../config/profile.ts'
import { type Installation, openInstallation } from './installation.ts'
import { Publisher } from './ops/publisher.ts'

/** What a service hands back: how to stop it, and its lines for the health answer. */
export interface Service {
  stop(): Promise<void>
}

/**
 * The life of a service process: from its configuration to SIGTERM, SIGINT or a failure, after which it drains and
 * leaves. Exit code 1 after a failure, so that a supervisor starts it again. `--validate` checks the configuration and
 * ends; `validate` throws what is wrong with the service's own part of it.
 */
export async function runService(
  name: string,
  start: (installation: Installation, fail: (e: Error) => void) => Promise<Service>,
  more: { validate?(): void } = {},
): Promise<never> {
  const telemetry = new ConsoleTelemetry(name)
  try {
    const profile = loadProfile(process.env)
    more.validate?.()
    if (process.argv.includes('--validate')) {
      process.stdout.write(`${name}: the configuration of profile ${profile.name} is right.\n`)
      process.exit(0)
    }
    const asked = new Promise<string>((resolve) => {
      for (const s of ['SIGTERM', 'SIGINT'] as const) process.once(s, () => resolve(s))
    })
    let fail: (e: Error) => void = () => {}
    const failed = new Promise<Error>((resolve) => {
      fail = resolve
    })
    const installation = await openInstallation(profile, telemetry)
    const service = await start(installation, fail)
    const publisher = new Publisher(installation, { service: name, everySeconds: profile.metricsSeconds })
    publisher.start()
    telemetry.info('running', { profile: profile.name })
    const why = await Promise.race([asked, failed])
    if (why instanceof Error) telemetry.error(why.message, { cause: String((why as { cause?: unknown }).cause ?? '') })
    else telemetry.info(`stopping: ${why}`)
    // A broken dependency must not keep a process that was told to go.
    setTimeout(() => process.exit(1), 9000).unref()
    publisher.pause()
    await service.stop()
    await publisher.end(!(why instanceof Error))
    await installation.close()
    process.exit(why instanceof Error ? 1 : 0)
  } catch (e) {
    telemetry.error((e as Error).message)
    process.exit(1)
  }
}
