import type { ByteReader, ByteWriter } from '../stages/bytes.ts'
import type { Adwin } from './detectors/adwin.ts'
import { readCounts, readHistogram, readWhole, writeCounts, writeHistogram, writeWhole } from './histogram-bytes.ts'
import { readSeries, writeSeries } from './series-bytes.ts'
import { type Detectors, SeriesState, type Windows } from './series-state.ts'
import type { ClosedWindow, Dispersion } from './window.ts'

export function writeSeriesState(w: ByteWriter, s: SeriesState): void {
  writeSeries(w, s.series, s.labels, s.bins)
  for (const windows of [s.week, s.count]) writeWindows(w, windows)
  if (s.detectors !== null) writeDetectors(w, s.detectors)
}

export function readSeriesState(r: ByteReader): SeriesState {
  const { series, labels, bins } = readSeries(r)
  const s = new SeriesState(series, bins, labels)
  for (const windows of [s.week, s.count]) readWindows(r, windows, s)
  if (s.detectors !== null) readDetectors(r, s.detectors)
  return s
}

function writeWindows(w: ByteWriter, x: Windows): void {
  w.f64(x.from)
  w.u8(x.open === null ? 0 : 1)
  if (x.open !== null) writeHistogram(w, x.open)
  w.u8(x.shown.length)
  for (const s of x.shown) w.u8(s ? 1 : 0)
  w.u8(x.drifting ? 1 : 0)
  w.u16(x.past.length)
  for (const c of x.past) writeClosed(w, c)
}

function readWindows(r: ByteReader, x: Windows, s: SeriesState): void {
  x.from = r.f64()
  if (r.u8() === 1) x.open = readHistogram(r, s.blank())
  x.shown = Array.from({ length: r.u8() }, () => r.u8() === 1)
  x.drifting = r.u8() === 1
  x.past = Array.from({ length: r.u16() }, () => readClosed(r, s.bins))
}

function writeDispersion(w: ByteWriter, d: Dispersion): void {
  w.f64(d.sum)
  w.u16(d.df)
}

const readDispersion = (r: ByteReader): Dispersion => ({ sum: r.f64(), df: r.u16() })

function writeClosed(w: ByteWriter, c: ClosedWindow): void {
  w.f64(c.from)
  w.f64(c.to)
  writeCounts(w, c.counts)
  writeDispersion(w, c.groups)
  w.u8(c.measures.length)
  for (const m of c.measures) {
    w.f64(m.mean)
    w.f64(m.variance)
    writeDispersion(w, m.groups)
  }
}

function readClosed(r: ByteReader, bins: number): ClosedWindow {
  const from = r.f64()
  const to = r.f64()
  const counts = new Float64Array(bins)
  readCounts(r, counts)
  let n = 0
  for (const c of counts) n += c
  const groups = readDispersion(r)
  const measures = Array.from({ length: r.u8() }, () => ({
    mean: r.f64(),
    variance: r.f64(),
    groups: readDispersion(r),
  }))
  return { from, to, n, counts, groups, measures }
}

function writeDetectors(w: ByteWriter, { pageHinkley: p, adwin: a, found }: Detectors): void {
  for (const v of [p.n, p.mean, p.sum]) w.f64(v)
  writeWhole(w, a.ticks)
  writeWhole(w, a.width)
  w.f64(a.total)
  w.f64(a.squares)
  w.u8(a.rows.length)
  for (const row of a.rows) {
    w.u8(row.length)
    for (const b of row) {
      w.f64(b.total)
      w.f64(b.squares)
    }
  }
  w.u8(found.length)
  for (const f of found) w.text(f)
}

function readDetectors(r: ByteReader, d: Detectors): void {
  const { pageHinkley: p, adwin: a } = d
  p.n = r.f64()
  p.mean = r.f64()
  p.sum = r.f64()
  a.ticks = readWhole(r)
  a.width = readWhole(r)
  a.total = r.f64()
  a.squares = r.f64()
  const rows: Adwin['rows'] = []
  for (let n = r.u8(); n > 0; n--)
    rows.push(Array.from({ length: r.u8() }, () => ({ total: r.f64(), squares: r.f64() })))
  a.rows = rows
  d.found = Array.from({ length: r.u8() }, () => r.text())
}
