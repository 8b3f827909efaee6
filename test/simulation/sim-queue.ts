import type { Process, Scheduler } from './scheduler.ts'

export interface SimJob {
  id: string
  student: string
  done: boolean
  /** While it is with a worker, until the worker is taken for dead. */
  leasedUntil: number
  deliveries: number
}

/** A worker that says nothing of its job for this long has lost it to the next one. */
const LEASE_MS = 250

/** The job queue itself: at least once, also to two workers at a time where the first was only slow. */
export class SimQueue {
  readonly jobs = new Map<string, SimJob>()
  private readonly scheduler: Scheduler

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler
  }

  private write<T>(process: Process, name: string, perform: () => T): Promise<T> {
    return this.scheduler.effect(process, { port: 'queue', kind: 'write', name, perform })
  }

  /** Adds a job, or finds the one of this id. */
  add(process: Process, id: string, student: string): Promise<void> {
    return this.write(process, `add ${id}`, () => {
      if (!this.jobs.has(id)) this.jobs.set(id, { id, student, done: false, leasedUntil: 0, deliveries: 0 })
    })
  }

  /** The next job for a worker, null where there is none. */
  take(process: Process): Promise<{ id: string; student: string; delivery: number } | null> {
    return this.write(process, 'take', () => {
      for (const job of this.jobs.values()) {
        if (job.done || job.leasedUntil > this.scheduler.now) continue
        job.leasedUntil = this.scheduler.now + LEASE_MS
        return { id: job.id, student: job.student, delivery: ++job.deliveries }
      }
      return null
    })
  }

  finish(process: Process, id: string): Promise<void> {
    return this.write(process, `finish ${id}`, () => {
      this.jobs.get(id)!.done = true
    })
  }
}
