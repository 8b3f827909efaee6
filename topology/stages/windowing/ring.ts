import type { ByteReader } from '../bytes.ts'
import { Columns, Ring, roomFor } from '../columns.ts'

/** Bits of `EventRing.flags`. */
export const EVIDENCE = 1
export const VIEW = 2
export const GRADED = 4
export const SERVER = 8
/** Voided. */
export const DEAD = 16
/** Another piece of evidence for the same opportunity wins. */
export const OUTRANKED = 32
/** It came as a new opportunity, so the models predicted it then; whatever replaces it is not predicted again. */
export const MET = 64
/** The models hold this entry. */
export const HELD = 128
/** The event itself brought a grade, before any correction. */
export const CAME_GRADED = 256

export const NO_VALUE = -1
export const NO_TIME = 0xffffffff

/** Of one event. */
const BYTES = 6 * 8 + 3 * 4 + 3 * 2 + 1

/**
 * Events of one student in fold order (occurred_at, source sequence, event id hash), one array per field.
 * `value` is a score or a video coverage in millionths, -1 for none; `aux` counts hints or help requests.
 */
export class EventRing extends Ring {
  t: Float64Array
  seq: Float64Array
  id: Float64Array
  item: Float64Array
  /** Hash of (context, item): what pairs a view with its evidence. */
  link: Float64Array
  /** Hash of the opportunity key, 0 where the source gives none. */
  opp: Float64Array
  value: Int32Array
  /** The value as the event gave it, before any correction. */
  given: Int32Array
  response: Uint32Array
  aux: Uint16Array
  set: Uint16Array
  kind: Uint8Array
  flags: Uint16Array

  constructor(capacity = 16) {
    super()
    const columns = new Columns(capacity, BYTES)
    this.t = columns.take(Float64Array)
    this.seq = columns.take(Float64Array)
    this.id = columns.take(Float64Array)
    this.item = columns.take(Float64Array)
    this.link = columns.take(Float64Array)
    this.opp = columns.take(Float64Array)
    this.value = columns.take(Int32Array)
    this.given = columns.take(Int32Array)
    this.response = columns.take(Uint32Array)
    this.aux = columns.take(Uint16Array)
    this.set = columns.take(Uint16Array)
    this.flags = columns.take(Uint16Array)
    this.kind = columns.take(Uint8Array)
  }

  protected arrays() {
    return [
      this.t,
      this.seq,
      this.id,
      this.item,
      this.link,
      this.opp,
      this.value,
      this.given,
      this.response,
      this.aux,
      this.set,
      this.kind,
      this.flags,
    ] as const
  }

  protected ofCapacity(capacity: number): EventRing {
    return new EventRing(capacity)
  }

  /** First index whose event does not come before the given place in fold order. */
  place(t: number, seq: number, id: number): number {
    let i = this.n
    while (i > 0 && compareOrder(this.t[i - 1]!, this.seq[i - 1]!, this.id[i - 1]!, t, seq, id) >= 0) i--
    return i
  }

  /** First index with an event time greater than `t`. */
  after(t: number): number {
    let lo = 0
    let hi = this.n
    while (lo < hi) {
      const mid = (lo + hi) >> 1
      if (this.t[mid]! > t) hi = mid
      else lo = mid + 1
    }
    return lo
  }

  static read(r: ByteReader): EventRing {
    const n = r.u32()
    const ring = new EventRing(roomFor(n))
    ring.restore(r, n)
    return ring
  }
}

/** Fold order: event time, then source sequence, then event id hash. Negative where a comes before b. */
export function compareOrder(at: number, aseq: number, aid: number, bt: number, bseq: number, bid: number): number {
  return at !== bt ? at - bt : aseq !== bseq ? aseq - bseq : aid - bid
}
