import type { JobHandler, Json } from '@mastery/topology/ports/job-queue.ts'
import type { RepairParts } from '../rebuild/parts.ts'
import { reconcile } from './run.ts'
import type { RunState } from './store.ts'

/** What the night's run takes. */
type Payload = {
  /** Rebuild what differs. Default true. */
  heal?: boolean
}

/** The repeatable job. `open` gives what it works on; the signal ends it, and the next delivery goes on from there. */
export function reconcileJob(open: (signal: AbortSignal) => Promise<RepairParts>): JobHandler<Payload> {
  return {
    name: 'reconcile',
    about: 'Compares gold and the states with a fold of all events, and rebuilds what differs.',
    exclusive: true,
    attempts: 3,
    backoffMs: 60_000,
    parse(payload) {
      if (payload === null) return {}
      const { heal, ...more } = payload as { heal?: unknown }
      if (typeof payload !== 'object' || Array.isArray(payload) || Object.keys(more).length > 0)
        throw new Error('It takes {"heal": true} or {"heal": false}, or nothing.')
      if (heal !== undefined && typeof heal !== 'boolean') throw new Error('heal must be true or false.')
      return heal === undefined ? {} : { heal }
    },
    async run(payload, context) {
      const parts = await open(context.signal)
      let kept = context.checkpoint as unknown as RunState | null
      const report = await reconcile(parts, {
        heal: payload.heal ?? true,
        store: {
          load: async () => kept,
          async save(state) {
            kept = state
            await context.save(state as unknown as Json)
          },
          async clear() {
            kept = null
            await context.save(null)
          },
        },
        progress: (phase, done, total) =>
          context.progress(total ? Math.min(1, done / total) : 0, `${phase}, ${done.toLocaleString('en')}`),
      })
      const { fields: _, found, oracle, ...counts } = report
      context.telemetry.info(`reconcile: ${report.status}`, { ...counts })
      return {
        ...counts,
        oracle_differences: oracle.differences,
        not_healed: found.filter((f) => f.outcome !== 'healed').length,
      }
    },
  }
}
