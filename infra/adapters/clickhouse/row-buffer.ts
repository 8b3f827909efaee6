const SPECIAL = /[\\\t\n\r'\0\b\f]/
const ESCAPES: Record<string, string> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
  "'": "\\'",
}

function escaped(v: string): string {
  return SPECIAL.test(v) ? v.replace(/[\\\t\n\r'\0\b\f]/g, (c) => ESCAPES[c]!) : v
}

const DOUBLE = new Float64Array(1)
const DOUBLE_BYTES = new Uint8Array(DOUBLE.buffer)

/** Longer texts go to the buffer's own encoder, whose call costs more than copying a short one. */
const SHORT = 64

/**
 * Rows of one table until they are sent, as bytes outside the JavaScript heap, in one of ClickHouse's formats. No text is
 * made on the way.
 */
export class RowBuffer {
  private bytes = Buffer.allocUnsafeSlow(64 * 1024)
  private at = 0
  rows = 0

  private room(n: number): void {
    if (this.at + n <= this.bytes.length) return
    const next = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + n))
    this.bytes.copy(next, 0, 0, this.at)
    this.bytes = next
  }

  /** ASCII that needs no escapes. */
  raw(text: string): void {
    this.room(text.length)
    const { bytes } = this
    let at = this.at
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.at = at
  }

  /** As String() writes it. */
  number(v: number): void {
    if (v >>> 0 !== v) {
      this.raw(String(v))
      return
    }
    this.room(10)
    let digits = 1
    for (let over = 10; over <= v; over *= 10) digits++
    let rest = v
    for (let at = this.at + digits - 1; at >= this.at; at--) {
      const tenth = Math.floor(rest / 10)
      this.bytes[at] = 48 + rest - tenth * 10
      rest = tenth
    }
    this.at += digits
  }

  text(v: string): void {
    // UTF-8 takes three bytes at most for a unit of the string, an escape two.
    this.room(v.length * 3)
    if (v.length <= SHORT && this.plain(v)) return
    this.at += this.bytes.write(escaped(v), this.at, 'utf8')
  }

  /** Copies printable ASCII without escapes; false, and nothing copied, where there is anything else. */
  private plain(v: string): boolean {
    const { bytes } = this
    let at = this.at
    for (let i = 0; i < v.length; i++) {
      const c = v.charCodeAt(i)
      if (c < 0x20 || c > 0x7e || c === 0x27 || c === 0x5c) return false
      bytes[at++] = c
    }
    this.at = at
    return true
  }

  byte(v: number): void {
    this.room(1)
    this.bytes[this.at++] = v
  }

  /** Little-endian, the low `size` bytes; a number beyond them wraps as ClickHouse's own parsers do. */
  integer(v: number, size: 1 | 2 | 4 | 8): void {
    this.room(size)
    const { bytes } = this
    let at = this.at
    let low = v
    for (let i = 0; i < size && i < 4; i++) {
      bytes[at++] = low & 0xff
      low >>= 8
    }
    if (size === 8) {
      let high = Math.floor(v / 4_294_967_296)
      for (let i = 0; i < 4; i++) {
        bytes[at++] = high & 0xff
        high >>= 8
      }
    }
    this.at = at
  }

  float64(v: number): void {
    this.room(8)
    DOUBLE[0] = v
    this.bytes.set(DOUBLE_BYTES, this.at)
    this.at += 8
  }

  /** LEB128, the length of texts, arrays and maps. */
  size(n: number): void {
    this.room(5)
    let rest = n
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.at++] = rest
  }

  /** UTF-8 after its length. */
  sized(v: string): void {
    const n = v.length
    if (n <= SHORT) {
      this.room(n + 1)
      const { bytes } = this
      let at = this.at
      bytes[at++] = n
      let i = 0
      for (; i < n; i++) {
        const c = v.charCodeAt(i)
        if (c > 0x7f) break
        bytes[at++] = c
      }
      if (i === n) {
        this.at = at
        return
      }
    }
    const length = Buffer.byteLength(v)
    this.size(length)
    this.room(length)
    this.at += this.bytes.write(v, this.at, 'utf8')
  }

  take(): Buffer {
    const out = this.bytes.subarray(0, this.at)
    this.bytes = Buffer.allocUnsafeSlow(64 * 1024)
    this.at = 0
    this.rows = 0
    return out
  }
}
