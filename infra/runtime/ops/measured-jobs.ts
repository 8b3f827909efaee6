import { DEFAULT_ATTEMPTS } from '@mastery/topology/jobs/spec.ts'
import { type JobHandler, PermanentJobError } from '@mastery/topology/ports/job-queue.ts'
import type { Meter } from './meters.ts'

/**
 * The same handlers, measured: a job is an operation once it is done or dead, a failure that is tried again a retry.
 * What is handed back, called off or lost counts where it ends.
 */
export function measuredJobs(handlers: readonly JobHandler[], meter: Meter): JobHandler[] {
  return handlers.map((h) => ({
    ...h,
    parse(payload) {
      try {
        return h.parse(payload)
      } catch (e) {
        // A payload that is wrong stays wrong: the job is dead.
        meter.tally.did(1, null)
        meter.tally.failed()
        throw e
      }
    },
    async run(payload, context) {
      const began = meter.begin()
      try {
        const result = await h.run(payload, context)
        meter.did(1, began)
        return result
      } catch (e) {
        if (!context.signal.aborted) {
          const dead = e instanceof PermanentJobError || context.attempt >= (h.attempts ?? DEFAULT_ATTEMPTS)
          if (dead) {
            meter.did(1, began)
            meter.tally.failed()
          } else meter.tally.retried()
        }
        throw e
      }
    },
  }))
}
