import type { RowBuffer } from './row-buffer.ts'
import { clampInstant } from './tab-separated.ts'

/** ClickHouse's RowBinary (https://clickhouse.com/docs/interfaces/formats/RowBinary); decision 0002 says why. */
export type BinaryEncoder = (v: never, out: RowBuffer) => void

const integer =
  (size: 1 | 2 | 4 | 8): BinaryEncoder =>
  (v: number, out) => {
    if (!Number.isInteger(v)) throw new TypeError(`${v} is not an integer, and a column of gold needs one.`)
    out.integer(v, size)
  }

const SCALARS: Record<string, BinaryEncoder> = {
  String: (v: string, out) => out.sized(v),
  Bool: (v: boolean, out) => out.byte(v ? 1 : 0),
  UInt8: integer(1),
  UInt16: integer(2),
  UInt32: integer(4),
  UInt64: integer(8),
  Int32: integer(4),
  Int64: integer(8),
  Float64: (v: number, out) => out.float64(v),
  "DateTime64(3, 'UTC')": (ms: number, out) => out.integer(clampInstant(ms), 8),
}

/** The encoder of a ClickHouse type. Throws for types that no table uses. */
export function binaryEncoderOf(type: string): BinaryEncoder {
  const scalar = SCALARS[type]
  if (scalar) return scalar
  const wrapped = /^(LowCardinality|Nullable|Array)\((.*)\)$/.exec(type)
  if (wrapped) {
    const inner = binaryEncoderOf(wrapped[2]!)
    if (wrapped[1] === 'LowCardinality') return inner
    if (wrapped[1] === 'Nullable')
      return (v, out) => {
        out.byte(v === null ? 1 : 0)
        if (v !== null) inner(v, out)
      }
    return (v: unknown[], out) => {
      out.size(v.length)
      for (let i = 0; i < v.length; i++) inner(v[i] as never, out)
    }
  }
  const map = /^Map\((.*), (\w+)\)$/.exec(type)
  if (map) {
    const key = binaryEncoderOf(map[1]!)
    const value = binaryEncoderOf(map[2]!)
    return (v: Record<string, unknown>, out) => {
      const names = Object.keys(v)
      out.size(names.length)
      for (const k of names) {
        key(k as never, out)
        value(v[k] as never, out)
      }
    }
  }
  throw new Error(`No encoder for the ClickHouse type ${type}.`)
}

export function addBinary(encoders: readonly BinaryEncoder[], row: readonly unknown[], out: RowBuffer): void {
  for (let i = 0; i < encoders.length; i++) encoders[i]!(row[i] as never, out)
  out.rows++
}
