import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { StoredJob } from '@mastery/topology/jobs/stored-jobs.ts'
import type { JobTable } from '@mastery/topology/jobs/table.ts'
import {
  JobHandedBack,
  type JobHandler,
  type JobLedger,
  type JobWorker,
  type WorkOptions,
} from '@mastery/topology/ports/job-queue.ts'
import { crashPoint } from '../../runtime/crash-points.ts'
import { runJob } from '../../runtime/job-run.ts'

/** The longest sleep: a job that another process added is seen within it. Milliseconds. */
const LOOK_MS = 1_000
const PRUNE_MS = 3_600_000

/** Workers that are alive in this process. Those of other processes are gone with their process. */
const alive = new Set<string>()

/** Distinguishes a process from a later one with the same id; the kernel's start time where it can be had. */
function processMark(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function ownerGone(owner: string): boolean {
  const [pid, mark] = owner.split(':')
  if (Number(pid) === process.pid && mark === (processMark(process.pid) ?? '')) return !alive.has(owner)
  try {
    process.kill(Number(pid), 0)
  } catch (e) {
    return (e as NodeJS.ErrnoException).code !== 'EPERM'
  }
  return (processMark(Number(pid)) ?? '') !== mark || mark === ''
}

interface Wake {
  on(listener: () => void): void
  off(listener: () => void): void
  emit(): void
}

/** Runs due jobs and fires schedules in this process, until it is stopped. */
export class InProcessWorker implements JobWorker {
  private readonly table: JobTable
  private readonly ledger: JobLedger
  private readonly handlers: Map<string, JobHandler>
  private readonly options: WorkOptions
  private readonly changes: Wake
  private readonly owner = `${process.pid}:${processMark(process.pid) ?? ''}:${randomUUID()}`
  private readonly runs = new Map<string, { name: string; controller: AbortController; ended: Promise<void> }>()
  private timer: NodeJS.Timeout | null = null
  private stopping = false
  private pruned = 0

  constructor(
    table: JobTable,
    ledger: JobLedger,
    handlers: readonly JobHandler[],
    options: WorkOptions,
    changes: Wake,
  ) {
    this.table = table
    this.ledger = ledger
    this.handlers = new Map(handlers.map((h) => [h.name, h]))
    this.options = options
    this.changes = changes
  }

  start(): void {
    alive.add(this.owner)
    this.changes.on(this.look)
    this.look()
  }

  /** Fires what is due, takes what it may, and sleeps until the next thing. */
  private readonly look = (): void => {
    if (this.stopping) return
    if (this.timer) clearTimeout(this.timer)
    try {
      const now = Date.now()
      this.table.fire(now)
      const lost = this.table.reclaim(ownerGone, now)
      if (lost > 0) this.options.telemetry.warn('jobs whose process ended are run again', { jobs: lost })
      if (now - this.pruned > PRUNE_MS) {
        this.table.prune(now)
        this.pruned = now
      }
      for (;;) {
        const free = [...this.handlers.keys()].filter((name) => this.busy(name) < this.options.concurrency)
        const job = this.table.claim(free, this.owner, Date.now())
        if (!job) break
        this.begin(job)
      }
    } catch (e) {
      this.options.telemetry.error('the job queue could not be read; trying again', { why: (e as Error).message })
    }
    const now = Date.now()
    // What is due by now and was not taken waits for a run to end, which looks again.
    this.timer = setTimeout(this.look, Math.min(LOOK_MS, this.table.nextDue(now) - now))
  }

  private busy(name: string): number {
    let n = 0
    for (const run of this.runs.values()) if (run.name === name) n++
    return n
  }

  private begin(job: StoredJob): void {
    const controller = new AbortController()
    const ended = this.run(job, controller)
      .catch((e: Error) => this.options.telemetry.error('a run could not be recorded', { job: job.id, why: e.message }))
      .finally(() => {
        this.runs.delete(job.id)
        this.changes.emit()
      })
    this.runs.set(job.id, { name: job.name, controller, ended })
  }

  private async run(job: StoredJob, controller: AbortController): Promise<void> {
    const { telemetry } = this.options
    const { table } = this
    const outcome = await runJob({
      job: { ...job, attempt: job.failures + 1 },
      handler: this.handlers.get(job.name)!,
      ledger: this.ledger,
      telemetry,
      controller,
      report: (fraction, message) => table.progress(job, fraction, message),
      standing: () => table.standing(job),
    })
    crashPoint('jobs.ran')
    const now = Date.now()
    switch (outcome.type) {
      case 'done':
        if (!table.complete(job, outcome.result, now))
          telemetry.warn('a lost run ended; its result is not kept', { job: job.id })
        break
      case 'failed': {
        const then = table.fail(job, outcome.failure, outcome.permanent, now)
        telemetry.warn('a job failed', { job: job.id, then, why: outcome.failure.message })
        break
      }
      case 'cancelled':
        table.cancelled(job, now)
        break
      case 'handed-back':
        table.handBack(job, now)
        break
      case 'lost':
        telemetry.warn('a run was given to another worker', { job: job.id })
    }
  }

  running(): string[] {
    return [...this.runs.keys()]
  }

  async stop(graceMs: number): Promise<void> {
    if (this.stopping) return
    this.stopping = true
    this.changes.off(this.look)
    if (this.timer) clearTimeout(this.timer)
    const all = Promise.all([...this.runs.values()].map((r) => r.ended))
    if (graceMs > 0 && this.runs.size > 0) {
      let timer: NodeJS.Timeout | undefined
      await Promise.race([
        all,
        new Promise((r) => {
          timer = setTimeout(r, graceMs)
        }),
      ])
      clearTimeout(timer)
    }
    for (const [id, { controller }] of this.runs)
      controller.abort(new JobHandedBack(`The process stops; ${id} goes back into the queue.`))
    await all
    alive.delete(this.owner)
  }
}
