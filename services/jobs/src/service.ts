import type { JobHandler, JobQueue, Schedule } from '@mastery/topology/ports/job-queue.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'

/** Jobs of one name at once in a process. Most are exclusive anyway; CPU-bound ones use threads. */
const CONCURRENCY = 2
/** A process has ten seconds to leave; what a run that is handed back needs to end is kept free. */
const GRACE_MS = 6_000

export interface RunningJobs {
  /** For the health answer. Throws where the queue can't be reached. */
  health(): Promise<{ running: string[]; dead: number; next: { schedule: string; at: string }[] }>
  /** Finishes what runs, or hands it back, within eight seconds. */
  stop(): Promise<void>
}

/** Sets the schedules and runs jobs in this process until it is stopped. The queue stays open: its opener closes it. */
export async function startJobs(
  queue: JobQueue,
  handlers: readonly JobHandler[],
  schedules: readonly Schedule[],
  telemetry: Telemetry,
): Promise<RunningJobs> {
  await queue.setSchedules(schedules)
  const worker = await queue.work(handlers, { telemetry, concurrency: CONCURRENCY })
  return {
    async health() {
      const [dead, standing] = await Promise.all([queue.list({ states: ['dead'], limit: 1_000 }), queue.schedules()])
      const next = standing.map((s) => ({ schedule: s.id, at: new Date(s.nextAt).toISOString() }))
      return { running: worker.running(), dead: dead.length, next }
    },
    stop: () => worker.stop(GRACE_MS),
  }
}
