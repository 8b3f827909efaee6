/** Little-endian writer that grows. State blobs are built with it. */
export class ByteWriter {
  private buf: Buffer
  private pos = 0

  constructor(size = 1024) {
    this.buf = Buffer.allocUnsafe(size)
  }

  private room(n: number): number {
    const at = this.pos
    if (at + n > this.buf.length) {
      const next = Buffer.allocUnsafe(Math.max(this.buf.length * 2, at + n))
      this.buf.copy(next, 0, 0, at)
      this.buf = next
    }
    this.pos = at + n
    return at
  }

  // `room` may put another buffer in the place of this one, so it comes before the buffer is named.
  u8(v: number): void {
    const at = this.room(1)
    this.buf[at] = v
  }
  u16(v: number): void {
    const at = this.room(2)
    this.buf.writeUInt16LE(v, at)
  }
  u32(v: number): void {
    const at = this.room(4)
    this.buf.writeUInt32LE(v, at)
  }
  f64(v: number): void {
    const at = this.room(8)
    this.buf.writeDoubleLE(v, at)
  }
  text(v: string): void {
    const n = Buffer.byteLength(v)
    this.u32(n)
    const at = this.room(n)
    this.buf.write(v, at, 'utf8')
  }
  /** Raw bytes of a typed array's first `n` elements, no length. */
  array(a: Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array, n: number): void {
    const bytes = n * a.BYTES_PER_ELEMENT
    const at = this.room(bytes)
    this.buf.set(new Uint8Array(a.buffer, a.byteOffset, bytes), at)
  }
  finish(): Uint8Array {
    return this.buf.subarray(0, this.pos)
  }
}

export class ByteReader {
  private readonly buf: Buffer
  private pos = 0

  constructor(bytes: Uint8Array) {
    this.buf = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(): number {
    return this.buf[this.pos++]!
  }
  u16(): number {
    this.pos += 2
    return this.buf.readUInt16LE(this.pos - 2)
  }
  u32(): number {
    this.pos += 4
    return this.buf.readUInt32LE(this.pos - 4)
  }
  f64(): number {
    this.pos += 8
    return this.buf.readDoubleLE(this.pos - 8)
  }
  text(): string {
    const n = this.u32()
    this.pos += n
    return this.buf.toString('utf8', this.pos - n, this.pos)
  }
  /** Fills the first `n` elements of `target`. */
  into(target: Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array, n: number): void {
    const bytes = n * target.BYTES_PER_ELEMENT
    new Uint8Array(target.buffer, target.byteOffset, bytes).set(this.buf.subarray(this.pos, this.pos + bytes))
    this.pos += bytes
  }
}

/**
 * Reads the number that every state begins with: the format of its bytes and of the arithmetic that made them.
 * @throws Error where this build reads another one: a state is refused, not guessed at
 */
export function expectFormat(r: ByteReader, format: number, what: string, key = ''): void {
  const found = r.u8()
  if (found === format) return
  throw new Error(
    `${what}${key} has format ${found}, this build reads ${format}. Compute it again from the events, in an empty data folder or as a new generation.`,
  )
}
