import type { Job, JobContext, JobHandler, JobQueue, JobState, JobWorker, Json } from '../ports/job-queue.ts'
import { SILENT } from '../ports/telemetry.ts'

export interface OpenJobs {
  queue: JobQueue
  close(): Promise<void>
}

/** Opens the queue at a place. Handles of one place see the same jobs; a place that was never opened is empty. */
export type OpenJobsAt = (place: string, jobs: readonly JobHandler[]) => Promise<OpenJobs>

type Run = (payload: Json, context: JobContext) => Promise<Json>

export function handler(name: string, run: Run, more: Partial<JobHandler> = {}): JobHandler {
  return { name, about: name, exclusive: false, backoffMs: 20, parse: (p) => p, run, ...more }
}

export const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms))

export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
) {
  for (let i = 0; i < 600; i++) {
    const found = await look()
    if (found) return found
    await sleep(25)
  }
  throw new Error(`It never came: ${what}.`)
}

/** Ends when the signal does, as a handler should. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
}

export class Bench {
  readonly queue: JobQueue
  private readonly again: () => Promise<JobQueue>
  readonly workers: JobWorker[] = []

  constructor(queue: JobQueue, again: () => Promise<JobQueue>) {
    this.queue = queue
    this.again = again
  }

  async work(handlers: readonly JobHandler[], concurrency = 2, queue = this.queue): Promise<JobWorker> {
    const worker = await queue.work(handlers, { telemetry: SILENT, concurrency })
    this.workers.push(worker)
    return worker
  }

  other(): Promise<JobQueue> {
    return this.again()
  }

  reaches(id: string, state: JobState): Promise<Job> {
    return until(`${id} ${state}`, async () => {
      const job = await this.queue.get(id)
      return job?.state === state ? job : null
    })
  }
}

/** Runs the test at a place of its own and tidies up after it. */
export type UseJobs = (jobs: readonly JobHandler[], work: (bench: Bench) => Promise<void>) => Promise<void>

export function placesOf(open: OpenJobsAt): UseJobs {
  let places = 0

  return async (jobs: readonly JobHandler[], work: (bench: Bench) => Promise<void>) => {
    const place = `jobs${++places}`
    const opened: OpenJobs[] = []
    const next = async () => {
      const o = await open(place, jobs)
      opened.push(o)
      return o.queue
    }
    const bench = new Bench(await next(), next)
    try {
      await work(bench)
    } finally {
      await bench.queue.setSchedules([])
      for (const w of bench.workers) await w.stop(0)
      for (const o of opened.reverse()) await o.close()
    }
  }
}
