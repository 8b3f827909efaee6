import { receiptOf } from '@mastery/api/src/privacy/erase.ts'
import { privacyParts } from '@mastery/api/src/privacy/open.ts'
import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import type { JobParts } from './job-parts.ts'
import { noPayload } from './no-payload.ts'

/** Long enough for an insert of a process that slept, and for what waited for a person. */
const DAYS = 35

type Checked = { erasures: number; complete: number; pending: number }

/**
 * Looks at every store again for students erased in the last weeks, and brings their receipts up to date. An insert that
 * a replaced process had under way can put rows back after they were removed; this removes them.
 */
export function erasureCheckJob(parts: JobParts): JobHandler<null, Checked> {
  return {
    name: 'erasure-check',
    about: 'Looks again at the stores of students erased in the last weeks, and removes what came back.',
    exclusive: true,
    attempts: 3,
    backoffMs: 60_000,
    parse: noPayload(),
    async run(_, { signal, progress }) {
      const gold = await parts.gold()
      const found = await gold.query<{ command_id: string; tenant: string }>(
        `SELECT DISTINCT command_id, tenant FROM erasures FINAL WHERE part = 'learning.events'
         AND erased_at > now() - INTERVAL ${DAYS} DAY ORDER BY command_id`,
      )
      const done: Checked = { erasures: 0, complete: 0, pending: 0 }
      for (const { command_id, tenant } of found) {
        signal.throwIfAborted()
        progress(done.erasures / found.length, 'erasures')
        const receipt = await receiptOf(
          privacyParts(parts.installation(), gold, { check: parts.check }),
          command_id,
          tenant,
        )
        done.erasures++
        if (receipt?.status === 'complete') done.complete++
        else done.pending++
      }
      return done
    },
  }
}
