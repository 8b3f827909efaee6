/** A row goes on beyond the bytes that are there. */
const SHORT = new Error('the row is not complete')

/**
 * Reads ClickHouse's RowBinary (https://clickhouse.com/docs/interfaces/formats/RowBinary), field after field. Chosen
 * over JSONCompactEachRow, whose writing and parsing cost three times as much.
 */
export class RowCursor {
  private bytes: Buffer = Buffer.alloc(0)
  private at = 0
  /** Start of the row that is being read. */
  private start = 0
  /** Last text per column and its bytes: rows that are neighbours have much in common. */
  private readonly seen: { text: string; bytes: Buffer }[] = []

  feed(chunk: Buffer): void {
    const rest = this.bytes.length - this.start
    this.bytes = rest === 0 ? chunk : Buffer.concat([this.bytes.subarray(this.start), chunk])
    this.at = 0
    this.start = 0
  }

  /** Bytes that no complete row has taken. */
  rest(): Buffer {
    return this.bytes.subarray(this.start)
  }

  /** Every row that is complete, appended to `into`. */
  rows<T>(read: (c: RowCursor) => T, into: T[]): void {
    while (this.at < this.bytes.length) {
      try {
        const row = read(this)
        this.start = this.at
        into.push(row)
      } catch (e) {
        if (e !== SHORT) throw e
        this.at = this.start
        return
      }
    }
  }

  private take(n: number): number {
    const at = this.at
    if (at + n > this.bytes.length) throw SHORT
    this.at = at + n
    return at
  }

  byte(): number {
    return this.bytes[this.take(1)]!
  }

  /** A Nullable's flag. */
  isNull(): boolean {
    return this.byte() === 1
  }

  flag(): boolean {
    return this.byte() !== 0
  }

  size(): number {
    let value = this.byte()
    if (value < 0x80) return value
    value &= 0x7f
    for (let unit = 0x80; ; unit *= 0x80) {
      const b = this.byte()
      value += (b & 0x7f) * unit
      if (b < 0x80) return value
    }
  }

  uint16(): number {
    return this.bytes.readUInt16LE(this.take(2))
  }

  int32(): number {
    return this.bytes.readInt32LE(this.take(4))
  }

  uint32(): number {
    return this.bytes.readUInt32LE(this.take(4))
  }

  /** Exact up to 2^53, which the wire's schemas allow at most. */
  int64(): number {
    const at = this.take(8)
    return this.bytes.readInt32LE(at + 4) * 4_294_967_296 + this.bytes.readUInt32LE(at)
  }

  float64(): number {
    return this.bytes.readDoubleLE(this.take(8))
  }

  text(): string {
    const n = this.size()
    if (n === 0) return ''
    const at = this.take(n)
    return this.bytes.toString('utf8', at, at + n)
  }

  /** A text that is often the same as in the row before; `slot` numbers such columns. */
  repeated(slot: number): string {
    const n = this.size()
    const at = this.take(n)
    const last = this.seen[slot]
    if (last !== undefined && last.bytes.length === n) {
      const { bytes } = this
      let i = 0
      while (i < n && bytes[at + i] === last.bytes[i]) i++
      if (i === n) return last.text
    }
    const text = this.bytes.toString('utf8', at, at + n)
    this.seen[slot] = { text, bytes: Buffer.from(this.bytes.subarray(at, at + n)) }
    return text
  }
}

/** First byte of every row, put there by the query: a server's late error in the body is told from a row by it. */
export const ROW_MARK = 1

/** Takes chunks one after the other, and gives the rows that end in each. */
class MarkedRows<T> {
  private readonly cursor = new RowCursor()
  private readonly read: (c: RowCursor) => T

  constructor(read: (c: RowCursor) => T) {
    this.read = (c) => {
      if (c.byte() !== ROW_MARK)
        throw new Error(`ClickHouse failed while it sent rows: ${c.rest().toString('utf8').trim().slice(0, 500)}`)
      return read(c)
    }
  }

  take(chunk: Uint8Array, rows: T[]): T[] {
    const { cursor } = this
    cursor.feed(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    cursor.rows(this.read, rows)
    return rows
  }

  end(): void {
    if (this.cursor.rest().length > 0)
      throw new Error('ClickHouse ended its answer within a row; the connection was lost.')
  }
}

/**
 * Rows of a stream of RowBinary chunks, which need not end where rows do; each query selects ROW_MARK first.
 * @throws Error where the body ends within a row or holds an error of the server
 */
export async function* readRows<T>(
  chunks: AsyncIterable<Uint8Array>,
  read: (c: RowCursor) => T,
): AsyncGenerator<T[], void, undefined> {
  const marked = new MarkedRows(read)
  for await (const chunk of chunks) {
    const rows = marked.take(chunk, [])
    if (rows.length > 0) yield rows
  }
  marked.end()
}

/** The same of chunks that are here already. */
export function rowsOf<T>(chunks: readonly Uint8Array[], read: (c: RowCursor) => T): T[] {
  const marked = new MarkedRows(read)
  const rows: T[] = []
  for (const chunk of chunks) marked.take(chunk, rows)
  marked.end()
  return rows
}
