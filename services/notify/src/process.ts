import type { DeliveryConfig } from '@mastery/infra/config/delivery.ts'
import type { StageLike } from '@mastery/infra/runtime/generation-stages.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { measuredJobs } from '@mastery/infra/runtime/ops/measured-jobs.ts'
import { handOverService } from './hand-over.ts'
import { KnownDeliveries } from './known.ts'
import { deliverers } from './parts.ts'
import { notifyService } from './service.ts'

/** Jobs of one channel at once: most of them wait for gold, and few for a receiver (jobs.ts). */
const CONCURRENCY = 32
/** A process has ten seconds to leave; a message under way has this long to be taken. */
const GRACE_MS = 6_000

/** Both halves of the service as one: what decides messages, and what sends them. Jobs of other services are left alone. */
export async function notifyParts(
  installation: Installation,
  config: DeliveryConfig,
  fail: (e: Error) => void,
): Promise<StageLike & { close(): Promise<void> }> {
  const { profile, telemetry, generations } = installation
  let gold: ReturnType<Installation['openGold']> | null = null
  const known = new KnownDeliveries()
  const sending = deliverers(
    config,
    { installation: () => installation, gold: () => (gold ??= installation.openGold()) },
    known,
  )
  const queue = await installation.openJobs(sending.handlers)
  const deciding = notifyService(installation, profile, fail)
  const handing = handOverService(
    installation,
    profile,
    { queue: async () => queue, generations, config, known, now: Date.now },
    fail,
  )
  const stages = [deciding, handing]
  const unwatch = generations.watch(
    1000,
    () => {},
    (e) => telemetry.warn(`mastery.control can't be read: ${e.message}`),
  )
  const measured = measuredJobs(sending.handlers, installation.meters.part('messages'))
  const worker = await queue.work(measured, { telemetry, concurrency: CONCURRENCY })
  return {
    name: 'notify',
    async start() {
      for (const s of stages) await s.start()
    },
    problems: () => stages.flatMap((s) => s.problems()),
    rebuilding: () => stages.flatMap((s) => s.rebuilding()),
    lag: async () => (await Promise.all(stages.map((s) => s.lag()))).reduce((a, b) => a + b, 0),
    async stop() {
      for (const s of stages) await s.stop()
      await worker.stop(GRACE_MS)
    },
    async close() {
      await unwatch()
      await sending.close()
      await queue.close()
      await (await gold)?.close()
    },
  }
}
