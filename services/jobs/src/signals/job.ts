import { appendOps } from '@mastery/infra/runtime/ops/append.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { noPayload } from '../no-payload.ts'
import { itemDriftSignals, itemHealthSignals } from './items.ts'
import { seriesSignals } from './series.ts'

export interface SignalParts {
  gold: Pick<GoldStore, 'query'>
  log: Pick<EventLog, 'append' | 'partitions'>
  codec: Codec
  /** UTC milliseconds. */
  now(): number
}

/** Found, by kind, over all tenants. */
type Done = { pictures: number; found: Record<string, number> }

/**
 * Tells ops.metrics what gold knows of items, models and data: one whole picture per tenant and kind, so that what is
 * not in the newest is well. Of what was never looked at there is none. Run again it tells the same again.
 */
export function watchSignalsJob(open: () => Promise<SignalParts>): JobHandler<null, Done> {
  return {
    name: 'watch-signals',
    about: 'Tells the watching stage what gold knows of items, models and data.',
    exclusive: true,
    attempts: 3,
    backoffMs: 60_000,
    parse: noPayload(),
    async run(_, { signal, telemetry }) {
      const { gold, log, codec, now } = await open()
      const at = now()
      const signals = [
        ...(await itemHealthSignals(gold, at)),
        ...(await itemDriftSignals(gold, at)),
        ...(await seriesSignals(gold, at)),
      ]
      signal.throwIfAborted()
      await appendOps(
        log,
        codec,
        signals.map((value) => ({ subject: 'ops-signal', value, at })),
      )
      const found: Record<string, number> = {}
      for (const s of signals) found[s.kind] = (found[s.kind] ?? 0) + s.total
      telemetry.info('signals', { pictures: signals.length, ...found })
      return { pictures: signals.length, found }
    },
  }
}
