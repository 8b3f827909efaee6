import {
  JobCancelled,
  JobHandedBack,
  type JobHandler,
  type JobLedger,
  JobLost,
  type JobWorker,
  type Json,
  MAX_LOSSES,
  type WorkOptions,
} from '@mastery/topology/ports/job-queue.ts'
import { UnrecoverableError, WaitingError, Worker } from 'bullmq'
import { crashPoint } from '../../runtime/crash-points.ts'
import { runJob } from '../../runtime/job-run.ts'
import { type BullOptions, prefixOf, SETTINGS, workerConnection } from './options.ts'
import { type BullJob, type Data, idOf, keyOf, reasonOf } from './view.ts'

/**
 * How often a worker looks for runs whose lock has run out. A run is taken only where its lock is gone, so looking more
 * often than locks last risks nothing: the job of a killed worker began again after 20 to 32 s (six kills, locks of
 * 30 s), and after 31 to 63 s where the looks were 30 s apart.
 */
const LOOK_MS = 5_000

/** One BullMQ worker per job name, each with its own lock renewal and its own check for stalled jobs. */
export class BullWorker implements JobWorker {
  private readonly workers: Worker<Data, Json>[]
  private readonly ledger: JobLedger
  private readonly options: WorkOptions
  private readonly current: (name: string, id: string) => Promise<BullJob | undefined>
  private readonly runs = new Map<string, AbortController>()

  constructor(
    handlers: readonly JobHandler[],
    ledger: JobLedger,
    bull: BullOptions,
    options: WorkOptions,
    current: (name: string, id: string) => Promise<BullJob | undefined>,
  ) {
    this.ledger = ledger
    this.options = options
    this.current = current
    const lockDuration = bull.lockMs
    this.workers = handlers.map((handler) => {
      const worker = new Worker<Data, Json>(
        handler.name,
        (job, token) => this.process(handler, job as BullJob, token!),
        {
          connection: workerConnection(bull),
          prefix: prefixOf(bull),
          concurrency: options.concurrency,
          lockDuration,
          stalledInterval: Math.min(lockDuration, LOOK_MS),
          maxStalledCount: MAX_LOSSES,
          settings: SETTINGS,
        },
      )
      worker.on('error', (e) => options.telemetry.warn('job worker', { job: handler.name, why: e.message }))
      worker.on('lockRenewalFailed', (ids) => {
        for (const id of ids) {
          const lost = idOf(handler.name, id)
          this.runs.get(lost)?.abort(new JobLost(`${lost} was given to another worker.`))
        }
      })
      return worker
    })
  }

  async ready(): Promise<void> {
    await Promise.all(this.workers.map((w) => w.waitUntilReady()))
  }

  private async process(handler: JobHandler, job: BullJob, token: string): Promise<Json> {
    const id = idOf(job.name, job.id!)
    const key = keyOf(job)
    const { telemetry } = this.options
    if (job.data.cancelledAt !== null) throw new UnrecoverableError('JobCancelled: it was cancelled before it ran')
    // A delivery of what is done already gets the result that stands.
    const known = await this.ledger.reserve(key, id)
    if (known.done) return known.result
    const controller = new AbortController()
    this.runs.set(id, controller)
    try {
      const outcome = await runJob({
        job: { id, idempotencyKey: key, payload: job.data.payload, attempt: job.attemptsMade + 1 },
        handler,
        ledger: this.ledger,
        telemetry,
        controller,
        report: (fraction, message) => job.updateProgress({ fraction, message }),
        standing: async () => {
          const now = await this.current(job.name, job.id!)
          return now === undefined ? 'lost' : now.data.cancelledAt === null ? 'running' : 'cancel'
        },
      })
      crashPoint('jobs.ran')
      switch (outcome.type) {
        case 'done':
          if (await this.ledger.finish(key, outcome.result)) {
            crashPoint('jobs.recorded')
            return outcome.result
          }
          return (await this.ledger.read(key))?.result ?? outcome.result
        case 'failed': {
          const reason = reasonOf(outcome.failure)
          telemetry.warn('a job failed', { job: id, why: outcome.failure.message })
          throw outcome.permanent ? new UnrecoverableError(reason) : new Error(reason)
        }
        case 'cancelled':
          throw new UnrecoverableError(`${new JobCancelled().name}: it was cancelled while it ran`)
        case 'handed-back':
          await job.moveToWait(token)
          throw new WaitingError()
        case 'lost':
          telemetry.warn('a run was given to another worker', { job: id })
          throw new Error('JobLost: it was given to another worker')
      }
    } finally {
      this.runs.delete(id)
    }
  }

  running(): string[] {
    return [...this.runs.keys()]
  }

  async stop(graceMs: number): Promise<void> {
    const closed = Promise.all(this.workers.map((w) => w.close()))
    let timer: NodeJS.Timeout | undefined
    await Promise.race([
      closed,
      new Promise((r) => {
        timer = setTimeout(r, graceMs)
      }),
    ])
    clearTimeout(timer)
    for (const [id, controller] of this.runs)
      controller.abort(new JobHandedBack(`The process stops; ${id} goes back into the queue.`))
    await closed
  }
}
