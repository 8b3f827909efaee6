import type { RowBuffer } from './row-buffer.ts'

/**
 * ClickHouse's TabSeparated format (https://clickhouse.com/docs/interfaces/formats/TabSeparated): for rows that the
 * in-process engine has to take as text, and for readers of single rows.
 */
export type Encoder = (v: never, out: RowBuffer) => void

const number: Encoder = (v: number, out) => out.number(v)

const DAY_MS = 86_400_000
/** What DateTime64(3) holds; times beyond are shown as its ends. */
const EARLIEST = Date.UTC(1900, 0, 1)
const LATEST = Date.UTC(2299, 11, 31, 23, 59, 59, 999)
const TWO = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'))
const days = new Map<number, string>()

function dayText(day: number): string {
  let text = days.get(day)
  if (text === undefined) {
    text = `${new Date(day * DAY_MS).toISOString().slice(0, 10)} `
    if (days.size > 20_000) days.clear()
    days.set(day, text)
  }
  return text
}

/** The nearest time that DateTime64(3) can show, UTC milliseconds. */
export const clampInstant = (ms: number): number => Math.min(LATEST, Math.max(EARLIEST, ms))

/** UTC milliseconds as date and time. A bare number of seconds is read as a time only where it has ten digits. */
const instant: Encoder = (given: number, out) => {
  const ms = clampInstant(given)
  const day = Math.floor(ms / DAY_MS)
  const rest = ms - day * DAY_MS
  const seconds = Math.floor(rest / 1000)
  const minutes = Math.floor(seconds / 60)
  const thousandths = rest - seconds * 1000
  out.raw(
    `${dayText(day)}${TWO[Math.floor(minutes / 60)]}:${TWO[minutes % 60]}:${TWO[seconds % 60]}.${Math.floor(thousandths / 100)}${TWO[thousandths % 100]}`,
  )
}

const SCALARS: Record<string, Encoder> = {
  String: (v: string, out) => out.text(v),
  Bool: (v: boolean, out) => out.raw(v ? 'true' : 'false'),
  UInt8: number,
  UInt16: number,
  UInt32: number,
  UInt64: number,
  Int32: number,
  Int64: number,
  Float64: number,
  "DateTime64(3, 'UTC')": instant,
}

/** The encoder of a ClickHouse type, for a column or, `nested`, inside an array or map. Throws for types that no table uses. */
export function encoderOf(type: string, nested = false): Encoder {
  if (type === 'String' && nested)
    return (v: string, out) => {
      out.raw("'")
      out.text(v)
      out.raw("'")
    }
  const scalar = SCALARS[type]
  if (scalar) return scalar
  const wrapped = /^(LowCardinality|Nullable|Array)\((.*)\)$/.exec(type)
  if (wrapped?.[1] === 'LowCardinality') return encoderOf(wrapped[2]!, nested)
  if (wrapped?.[1] === 'Nullable') {
    const inner = encoderOf(wrapped[2]!, nested)
    const none = nested ? 'NULL' : '\\N'
    return (v, out) => (v === null ? out.raw(none) : inner(v, out))
  }
  if (wrapped) {
    const inner = encoderOf(wrapped[2]!, true)
    return (v: unknown[], out) => {
      out.raw('[')
      for (let i = 0; i < v.length; i++) {
        if (i > 0) out.raw(',')
        inner(v[i] as never, out)
      }
      out.raw(']')
    }
  }
  const map = /^Map\((.*), (\w+)\)$/.exec(type)
  if (map) {
    const key = encoderOf(map[1]!, true)
    const value = encoderOf(map[2]!, true)
    return (v: Record<string, unknown>, out) => {
      out.raw('{')
      let first = true
      for (const k in v) {
        if (!first) out.raw(',')
        first = false
        key(k as never, out)
        out.raw(':')
        value(v[k] as never, out)
      }
      out.raw('}')
    }
  }
  throw new Error(`No encoder for the ClickHouse type ${type}.`)
}

/** One row as a line. */
export function addLine(encoders: readonly Encoder[], row: readonly unknown[], out: RowBuffer): void {
  for (let i = 0; i < encoders.length; i++) {
    if (i > 0) out.raw('\t')
    encoders[i]!(row[i] as never, out)
  }
  out.raw('\n')
  out.rows++
}
