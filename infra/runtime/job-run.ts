import { failureOf } from '@mastery/topology/jobs/spec.ts'
import {
  JobCancelled,
  type JobContext,
  type JobFailure,
  JobHandedBack,
  type JobHandler,
  type JobLedger,
  JobLost,
  type Json,
  PermanentJobError,
} from '@mastery/topology/ports/job-queue.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'

/** How often progress is stored, and how often a run asks whether it should end, milliseconds. */
const PROGRESS_MS = 400
const STANDING_MS = 500
/** How long a run that is handed back may take to end before it is left behind. The process is about to exit. */
const LEAVE_MS = 1_500

export type Outcome =
  | { type: 'done'; result: Json }
  | { type: 'failed'; failure: JobFailure; permanent: boolean }
  | { type: 'cancelled' }
  | { type: 'handed-back' }
  | { type: 'lost' }

export interface RunParts {
  job: { id: string; idempotencyKey: string; payload: Json; attempt: number }
  handler: JobHandler
  ledger: JobLedger
  telemetry: Telemetry
  /** Aborted with the reason by whoever wants the run to end. */
  controller: AbortController
  report(fraction: number, message: string): Promise<void> | void
  /** Asked while it runs. A failure to answer changes nothing. */
  standing(): Promise<'running' | 'cancel' | 'lost'> | 'running' | 'cancel' | 'lost'
}

/** A number from 0 to 1, whatever was said. */
const share = (x: number) => (x >= 1 ? 1 : x > 0 ? x : 0)

/** One run of a job, whatever the queue: gives the handler its context and says how the run ended. Never throws. */
export async function runJob(parts: RunParts): Promise<Outcome> {
  const { job, handler, ledger, telemetry, controller } = parts
  const key = job.idempotencyKey
  const meter = new Meter(parts.report, (e) =>
    telemetry.warn('progress could not be stored', { job: job.id, why: e.message }),
  )
  let asking = false
  const watch = setInterval(async () => {
    if (asking) return
    asking = true
    try {
      const standing = await parts.standing()
      if (standing === 'cancel') controller.abort(new JobCancelled(`${job.id} was cancelled.`))
      if (standing === 'lost') controller.abort(new JobLost(`${job.id} was given to another worker.`))
    } catch {
      // The queue does not answer now; it is asked again.
    } finally {
      asking = false
    }
  }, STANDING_MS)
  try {
    const checkpoint = (await ledger.read(key))?.checkpoint ?? null
    const context: JobContext = {
      jobId: job.id,
      attempt: job.attempt,
      telemetry,
      signal: controller.signal,
      progress: (fraction, message) => meter.show(share(fraction), message),
      checkpoint,
      save: (value) => ledger.save(key, value),
      async once(step, effect) {
        const known = await ledger.step(key, step)
        if (known !== undefined) return known as never
        controller.signal.throwIfAborted()
        return (await ledger.record(key, step, await effect())) as never
      },
    }
    let payload: unknown
    try {
      payload = handler.parse(job.payload)
    } catch (e) {
      throw new PermanentJobError(`The payload is wrong: ${(e as Error).message}`, { cause: e })
    }
    const result = await Promise.race([handler.run(payload as Json, context), leftBehind(controller.signal)])
    return { type: 'done', result: (result ?? null) as Json }
  } catch (e) {
    const why = controller.signal.reason as unknown
    if (why instanceof JobCancelled) return { type: 'cancelled' }
    if (why instanceof JobHandedBack) return { type: 'handed-back' }
    if (why instanceof JobLost) return { type: 'lost' }
    return { type: 'failed', failure: failureOf(e), permanent: e instanceof PermanentJobError }
  } finally {
    clearInterval(watch)
    await meter.end()
  }
}

/** Rejects some time after the run was told to hand back. */
function leftBehind(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      if (signal.reason instanceof JobHandedBack) setTimeout(() => reject(signal.reason), LEAVE_MS).unref()
    })
  })
}

/** Stores the last of many reports, some times a second, one at a time. */
class Meter {
  private latest: [number, string] | null = null
  private timer: NodeJS.Timeout | null = null
  private writing: Promise<void> = Promise.resolve()
  private readonly report: RunParts['report']
  private readonly failed: (e: Error) => void

  constructor(report: RunParts['report'], failed: (e: Error) => void) {
    this.report = report
    this.failed = failed
  }

  show(fraction: number, message: string): void {
    this.latest = [fraction, message]
    this.timer ??= setTimeout(() => {
      this.timer = null
      this.flush()
    }, PROGRESS_MS)
  }

  private flush(): void {
    const said = this.latest
    if (said === null) return
    this.latest = null
    this.writing = this.writing.then(() => this.report(...said)).catch(this.failed)
  }

  async end(): Promise<void> {
    if (this.timer) clearTimeout(this.timer)
    this.flush()
    await this.writing
  }
}
