import type { JobStore } from '../jobs/ledger.ts'
import type { Json } from '../ports/job-queue.ts'

/** A job store in memory, for tests and simulations. A transaction that throws leaves nothing behind. */
export class MapJobStore implements JobStore {
  private entries = new Map<string, string>()
  private depth = 0

  get(key: string): Json | undefined {
    const text = this.entries.get(key)
    return text === undefined ? undefined : (JSON.parse(text) as Json)
  }

  put(key: string, value: Json): void {
    this.entries.set(key, JSON.stringify(value))
  }

  remove(key: string): void {
    this.entries.delete(key)
  }

  *range(prefix: string): Iterable<[string, Json]> {
    const keys = [...this.entries.keys()].filter((k) => k.startsWith(prefix)).sort()
    for (const key of keys) yield [key, this.get(key)!]
  }

  transaction<T>(work: () => T): T {
    const before = this.depth === 0 ? new Map(this.entries) : null
    this.depth++
    try {
      return work()
    } catch (e) {
      if (before) this.entries = before
      throw e
    } finally {
      this.depth--
    }
  }
}
