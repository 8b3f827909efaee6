import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { RowBuffer } from '@mastery/infra/adapters/clickhouse/row-buffer.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'

/** What the writer needs of gold. */
export type Inserts = Pick<ClickHouseGold, 'encode' | 'insertEncoded'>

/** Timers; a simulation gives some that run on virtual time. */
export interface Timers {
  set(run: () => void, ms: number): unknown
  clear(timer: unknown): void
}

const PROCESS_TIMERS: Timers = { set: setTimeout, clear: (timer) => clearTimeout(timer as NodeJS.Timeout) }

interface Waiting {
  resolve(): void
  reject(e: Error): void
}

/**
 * Collects rows of all partitions and inserts them per table, after `maxRows` rows or `maxDelayMs`, whichever comes
 * first. `done()` resolves once everything put before it is stored, so offsets are committed only then. While one
 * flush is stored the next one fills.
 */
export class GoldWriter {
  private readonly gold: Inserts
  private readonly telemetry: Telemetry
  private readonly maxRows: number
  private readonly maxDelayMs: number
  private readonly retried: () => void
  private readonly timers: Timers
  private buffers = new Map<string, RowBuffer>()
  private rows = 0
  private waiting: Waiting[] = []
  private timer: unknown = null
  private flushing: Promise<void> = Promise.resolve()
  private pending = 0
  stored = 0

  constructor(
    gold: Inserts,
    telemetry: Telemetry,
    /** `retried` hears of every insert that is tried again. */
    limits: { maxRows: number; maxDelayMs: number; retried?(): void },
    timers: Timers = PROCESS_TIMERS,
  ) {
    this.gold = gold
    this.telemetry = telemetry
    this.maxRows = limits.maxRows
    this.maxDelayMs = limits.maxDelayMs
    this.retried = limits.retried ?? (() => {})
    this.timers = timers
  }

  put(table: string, row: readonly unknown[]): void {
    let b = this.buffers.get(table)
    if (!b) {
      b = new RowBuffer()
      this.buffers.set(table, b)
    }
    this.gold.encode(table, [row], b)
    this.rows++
  }

  /** Resolves when all rows put so far are stored. */
  done(): Promise<void> {
    if (this.rows === 0) return this.flushing
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      if (this.rows >= this.maxRows && this.pending === 0) this.flush()
      else this.timer ??= this.timers.set(() => this.flush(), this.maxDelayMs)
    })
  }

  /** As `done`, without waiting for more rows. */
  now(): Promise<void> {
    const stored = this.done()
    this.flush()
    return stored
  }

  private flush(): void {
    if (this.timer !== null) this.timers.clear(this.timer)
    this.timer = null
    if (this.rows === 0) return
    const buffers = this.buffers
    const waiting = this.waiting
    const rows = this.rows
    this.buffers = new Map()
    this.waiting = []
    this.rows = 0
    this.pending++
    const blocks = [...buffers].map(([table, b]) => ({ table, bytes: b.take() }))
    this.flushing = this.flushing
      .then(() => this.store(blocks))
      .then(() => {
        this.stored += rows
        this.pending--
        for (const w of waiting) w.resolve()
        if (this.rows >= this.maxRows) this.flush()
      })
    this.flushing.catch((e: Error) => {
      this.pending--
      this.flushing = Promise.resolve()
      for (const w of waiting) w.reject(e)
    })
  }

  /** The same bytes go again until the engine has them: equal rows replace each other, so a repeat adds nothing. */
  private async store(blocks: { table: string; bytes: Buffer }[]): Promise<void> {
    const left = new Map(blocks.map((b) => [b.table, b.bytes]))
    for (let attempt = 1; left.size > 0; attempt++) {
      const results = await Promise.allSettled(
        [...left].map(async ([table, bytes]) => {
          await this.gold.insertEncoded(table, bytes)
          left.delete(table)
        }),
      )
      const failed = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as Error] : []))
      if (failed.length === 0) return
      const fatal = failed.find((e) => !(e instanceof TransientError))
      if (fatal) throw fatal
      this.retried()
      const wait = Math.min(5000, 100 * attempt * attempt)
      this.telemetry.warn(`gold insert failed, trying again in ${wait} ms: ${failed[0]!.message}`, {
        attempt,
        tables: [...left.keys()],
      })
      await new Promise<void>((r) => this.timers.set(r, wait))
    }
  }
}
