import type { ByteReader, ByteWriter } from '../stages/bytes.ts'
import type { Histogram } from './histogram.ts'

/** Seven bits a byte, lowest first. Whole numbers from 0 to 2^53. */
export function writeWhole(w: ByteWriter, value: number): void {
  let v = value
  while (v >= 128) {
    w.u8((v % 128) + 128)
    v = Math.floor(v / 128)
  }
  w.u8(v)
}

export function readWhole(r: ByteReader): number {
  let value = 0
  let unit = 1
  for (;;) {
    const b = r.u8()
    value += (b & 127) * unit
    if (b < 128) return value
    unit *= 128
  }
}

/** Counts, of which many are 0: the way to the next that is not, and its value. */
export function writeCounts(w: ByteWriter, counts: Float64Array): void {
  let filled = 0
  for (const c of counts) if (c !== 0) filled++
  writeWhole(w, filled)
  let last = -1
  counts.forEach((c, i) => {
    if (c === 0) return
    writeWhole(w, i - last - 1)
    writeWhole(w, c)
    last = i
  })
}

export function readCounts(r: ByteReader, counts: Float64Array): void {
  const filled = readWhole(r)
  let at = -1
  for (let k = 0; k < filled; k++) {
    at += readWhole(r) + 1
    counts[at] = readWhole(r)
  }
}

export function writeHistogram(w: ByteWriter, h: Histogram): void {
  writeCounts(w, h.counts)
  w.array(h.sums, h.sums.length)
}

/** Into a histogram of the same bins and measures. */
export function readHistogram(r: ByteReader, h: Histogram): Histogram {
  readCounts(r, h.counts)
  r.into(h.sums, h.sums.length)
  return h
}
