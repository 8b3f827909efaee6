import { type JobFailure, JobStateError, type Json, MAX_LOSSES } from '../ports/job-queue.ts'
import { type JobStore, TableLedger } from './ledger.ts'
import { backoff, type CheckedSpec, type JobDefinitions, refuseOtherName } from './spec.ts'
import { type StoredJob, StoredJobs } from './stored-jobs.ts'
import { Timetable } from './timetable.ts'

/** One run of a job. `deliveries` fences it: what a lost run says later changes nothing. */
export type Run = Pick<StoredJob, 'id' | 'deliveries'>

const DAY = 86_400_000
const KEEP_DAYS = 7
const KEEP_COMPLETED = 1_000

/**
 * A job queue as a table: every operation is one transaction over a sorted store, and time is an argument. The embedded
 * profile keeps it in LMDB; a simulation may keep it in a map.
 */
export class JobTable {
  readonly ledger: TableLedger
  readonly timetable: Timetable
  private readonly store: JobStore
  private readonly definitions: JobDefinitions
  private readonly jobs: StoredJobs

  constructor(store: JobStore, definitions: JobDefinitions) {
    this.store = store
    this.definitions = definitions
    this.jobs = new StoredJobs(store)
    this.ledger = new TableLedger(store)
    this.timetable = new Timetable(store, definitions)
  }

  add(spec: CheckedSpec, now: number, schedule: string | null = null): { id: string; added: boolean } {
    return this.store.transaction(() => {
      const { jobId, done } = this.ledger.reserve(spec.idempotencyKey, spec.id, now)
      refuseOtherName(spec, jobId)
      if (done || this.jobs.get(jobId)) return { id: jobId, added: false }
      this.jobs.put({
        id: jobId,
        name: spec.name,
        state: spec.notBefore > now ? 'delayed' : 'waiting',
        payload: spec.payload,
        idempotencyKey: spec.idempotencyKey,
        failures: 0,
        deliveries: 0,
        attempts: spec.attempts,
        progress: { fraction: 0, message: '' },
        result: null,
        lastError: null,
        addedAt: now,
        dueAt: Math.max(now, spec.notBefore),
        startedAt: null,
        finishedAt: null,
        schedule,
        backoffMs: spec.backoffMs,
        losses: 0,
        owner: null,
        cancelAsked: false,
      })
      return { id: jobId, added: true }
    })
  }

  get(id: string): StoredJob | null {
    return this.jobs.get(id)
  }

  all(): Iterable<StoredJob> {
    return this.jobs.all()
  }

  /**
   * Takes the job that has been due longest, null for none. A job whose key is done already is completed on the way,
   * with the result that stands.
   */
  claim(names: readonly string[], owner: string, now: number): StoredJob | null {
    return this.store.transaction(() => {
      const busy = new Set(this.jobs.active().map((j) => j.name))
      for (const job of this.jobs.due(now)) {
        if (!names.includes(job.name) || (this.definitions.get(job.name)?.exclusive && busy.has(job.name))) continue
        const known = this.ledger.read(job.idempotencyKey)
        if (known?.done) {
          this.jobs.put(ended(job, 'completed', now, { result: known.result, progress: { fraction: 1, message: '' } }))
          continue
        }
        const claimed: StoredJob = {
          ...job,
          state: 'active',
          owner,
          deliveries: job.deliveries + 1,
          startedAt: now,
          finishedAt: null,
        }
        this.jobs.put(claimed)
        return claimed
      }
      return null
    })
  }

  /** Puts back the jobs whose worker is gone; those that were lost too often are dead. */
  reclaim(gone: (owner: string) => boolean, now: number): number {
    return this.store.transaction(() => {
      let n = 0
      for (const job of this.jobs.active()) {
        if (!gone(job.owner!)) continue
        n++
        const losses = job.losses + 1
        if (job.cancelAsked) this.jobs.put(ended(job, 'cancelled', now))
        else if (losses > MAX_LOSSES)
          this.jobs.put(
            ended({ ...job, losses }, 'dead', now, {
              lastError: { name: 'JobLost', message: `Its process ended ${losses} times while it ran.` },
            }),
          )
        else this.jobs.put({ ...job, losses, state: 'waiting', owner: null, dueAt: now })
      }
      return n
    })
  }

  progress(run: Run, fraction: number, message: string): void {
    this.store.transaction(() => {
      const job = this.running(run)
      if (job) this.jobs.put({ ...job, progress: { fraction, message } })
    })
  }

