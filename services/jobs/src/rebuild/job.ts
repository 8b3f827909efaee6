import { type JobHandler, type Json, PermanentJobError } from '@mastery/topology/ports/job-queue.ts'
import { noPayload } from '../no-payload.ts'
import type { RepairParts } from './parts.ts'
import { rebuildStudents } from './rebuild.ts'
import { staleStudents } from './stale.ts'

/** Stands in the history rows that a repair of this kind writes. */
export const STALE_REASON =
  'Rebuilt from the whole history: something came that was older than what the state reaches back to.'

/** What one run has done. */
export interface StaleRun {
  wanted: number
  installed: number
  /** Students by what kept them from it. */
  left: Record<string, number>
}

/** Rebuilds every student whose state is stale, one at a time over all processes. */
export async function rebuildStale(
  parts: RepairParts,
  progress?: (done: number, total: number) => void,
): Promise<StaleRun> {
  const stale = await staleStudents(parts)
  const results = await rebuildStudents(parts, stale, { reason: STALE_REASON, ...(progress ? { progress } : {}) })
  const left: Record<string, number> = {}
  let installed = 0
  for (const { outcome } of results.values())
    if (outcome === 'installed') installed++
    else left[outcome] = (left[outcome] ?? 0) + 1
  return { wanted: stale.length, installed, left }
}

/** The repeatable job. `open` gives what it works on; the signal ends it. */
export function rebuildStaleJob(open: (signal: AbortSignal) => Promise<RepairParts>): JobHandler<null> {
  return {
    name: 'rebuild-stale',
    about: 'Rebuilds students of whom something came that is older than what their state reaches back to.',
    exclusive: true,
    attempts: 3,
    backoffMs: 10_000,
    parse: noPayload(),
    async run(_, context) {
      const parts = await open(context.signal)
      const run = await rebuildStale(parts, (done, total) =>
        context.progress(done / total, `${done} of ${total} students`),
      )
      const hopeless = run.left['refused'] ?? 0
      if (hopeless > 0)
        throw new PermanentJobError(
          `${hopeless} of ${run.wanted} students could not be rebuilt: the stages refused the checkpoint; "npx mastery rejects list" says why.`,
        )
      return { ...run } satisfies Json
    },
  }
}
