import { randomUUID } from 'node:crypto'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'

/** Who read or changed a student's data. */
export interface Access {
  tenant: string
  /** Caller: id of an API key, or who runs the command line. */
  who: string
  role: string
  /** What was done, such as `read mastery`. */
  action: string
  /** Pseudonym; empty where no single student is meant. */
  student: string
  /** Why, as the caller gave it. */
  purpose: string
}

/** Entries that one insert takes. */
const BATCH = 1_000
const EVERY_MS = 1_000
/** Beyond this many waiting entries gold has been away for long: callers are refused rather than left unlogged. */
const MOST = 100_000

/**
 * The access log. `note` never waits; entries go to gold in batches, and those that wait are stored by `close`. While
 * gold does not answer they stay here.
 */
export class AccessLog {
  private readonly gold: GoldStore
  private readonly telemetry: Telemetry
  private readonly now: () => number
  private waiting: unknown[][] = []
  private writing: Promise<void> = Promise.resolve()
  private timer: NodeJS.Timeout | null = null

  constructor(gold: GoldStore, telemetry: Telemetry, now: () => number) {
    this.gold = gold
    this.telemetry = telemetry
    this.now = now
  }

  /** Whether so much waits that nothing more should be read. */
  get full(): boolean {
    return this.waiting.length >= MOST
  }

  note(a: Access): void {
    this.waiting.push([this.now(), a.tenant, a.who, a.role, a.action, a.student, a.purpose, randomUUID()])
    if (this.waiting.length >= BATCH) void this.flush().catch(() => {})
    else this.timer ??= setTimeout(() => void this.flush().catch(() => {}), EVERY_MS).unref()
  }

  /** Resolves once what was noted before is stored. Rejects where gold does not answer; the entries stay. */
  flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    this.writing = this.writing.catch(() => {}).then(() => this.write())
    return this.writing
  }

  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const rows = this.waiting.slice(0, BATCH)
      try {
        await this.gold.insert([{ table: 'access_log', rows }])
      } catch (e) {
        this.telemetry.warn(
          `the access log can't be written, ${this.waiting.length} entries wait: ${(e as Error).message}`,
        )
        this.timer ??= setTimeout(() => void this.flush().catch(() => {}), EVERY_MS).unref()
        throw e
      }
      // Entries have ids of their own: one that was stored without an answer is the same row when it goes again.
      this.waiting.splice(0, rows.length)
    }
  }

  /** Stores what waits. What gold does not take within the attempts is counted in the log of the service. */
  async close(attempts = 5): Promise<void> {
    for (let i = 1; this.waiting.length > 0 && i <= attempts; i++) {
      await this.flush().catch(() => {})
      if (this.waiting.length > 0) await new Promise((r) => setTimeout(r, 200 * i))
    }
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    if (this.waiting.length > 0)
      this.telemetry.error(`${this.waiting.length} entries of the access log were lost: gold did not answer`)
  }
}
