const NEWLINE = 10

export interface Line {
  /** Without its line break; the first `limit` bytes of a longer one. */
  bytes: Buffer
  /** Of the whole line. */
  length: number
}

/** Splits bytes in chunks of any size into lines. A line costs at most `limit` bytes of memory, however long it is. */
export class LineSplitter {
  private parts: Buffer[] = []
  private kept = 0
  private length = 0
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  push(chunk: Buffer): Line[] {
    const out: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.keep(chunk.subarray(from, at))
      out.push(this.take())
      from = at + 1
    }
    this.keep(chunk.subarray(from))
    return out
  }

  /** The last line, where no line break ends it. */
  end(): Line[] {
    return this.length === 0 ? [] : [this.take()]
  }

  private keep(part: Buffer): void {
    this.length += part.length
    const room = this.limit - this.kept
    if (room <= 0 || part.length === 0) return
    const kept = part.subarray(0, room)
    this.parts.push(kept)
    this.kept += kept.length
  }

  private take(): Line {
    const bytes = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts)
    const line = { bytes, length: this.length }
    this.parts = []
    this.kept = 0
    this.length = 0
    return line
  }
}
