import { Histogram } from '../../drift/histogram.ts'
import { readHistogram, writeHistogram } from '../../drift/histogram-bytes.ts'
import { measuresOf, type Series, seriesKey } from '../../drift/series.ts'
import { readSeries, writeSeries } from '../../drift/series-bytes.ts'
import type { Subjects } from '../../drift/subjects.ts'
import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { Marks } from '../marks.ts'

const FORMAT = 2
/** What was written before subjects were watched. */
const WITHOUT_SUBJECTS = 1
const WIDTHS = { count: 'u16', partition: 'u32' } as const

/** A series within a bucket of a tenant. */
export interface Entry {
  series: Series
  labels: readonly string[]
  histogram: Histogram
}

/** All series of a tenant within a bucket. */
export class OpenBucket {
  readonly entries = new Map<string, Entry>()
  /** The same, by the places that a stage gives its series: looked up for every row. */
  readonly places: (Entry | undefined)[] = []

  entry(series: Series, labels: readonly string[], bins: number): Entry {
    const key = seriesKey(series)
    let e = this.entries.get(key)
    if (e === undefined) {
      e = { series, labels, histogram: new Histogram(bins, measuresOf(series)) }
      this.entries.set(key, e)
    }
    return e
  }
}

/** State of a partition: nothing of any student. Times in UTC milliseconds. */
export class SourceMeta {
  now = 0
  /** Buckets that end at or before it are closed. */
  closedUntil = 0
  /** Since the last closing. */
  late = 0
  leftOut = 0
  /** Newest (offset, ordinal) taken from each partition that the input was made from. */
  marks = new Marks()
  /** By tenant: the subjects of its topics; empty, or none, where they are not watched apart. */
  readonly subjects = new Map<string, Subjects>()
  /** By begin and tenant. */
  readonly buckets = new Map<number, Map<string, OpenBucket>>()

  bucket(from: number, tenant: string): OpenBucket {
    let tenants = this.buckets.get(from)
    if (tenants === undefined) this.buckets.set(from, (tenants = new Map()))
    let open = tenants.get(tenant)
    if (open === undefined) tenants.set(tenant, (open = new OpenBucket()))
    return open
  }
}

export const SOURCE_META: StateCodec<SourceMeta> = {
  empty: () => new SourceMeta(),
  encode(m) {
    const w = new ByteWriter(4096)
    w.u8(FORMAT)
    for (const v of [m.now, m.closedUntil, m.late, m.leftOut]) w.f64(v)
    m.marks.write(w, WIDTHS)
    w.u16(m.buckets.size)
    for (const [from, tenants] of m.buckets) {
      w.f64(from)
      w.u32(tenants.size)
      for (const [tenant, { entries }] of tenants) {
        w.text(tenant)
        w.u32(entries.size)
        for (const { series, labels, histogram } of entries.values()) {
          writeSeries(w, series, labels, histogram.bins)
          writeHistogram(w, histogram)
        }
      }
    }
    w.u16(m.subjects.size)
    for (const [tenant, subjects] of m.subjects) {
      w.text(tenant)
      w.u32(subjects.size)
      for (const [topic, subject] of subjects) {
        w.text(topic)
        w.text(subject)
      }
    }
    return w.finish()
  },
  decode(bytes) {
    const r = new ByteReader(bytes)
    const format = bytes[0] === WITHOUT_SUBJECTS ? WITHOUT_SUBJECTS : FORMAT
    expectFormat(r, format, 'The partition state of a drift stage')
    const m = new SourceMeta()
    m.now = r.f64()
    m.closedUntil = r.f64()
    m.late = r.f64()
    m.leftOut = r.f64()
    m.marks = Marks.read(r, WIDTHS)
    for (let n = r.u16(); n > 0; n--) {
      const from = r.f64()
      for (let k = r.u32(); k > 0; k--) {
        const open = m.bucket(from, r.text())
        for (let i = r.u32(); i > 0; i--) {
          const { series, labels, bins } = readSeries(r)
          readHistogram(r, open.entry(series, labels, bins).histogram)
        }
      }
    }
    for (let n = format === FORMAT ? r.u16() : 0; n > 0; n--) {
      const subjects = new Map<string, string>()
      m.subjects.set(r.text(), subjects)
      for (let k = r.u32(); k > 0; k--) subjects.set(r.text(), r.text())
    }
    return m
  },
}
