import { Tally } from '@mastery/topology/ops/tally.ts'

/** How a part stands at the moment. */
export interface Standing {
  /** Records in the partitions that it owns and not in its state; null where there is nothing to read, or nobody knows. */
  lag: number | null
  partitions: number
  stopped: number
  rebuilding: number
  /** Why the first partition stands still. No personal data. */
  problem: string | null
}

export const NOTHING_TO_READ: Standing = { lag: null, partitions: 0, stopped: 0, rebuilding: 0, problem: null }

/** What one part of this process did since it was last told, and how to ask how it stands. */
export class Meter {
  readonly part: string
  readonly generation: number
  readonly tally = new Tally()
  standing: () => Promise<Standing> = async () => NOTHING_TO_READ
  /** Where the next interval begins, UTC milliseconds. */
  from: number
  /** It was told to end, and has. */
  ended = false

  constructor(part: string, generation: number) {
    this.part = part
    this.generation = generation
    this.from = Date.now()
  }

  /** Milliseconds, rising; for `committed` and `did`. */
  begin(): number {
    return performance.now()
  }

  /** Operations that began at `began` are done. */
  did(n: number, began: number): void {
    this.tally.did(n, performance.now() - began)
  }

  /** Records that were fetched at `began` are committed. */
  committed(records: readonly { readonly timestamp: number }[], began: number): void {
    this.did(records.length, began)
    this.tally.aged(records, Date.now())
  }
}

/** The parts of one process that are measured. */
export class Meters {
  private readonly parts = new Map<string, Meter>()

  /** The same meter for the same part and generation, until it has ended and that was told. `standing`: how to ask now. */
  part(name: string, generation = 0, standing?: () => Promise<Standing>): Meter {
    const id = `${name}/${generation}`
    let meter = this.parts.get(id)
    if (!meter) this.parts.set(id, (meter = new Meter(name, generation)))
    if (standing) meter.standing = standing
    meter.ended = false
    return meter
  }

  all(): Meter[] {
    return [...this.parts.values()]
  }

  forget(meter: Meter): void {
    const id = `${meter.part}/${meter.generation}`
    if (this.parts.get(id) === meter) this.parts.delete(id)
  }
}