  /** Job and ledger in one transaction. False where the run was lost; then nothing is stored. */
  complete(run: Run, result: Json, now: number): boolean {
    return this.store.transaction(() => {
      const job = this.running(run)
      if (!job) return false
      this.ledger.finish(job.idempotencyKey, result, now)
      const { message } = job.progress
      this.jobs.put(ended(job, 'completed', now, { result, progress: { fraction: 1, message } }))
      return true
    })
  }

  fail(run: Run, failure: JobFailure, permanent: boolean, now: number): 'again' | 'dead' | 'cancelled' | 'lost' {
    return this.store.transaction(() => {
      const job = this.running(run)
      if (!job) return 'lost'
      const failures = job.failures + 1
      if (job.cancelAsked) {
        this.jobs.put(ended({ ...job, failures }, 'cancelled', now, { lastError: failure }))
        return 'cancelled'
      }
      if (permanent || failures >= job.attempts) {
        this.jobs.put(ended({ ...job, failures }, 'dead', now, { lastError: failure }))
        return 'dead'
      }
      const dueAt = now + backoff(job.backoffMs, failures)
      this.jobs.put({ ...job, failures, state: 'delayed', owner: null, dueAt, lastError: failure })
      return 'again'
    })
  }

  handBack(run: Run, now: number): void {
    this.store.transaction(() => {
      const job = this.running(run)
      if (!job) return
      this.jobs.put(job.cancelAsked ? ended(job, 'cancelled', now) : { ...job, state: 'waiting', owner: null })
    })
  }

  /** The run has ended because it was called off. */
  cancelled(run: Run, now: number): void {
    this.store.transaction(() => {
      const job = this.running(run)
      if (job) this.jobs.put(ended(job, 'cancelled', now))
    })
  }

  /** Whether a run should end: called off, or no longer its own. */
  standing(run: Run): 'running' | 'cancel' | 'lost' {
    const job = this.running(run)
    if (!job) return 'lost'
    return job.cancelAsked ? 'cancel' : 'running'
  }

  cancel(id: string, now: number): void {
    this.store.transaction(() => {
      const job = this.existing(id)
      if (job.state === 'active') this.jobs.put({ ...job, cancelAsked: true })
      else if (job.state === 'waiting' || job.state === 'delayed') this.jobs.put(ended(job, 'cancelled', now))
      else throw new JobStateError(`${id} is ${job.state}; only a job that has not ended can be cancelled.`)
    })
  }

  retry(id: string, now: number): void {
    this.store.transaction(() => {
      const job = this.existing(id)
      if (job.state !== 'dead' && job.state !== 'cancelled')
        throw new JobStateError(`${id} is ${job.state}; only a dead or cancelled job can be retried.`)
      this.jobs.put({
        ...job,
        state: 'waiting',
        failures: 0,
        losses: 0,
        cancelAsked: false,
        dueAt: now,
        finishedAt: null,
        progress: { fraction: 0, message: '' },
      })
    })
  }

  /** Adds a job for every schedule that is due. Gives how many. */
  fire(now: number): number {
    return this.store.transaction(() => {
      let n = 0
      for (const { spec, schedule } of this.timetable.due(now)) if (this.add(spec, now, schedule).added) n++
      return n
    })
  }

  /** When something falls due after `now`, infinity for never. */
  nextDue(now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const s of this.timetable.list()) if (s.nextAt > now) next = Math.min(next, s.nextAt)
    return Math.min(next, this.jobs.nextDue(now))
  }

  /** Forgets completed and cancelled jobs after a week, or beyond the last thousand; dead ones stay. */
  prune(now: number): void {
    this.store.transaction(() => {
      const over = [...this.jobs.all()].filter((j) => j.state === 'completed' || j.state === 'cancelled')
      over.sort((a, b) => b.finishedAt! - a.finishedAt!)
      for (const [i, job] of over.entries())
        if (i >= KEEP_COMPLETED || job.finishedAt! < now - KEEP_DAYS * DAY) this.jobs.forget(job.id)
      this.ledger.prune(now, (id) => this.jobs.get(id) !== null)
    })
  }

  private running(run: Run): StoredJob | null {
    const job = this.jobs.get(run.id)
    return job?.state === 'active' && job.deliveries === run.deliveries ? job : null
  }

  private existing(id: string): StoredJob {
    const job = this.jobs.get(id)
    if (!job) throw new JobStateError(`There is no job ${id}.`)
    return job
  }
}

function ended(
  job: StoredJob,
  state: 'completed' | 'dead' | 'cancelled',
  now: number,
  more: Partial<StoredJob> = {},
): StoredJob {
  return { ...job, state, owner: null, cancelAsked: false, finishedAt: now, ...more }
}
