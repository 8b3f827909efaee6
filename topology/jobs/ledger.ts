import type { JobLedger, Json, LedgerEntry } from '../ports/job-queue.ts'
import { LEDGER_DAYS } from './spec.ts'

/** A sorted store of JSON values. What happens within `transaction` is stored whole or not at all. */
export interface JobStore {
  get(key: string): Json | undefined
  put(key: string, value: Json): void
  remove(key: string): void
  /** Keys that begin with the prefix, in ascending order. */
  range(prefix: string): Iterable<[key: string, value: Json]>
  transaction<T>(work: () => T): T
}

interface Stored extends LedgerEntry {
  /** When it was reserved, then when it was done. */
  at: number
}

/** The ledger in the store of a JobTable, so that a job and its entry change in one transaction. */
export class TableLedger {
  private readonly store: JobStore

  constructor(store: JobStore) {
    this.store = store
  }

  read(key: string): Stored | null {
    return (this.store.get(`ledger/${key}`) as unknown as Stored | undefined) ?? null
  }

  reserve(key: string, jobId: string, now: number): Stored {
    return this.store.transaction(() => {
      const before = this.read(key)
      if (before) return before
      return this.put(key, { jobId, done: false, result: null, checkpoint: null, at: now })
    })
  }

  finish(key: string, result: Json, now: number): boolean {
    return this.store.transaction(() => {
      const before = this.read(key)
      if (!before || before.done) return false
      this.put(key, { ...before, done: true, result, checkpoint: null, at: now })
      return true
    })
  }

  save(key: string, checkpoint: Json): void {
    this.store.transaction(() => {
      const before = this.read(key)
      if (before && !before.done) this.put(key, { ...before, checkpoint })
    })
  }

  step(key: string, step: string): Json | undefined {
    return this.store.get(`step/${key}\u0000${step}`)
  }

  record(key: string, step: string, result: Json): Json {
    return this.store.transaction(() => {
      const before = this.step(key, step)
      if (before !== undefined) return before
      this.store.put(`step/${key}\u0000${step}`, result)
      return result
    })
  }

  /** Forgets what was done more than 90 days ago, and keys whose job is gone. */
  prune(now: number, exists: (jobId: string) => boolean): void {
    const until = now - LEDGER_DAYS * 86_400_000
    for (const [place, entry] of [...this.store.range('ledger/')]) {
      const { at, jobId } = entry as unknown as Stored
      if (at > until || exists(jobId)) continue
      this.store.remove(place)
      for (const [step] of [...this.store.range(`step/${place.slice('ledger/'.length)}\u0000`)]) this.store.remove(step)
    }
  }

  private put(key: string, entry: Stored): Stored {
    this.store.put(`ledger/${key}`, entry as unknown as Json)
    return entry
  }
}

/** The same ledger behind the port. */
export function asLedger(table: TableLedger, now: () => number): JobLedger {
  return {
    reserve: async (key, jobId) => table.reserve(key, jobId, now()),
    read: async (key) => table.read(key),
    finish: async (key, result) => table.finish(key, result, now()),
    save: async (key, checkpoint) => table.save(key, checkpoint),
    step: async (key, step) => table.step(key, step),
    record: async (key, step, result) => table.record(key, step, result),
    close: async () => {},
  }
}
