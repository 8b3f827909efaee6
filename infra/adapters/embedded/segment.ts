import type { LogAppend, LogRecord } from '@mastery/topology/ports/event-log.ts'

const HEAD = 14
/** In the place of a value's length: the record was forgotten, only its place is left. */
const HOLE = 0xffffffff

/** Segment: u32 count, then per record u16 key length, u32 value length, f64 timestamp, key, value. */
export function packSegment(records: readonly LogAppend[]): Buffer {
  let size = 4
  for (const r of records) size += HEAD + Buffer.byteLength(r.key) + r.value.length
  const buf = Buffer.allocUnsafe(size)
  let at = buf.writeUInt32LE(records.length, 0)
  for (const r of records) {
    const keyLength = Buffer.byteLength(r.key)
    at = buf.writeUInt16LE(keyLength, at)
    at = buf.writeUInt32LE(r.value.length, at)
    at = buf.writeDoubleLE(r.timestamp, at)
    at += buf.write(r.key, at, 'utf8')
    buf.set(r.value, at)
    at += r.value.length
  }
  return buf
}

/** Adds the records from offset `from` on to `out`, until it holds `max`. `base`: offset of the segment's first. */
export function unpackSegment(buf: Buffer, base: number, from: number, max: number, out: LogRecord[]): void {
  const count = buf.readUInt32LE(0)
  let at = 4
  for (let i = 0; i < count && out.length < max; i++) {
    const keyLength = buf.readUInt16LE(at)
    const valueLength = buf.readUInt32LE(at + 2)
    const start = at + HEAD
    if (valueLength === HOLE) {
      at = start
      continue
    }
    at = start + keyLength + valueLength
    if (base + i < from) continue
    out.push({
      offset: base + i,
      key: buf.toString('utf8', start, start + keyLength),
      value: buf.subarray(start + keyLength, at),
      timestamp: buf.readDoubleLE(start - 8),
    })
  }
}

/** The segment without a key's records, or with null those of any, before an offset, and how many those were; null where it has none of them. */
export function forgetIn(
  buf: Buffer,
  base: number,
  before: number,
  key: string | null,
  keep: (value: Buffer) => boolean,
): { segment: Buffer; count: number } | null {
  const wanted = key === null ? null : Buffer.from(key)
  const parts: Buffer[] = [buf.subarray(0, 4)]
  const total = buf.readUInt32LE(0)
  let at = 4
  let count = 0
  for (let i = 0; i < total; i++) {
    const keyLength = buf.readUInt16LE(at)
    const valueLength = buf.readUInt32LE(at + 2)
    const start = at + HEAD
    const end = valueLength === HOLE ? start : start + keyLength + valueLength
    const value = () => buf.subarray(start + keyLength, end)
    if (
      base + i < before &&
      valueLength !== HOLE &&
      (wanted === null || wanted.equals(buf.subarray(start, start + keyLength))) &&
      !keep(value())
    ) {
      const hole = Buffer.alloc(HEAD)
      hole.writeUInt32LE(HOLE, 2)
      parts.push(hole)
      count++
    } else parts.push(buf.subarray(at, end))
    at = end
  }
  return count === 0 ? null : { segment: Buffer.concat(parts), count }
}
