import { Histogram } from '../../drift/histogram.ts'
import { readHistogram, writeHistogram } from '../../drift/histogram-bytes.ts'
import type { TrainedReference } from '../../drift/reference.ts'
import { measuresOf, seriesKey } from '../../drift/series.ts'
import { readSeries, writeSeries } from '../../drift/series-bytes.ts'
import { readSeriesState, writeSeriesState } from '../../drift/series-state-bytes.ts'
import { readReference, referenceText } from '../../drift/training-reference.ts'
import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { Marks, Times } from '../marks.ts'
import { type Pending, TenantDrift } from './tenant.ts'

const FORMAT = 2
/** What was written before versions brought references. */
const WITHOUT_REFERENCES = 1
const WIDTHS = { count: 'u16', partition: 'u16' } as const

/** What is known of the partitions of a stage's output. */
export interface Sources {
  count: number
  /** By partition: up to when its buckets are closed, UTC milliseconds. */
  closed: Times
  /** By partition: the newest record taken from it. */
  marks: Marks
}

/**
 * State of a partition of drift.partials: everything of the tenants whose key falls into it. A round holds all series of
 * a tenant, and begins with a record that is nobody's, so the series can't be states of keys of their own.
 */
export class DriftMeta {
  readonly sources = new Map<string, Sources>()
  readonly tenants = new Map<string, TenantDrift>()
  /** Of model versions, for all tenants: how they did when they were trained. */
  readonly references = new Map<string, TrainedReference>()
  /** Buckets that end at or before it have been worked off. */
  wholeUntil = 0

  source(stage: string): Sources {
    let s = this.sources.get(stage)
    if (s === undefined) this.sources.set(stage, (s = { count: 0, closed: new Times(), marks: new Marks() }))
    return s
  }

  tenant(name: string): TenantDrift {
    let t = this.tenants.get(name)
    if (t === undefined) this.tenants.set(name, (t = new TenantDrift()))
    return t
  }
}

export const DRIFT_META: StateCodec<DriftMeta> = {
  empty: () => new DriftMeta(),
  encode(m) {
    const w = new ByteWriter(65_536)
    w.u8(FORMAT)
    w.f64(m.wholeUntil)
    w.u8(m.sources.size)
    for (const [stage, s] of m.sources) {
      w.text(stage)
      w.u16(s.count)
      s.closed.write(w, WIDTHS)
      s.marks.write(w, WIDTHS)
    }
    w.u32(m.tenants.size)
    for (const [name, t] of m.tenants) {
      w.text(name)
      writeTenant(w, t)
    }
    w.u16(m.references.size)
    for (const [version, { since, windows }] of m.references) {
      w.text(version)
      w.f64(since)
      w.text(referenceText(windows))
    }
    return w.finish()
  },
  decode(bytes) {
    const r = new ByteReader(bytes)
    const format = bytes[0] === WITHOUT_REFERENCES ? WITHOUT_REFERENCES : FORMAT
    expectFormat(r, format, "The drift stage's partition state")
    const m = new DriftMeta()
    m.wholeUntil = r.f64()
    for (let n = r.u8(); n > 0; n--) {
      const s = m.source(r.text())
      s.count = r.u16()
      s.closed = Times.read(r, WIDTHS)
      s.marks = Marks.read(r, WIDTHS)
    }
    for (let n = r.u32(); n > 0; n--) readTenant(r, m.tenant(r.text()))
    for (let n = format === FORMAT ? r.u16() : 0; n > 0; n--) {
      const version = r.text()
      m.references.set(version, { since: r.f64(), windows: readReference(r.text()) })
    }
    return m
  },
}

function writeTenant(w: ByteWriter, t: TenantDrift): void {
  w.f64(t.week)
  w.u8(t.first ? 1 : 0)
  w.u32(t.empty)
  w.u32(t.series.size)
  for (const s of t.series.values()) writeSeriesState(w, s)
  w.u16(t.pending.size)
  for (const [from, { to, series }] of t.pending) {
    w.f64(from)
    w.f64(to)
    w.u32(series.size)
    for (const { series: s, labels, histogram } of series.values()) {
      writeSeries(w, s, labels, histogram.bins)
      writeHistogram(w, histogram)
    }
  }
}

function readTenant(r: ByteReader, t: TenantDrift): void {
  t.week = r.f64()
  t.first = r.u8() === 1
  t.empty = r.u32()
  for (let n = r.u32(); n > 0; n--) t.put(readSeriesState(r))
  for (let n = r.u16(); n > 0; n--) {
    const from = r.f64()
    const pending: Pending = { to: r.f64(), series: new Map() }
    for (let k = r.u32(); k > 0; k--) {
      const { series, labels, bins } = readSeries(r)
      const histogram = readHistogram(r, new Histogram(bins, measuresOf(series)))
      pending.series.set(seriesKey(series), { series, labels, histogram })
    }
    t.pending.set(from, pending)
  }
}
