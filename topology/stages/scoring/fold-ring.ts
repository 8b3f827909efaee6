import type { ByteReader } from '../bytes.ts'
import { Columns, Ring, roomFor } from '../columns.ts'

/** Of one opportunity. */
const BYTES = 4 * 8 + 2 * 4 + 2 * 2 + 1

/** Graded opportunities of one student in fold order, one array per field. */
export class FoldRing extends Ring {
  t: Float64Array
  seq: Float64Array
  id: Float64Array
  item: Float64Array
  score: Int32Array
  /** Milliseconds, -1 where unknown. */
  response: Int32Array
  hints: Uint16Array
  set: Uint16Array
  kind: Uint8Array

  constructor(capacity = 16) {
    super()
    const columns = new Columns(capacity, BYTES)
    this.t = columns.take(Float64Array)
    this.seq = columns.take(Float64Array)
    this.id = columns.take(Float64Array)
    this.item = columns.take(Float64Array)
    this.score = columns.take(Int32Array)
    this.response = columns.take(Int32Array)
    this.hints = columns.take(Uint16Array)
    this.set = columns.take(Uint16Array)
    this.kind = columns.take(Uint8Array)
  }

  protected arrays() {
    return [this.t, this.seq, this.id, this.item, this.score, this.response, this.hints, this.set, this.kind] as const
  }

  protected ofCapacity(capacity: number): FoldRing {
    return new FoldRing(capacity)
  }

  static read(r: ByteReader): FoldRing {
    const n = r.u32()
    const ring = new FoldRing(roomFor(n))
    ring.restore(r, n)
    return ring
  }
}
