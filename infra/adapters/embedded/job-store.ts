import type { JobStore } from '@mastery/topology/jobs/ledger.ts'
import type { Json } from '@mastery/topology/ports/job-queue.ts'
import type { Database } from 'lmdb'
import type { Environment } from './environment.ts'

/** Jobs, runs, dead jobs, schedules and the ledger in LMDB, beside the log. */
export class LmdbJobStore implements JobStore {
  private readonly env: Environment
  private readonly db: Database<Json, string>

  constructor(env: Environment) {
    this.env = env
    this.db = env.root.openDB({ name: 'jobs', encoding: 'json', keyEncoding: 'ordered-binary' })
  }

  get(key: string): Json | undefined {
    return this.db.get(key)
  }

  put(key: string, value: Json): void {
    this.db.putSync(key, value)
  }

  remove(key: string): void {
    this.db.removeSync(key)
  }

  *range(prefix: string): Iterable<[string, Json]> {
    // No key holds a code unit above this one.
    for (const { key, value } of this.db.getRange({ start: prefix, end: `${prefix}\uffff` })) yield [key, value]
  }

  transaction<T>(work: () => T): T {
    return this.env.root.transactionSync(work)
  }
}
