const HOUR = 3_600_000

/** When messages to readers may go, so that no reader gets more than so many in an hour; by delivery, so that asking again gives the same. */
export class Pace {
  private readonly perHour: number
  /** Slots of the last hour and of those to come, by reader, in order. */
  private readonly readers: Map<string, [delivery: string, at: number][]>

  constructor(perHour: number, readers: Map<string, [string, number][]> = new Map()) {
    this.perHour = perHour
    this.readers = readers
  }

  /** UTC milliseconds. */
  slot(reader: string, delivery: string, now: number): number {
    const slots = this.readers.get(reader) ?? []
    const known = slots.find(([id]) => id === delivery)
    if (known) return known[1]
    const full = slots.length >= this.perHour ? slots[slots.length - this.perHour]![1] + HOUR : now
    const at = Math.max(now, full)
    this.readers.set(reader, [...slots, [delivery, at]])
    return at
  }

  /** Without what is older than an hour. */
  write(now: number): Uint8Array {
    for (const [reader, slots] of this.readers) {
      const kept = slots.filter(([, at]) => at > now - HOUR)
      if (kept.length === 0) this.readers.delete(reader)
      else this.readers.set(reader, kept)
    }
    return Buffer.from(JSON.stringify([...this.readers]))
  }

  static read(perHour: number, bytes: Uint8Array | null): Pace {
    const rows = bytes ? (JSON.parse(Buffer.from(bytes).toString('utf8')) as [string, [string, number][]][]) : []
    return new Pace(perHour, new Map(rows))
  }
}
