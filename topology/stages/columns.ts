import type { ByteReader, ByteWriter } from './bytes.ts'

type Column = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array
type ColumnType<A extends Column> = {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A
}

/**
 * Hands out typed arrays of one length that lie in one buffer: a buffer for each of them would cost more than a small
 * ring's contents. Wide elements have to come before narrow ones.
 */
export class Columns {
  readonly capacity: number
  private readonly buffer: ArrayBuffer
  private at = 0

  /** `width`: bytes of one element of every array together. */
  constructor(capacity: number, width: number) {
    // Whole multiples of eight keep every array aligned.
    this.capacity = Math.max(8, Math.ceil(capacity / 8) * 8)
    this.buffer = new ArrayBuffer(this.capacity * width)
  }

  take<A extends Column>(type: ColumnType<A>): A {
    const column = new type(this.buffer, this.at, this.capacity)
    this.at += this.capacity * type.BYTES_PER_ELEMENT
    return column
  }
}

/** Rows in an order of their own, one array per field; the oldest leave first. */
export abstract class Ring {
  /** Rows held; what the arrays have beyond them means nothing. */
  n = 0
  /** Of each row, 53 bits. */
  abstract id: Float64Array

  /** Every field's array, in the order in which they are stored. */
  protected abstract arrays(): readonly Column[]
  protected abstract ofCapacity(capacity: number): Ring

  private grow(): void {
    const next = this.ofCapacity(this.n * 2)
    const to = next.arrays()
    this.arrays().forEach((a, i) => {
      to[i]!.set(a)
    })
    const { n } = this
    Object.assign(this, next)
    this.n = n
  }

  /** Index of the row with this id, -1 where there is none. */
  find(id: number): number {
    return this.n === 0 ? -1 : this.id.lastIndexOf(id, this.n - 1)
  }

  /** Opens a gap at `at`; the caller fills every field of that index. */
  open(at: number): void {
    if (this.n === this.id.length) this.grow()
    if (at < this.n) for (const a of this.arrays()) a.copyWithin(at + 1, at, this.n)
    this.n++
  }

  close(at: number): void {
    for (const a of this.arrays()) a.copyWithin(at, at + 1, this.n)
    this.n--
  }

  /** Forgets the oldest `count` rows. */
  evict(count: number): void {
    for (const a of this.arrays()) a.copyWithin(0, count, this.n)
    this.n -= count
  }

  write(w: ByteWriter): void {
    w.u32(this.n)
    for (const a of this.arrays()) w.array(a, this.n)
  }

  /** Fills a new ring with the `n` rows that `write` wrote after their number. */
  protected restore(r: ByteReader, n: number): void {
    this.n = n
    for (const a of this.arrays()) r.into(a, n)
  }
}

/** Capacity for `n` stored rows and those to come. */
export const roomFor = (n: number) => Math.max(16, n + (n >> 2))
