import type { OpsMetric, OpsSource } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import { addTo, BOUNDS_MS, binOf, merged } from './latency.ts'

const DAY = 86_400_000

/** What ops-metric says of the time between two of its records. */
export type Tallied = Pick<
  OpsMetric,
  'operations' | 'errors' | 'dead_letters' | 'retries' | 'latency' | 'age' | 'sources'
>

/** Counts what one part does between two of its records. */
export class Tally {
  private operations = 0
  private errors = 0
  private deadLetters = 0
  private retries = 0
  private latency: number[] = []
  private age: number[] = []
  private sources = new Map<string, OpsSource>()

  /** `n` operations that took `ms` milliseconds each; null where that is not measured. */
  did(n: number, ms: number | null): void {
    this.operations += n
    if (ms !== null) addTo(this.latency, ms, n)
  }

  /** Of the operations, one that failed for good. */
  failed(): void {
    this.errors++
  }

  setAside(n: number): void {
    this.deadLetters += n
  }

  retried(): void {
    this.retries++
  }

  /**
   * Records that have these times of their append were done with at `now`, both UTC milliseconds. Times that are not
   * within a day before now (or a second after it, for clocks of two machines) are of another clock, and left out.
   */
  aged(records: readonly { readonly timestamp: number }[], now: number): void {
    const { age } = this
    // Neighbours mostly fall into the same bin: its bounds are compared before it is looked for.
    let bin = 0
    let above = 0
    let upTo = 0
    for (const { timestamp } of records) {
      const ms = now - timestamp
      if (!(ms > above && ms <= upTo)) {
        if (!(ms >= -1000 && ms <= DAY)) continue
        bin = binOf(ms)
        above = bin === 0 ? -1001 : BOUNDS_MS[bin - 1]!
        upTo = BOUNDS_MS[bin]!
        while (age.length <= bin) age.push(0)
      }
      age[bin]! += 1
    }
  }

  /** Events that came from a source of an organisation. */
  came(tenant: string, source: string, accepted: number, rejected: number): void {
    if (accepted + rejected === 0) return
    const key = `${tenant}\n${source}`
    const known = this.sources.get(key)
    if (!known) {
      this.sources.set(key, { tenant, source, accepted, rejected })
      return
    }
    known.accepted += accepted
    known.rejected += rejected
  }

  /** What was counted since the last call, which ends with this one. */
  take(): Tallied {
    const taken: Tallied = {
      operations: this.operations,
      errors: this.errors,
      dead_letters: this.deadLetters,
      retries: this.retries,
      latency: this.latency,
      age: this.age,
      sources: [...this.sources.values()],
    }
    this.operations = 0
    this.errors = 0
    this.deadLetters = 0
    this.retries = 0
    this.latency = []
    this.age = []
    this.sources = new Map()
    return taken
  }

  /** Counts again what was taken and could not be told. */
  putBack(t: Tallied): void {
    this.operations += t.operations
    this.errors += t.errors
    this.deadLetters += t.dead_letters
    this.retries += t.retries
    this.latency = merged(this.latency, t.latency)
    this.age = merged(this.age, t.age)
    for (const s of t.sources) this.came(s.tenant, s.source, s.accepted, s.rejected)
  }
}
