import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { PermanentJobError } from '@mastery/topology/ports/job-queue.ts'
import { type ItemHealthParts, runItemHealth } from './run.ts'

type Payload = { source?: string }

type Done = { answers: number; items: number; flagged: number; insufficient: number; windows: number; source: string }

/** The nightly run. An installation without answers to items has nothing to do. */
export function itemHealthJob(open: (signal: AbortSignal) => Promise<ItemHealthParts>): JobHandler<Payload, Done> {
  return {
    name: 'item-health',
    about: 'Computes health, drift and parameters of all items from the answers in gold.',
    exclusive: true,
    attempts: 3,
    backoffMs: 300_000,
    parse(payload) {
      const { source, ...more } = (payload ?? {}) as { source?: unknown }
      if (Object.keys(more).length > 0 || (source !== undefined && typeof source !== 'string'))
        throw new Error('It takes {"source": "elo"}, the model whose predictions are used, or nothing.')
      return source === undefined ? {} : { source }
    },
    async run(payload, { signal, progress, telemetry }) {
      try {
        const {
          runId: _,
          shown: _shown,
          seconds,
          ...done
        } = await runItemHealth({ ...(await open(signal)), signal }, { ...payload, progress })
        telemetry.info('item health', { ...done, seconds })
        return done
      } catch (e) {
        if ((e as Error).name !== 'ItemHealthError') throw e
        if (payload.source !== undefined) throw new PermanentJobError((e as Error).message, { cause: e })
        return { answers: 0, items: 0, flagged: 0, insufficient: 0, windows: 0, source: '' }
      }
    },
  }
}
