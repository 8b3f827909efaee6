import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { noPayload } from '../no-payload.ts'
import { computeProgress, type ProgressParts } from './run.ts'

/** What one run has done. */
type Progressed = { students: number; answers: number; topics: number; stretches: number }

/**
 * Roll-ups, velocity, times to mastery, retention curves and the bandit's memory, all computed anew. It may be cut off
 * anywhere and run again: rows are replaced by their identity, and what is older than the run is removed at its end.
 */
export function progressJob(open: () => Promise<ProgressParts>): JobHandler<null, Progressed> {
  return {
    name: 'progress',
    about: 'Rolls mastery up along the topic graph, and computes how fast and how lastingly students learn.',
    exclusive: true,
    attempts: 3,
    backoffMs: 300_000,
    parse: noPayload('the thresholds stand in configs/progress.json'),
    async run(_, { signal, progress }) {
      const { students, answers, topics, stretches } = await computeProgress({ ...(await open()), signal }, progress)
      return { students, answers, topics, stretches }
    },
  }
}
