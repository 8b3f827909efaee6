import type { ByteReader, ByteWriter } from './bytes.ts'

/** Where a record came from: a record of one of the partitions that a topic's records are made from. */
export interface Sourced {
  origin_partition: number
  origin_offset: number
  ordinal: number
}

/** Width of the count and of the partitions in the bytes of a state: each state keeps the ones that it began with. */
export interface Widths {
  count: 'u16' | 'u32'
  partition: 'u16' | 'u32'
}

const WIDE: Widths = { count: 'u32', partition: 'u32' }

interface Mark {
  offset: number
  ordinal: number
}

const isBehind = (mark: Mark, r: Sourced): boolean =>
  r.origin_offset > mark.offset || (r.origin_offset === mark.offset && r.ordinal > mark.ordinal)

/**
 * The newest (offset, ordinal) taken from each source partition. A source writes in ascending order, so that what is not
 * newer was taken before: an owner of the source that was replaced, or one that was started again, sent it once more.
 */
export class Marks {
  private readonly newest = new Map<number, Mark>()

  isNew(r: Sourced): boolean {
    const mark = this.newest.get(r.origin_partition)
    return mark === undefined || isBehind(mark, r)
  }

  /** Moves the mark; false, with nothing changed, for a record that was taken before. */
  take(r: Sourced): boolean {
    const mark = this.newest.get(r.origin_partition)
    if (mark === undefined) this.newest.set(r.origin_partition, { offset: r.origin_offset, ordinal: r.ordinal })
    else {
      if (!isBehind(mark, r)) return false
      // In place: this is done for every record.
      mark.offset = r.origin_offset
      mark.ordinal = r.ordinal
    }
    return true
  }

  write(w: ByteWriter, widths = WIDE): void {
    w[widths.count](this.newest.size)
    for (const [source, { offset, ordinal }] of this.newest) {
      w[widths.partition](source)
      w.f64(offset)
      w.u32(ordinal)
    }
  }

  static read(r: ByteReader, widths = WIDE): Marks {
    const marks = new Marks()
    for (let n = r[widths.count](); n > 0; n--)
      marks.newest.set(r[widths.partition](), { offset: r.f64(), ordinal: r.u32() })
    return marks
  }
}

/** Times of source partitions, UTC milliseconds: each only grows. */
export class Times {
  private readonly latest = new Map<number, number>()

  /** So many sources have told of a time. */
  get size(): number {
    return this.latest.size
  }

  /** 0 while the source is silent. */
  of(source: number): number {
    return this.latest.get(source) ?? 0
  }

  hear(source: number, at: number): void {
    this.latest.set(source, Math.max(this.of(source), at))
  }

  /** The least of those that have told of one; Infinity where none has. */
  least(): number {
    return Math.min(...this.latest.values())
  }

  /** The time that every one of sources 0 to `sources` - 1 has told of, were `at` the newest of `from`; 0 while one is silent. */
  leastWith(sources: number, from: number, at: number): number {
    let least = Number.POSITIVE_INFINITY
    for (let s = 0; s < sources; s++) least = Math.min(least, s === from ? Math.max(this.of(s), at) : this.of(s))
    return least
  }

  write(w: ByteWriter, widths = WIDE): void {
    w[widths.count](this.latest.size)
    for (const [source, at] of this.latest) {
      w[widths.partition](source)
      w.f64(at)
    }
  }

  static read(r: ByteReader, widths = WIDE): Times {
    const times = new Times()
    for (let n = r[widths.count](); n > 0; n--) times.latest.set(r[widths.partition](), r.f64())
    return times
  }
}

/** Hashes of ids that were carried out or passed on, in the order in which they came. */
export function writeHashes(w: ByteWriter, hashes: ReadonlySet<number>): void {
  w.u32(hashes.size)
  for (const h of hashes) w.f64(h)
}

export function readHashes(r: ByteReader): Set<number> {
  const hashes = new Set<number>()
  for (let n = r.u32(); n > 0; n--) hashes.add(r.f64())
  return hashes
}
