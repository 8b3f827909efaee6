import type { Job, Json } from '../ports/job-queue.ts'
import type { JobStore } from './ledger.ts'

export interface StoredJob extends Job {
  backoffMs: number
  /** Runs that ended with their worker. */
  losses: number
  /** Who runs it, null for nobody. */
  owner: string | null
  cancelAsked: boolean
}

const DUE = 'due/'
const ACTIVE = 'active/'
const DIGITS = 15
/** Sorts like the times themselves. */
const dueKey = (job: StoredJob) => `${DUE}${String(job.dueAt).padStart(DIGITS, '0')}/${job.id}`
const dueAt = (key: string) => Number(key.slice(DUE.length, DUE.length + DIGITS))
const idOf = (key: string) => key.slice(DUE.length + DIGITS + 1)

/** The jobs by id, with indexes of what waits, by time, and of what runs. Callers bring the transaction. */
export class StoredJobs {
  private readonly store: JobStore

  constructor(store: JobStore) {
    this.store = store
  }

  get(id: string): StoredJob | null {
    return (this.store.get(`job/${id}`) as StoredJob | undefined) ?? null
  }

  *all(): Iterable<StoredJob> {
    for (const [, job] of this.store.range('job/')) yield job as unknown as StoredJob
  }

  active(): StoredJob[] {
    return [...this.store.range(ACTIVE)].map(([key]) => this.get(key.slice(ACTIVE.length))!)
  }

  /** Jobs that wait and are due, the longest due first. They may be stored anew while they are gone through. */
  *due(now: number): Iterable<StoredJob> {
    const found: string[] = []
    for (const [key] of this.store.range(DUE)) {
      if (dueAt(key) > now) break
      found.push(idOf(key))
    }
    for (const id of found) yield this.get(id)!
  }

  /** When the next job falls due after `now`, infinity for never. */
  nextDue(now: number): number {
    for (const [key] of this.store.range(DUE)) if (dueAt(key) > now) return dueAt(key)
    return Number.POSITIVE_INFINITY
  }

  /** Stores the job and its place in the indexes. */
  put(job: StoredJob): void {
    const before = this.get(job.id)
    if (before?.state === 'active') this.store.remove(`${ACTIVE}${job.id}`)
    else if (before) this.store.remove(dueKey(before))
    if (job.state === 'active') this.store.put(`${ACTIVE}${job.id}`, true)
    else if (job.state === 'waiting' || job.state === 'delayed') this.store.put(dueKey(job), true)
    this.store.put(`job/${job.id}`, job as unknown as Json)
  }

  /** Of a job that has ended, which no index names. */
  forget(id: string): void {
    this.store.remove(`job/${id}`)
  }
}
