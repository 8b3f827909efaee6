import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'

const NOTIFY_META_VERSION = 1

/** What the notifying stage keeps of its partition. */
export interface NotifyMeta {
  /** Up to here all that was decided has come: the least over the sources of the greatest tick heard. */
  now: number
  /** Greatest tick of each source partition. */
  heard: Map<number, number>
  /** Newest (offset, ordinal) taken from each source partition. */
  marks: Map<number, { offset: number; ordinal: number }>
  /** Payloads of alert policies, by tenant and version, the newest last. */
  policies: Map<string, string>
  /** Payloads of prepared rosters, by tenant and version, the newest last. */
  prepared: Map<string, string>
  /** Payloads of the rosters in force, by source partition and tenant: each source switches at a place of its own. */
  rosters: Map<string, string>
  /** Hashes of the ids of all markers that were carried out, per source. */
  markers: Set<number>
  /** Hashes of the ids of markers that were passed on. */
  passed: Set<number>
}

function writeTexts(w: ByteWriter, m: Map<string, string>): void {
  w.u32(m.size)
  for (const [key, value] of m) {
    w.text(key)
    w.text(value)
  }
}

function readTexts(r: ByteReader): Map<string, string> {
  const m = new Map<string, string>()
  for (let n = r.u32(); n > 0; n--) m.set(r.text(), r.text())
  return m
}

function writeSet(w: ByteWriter, s: Set<number>): void {
  w.u32(s.size)
  for (const id of s) w.f64(id)
}

function readSet(r: ByteReader): Set<number> {
  const s = new Set<number>()
  for (let n = r.u32(); n > 0; n--) s.add(r.f64())
  return s
}

export const NOTIFY_META: StateCodec<NotifyMeta> = {
  empty: () => ({
    now: 0,
    heard: new Map(),
    marks: new Map(),
    policies: new Map(),
    prepared: new Map(),
    rosters: new Map(),
    markers: new Set(),
    passed: new Set(),
  }),
  encode(m) {
    const w = new ByteWriter(512)
    w.u8(NOTIFY_META_VERSION)
    w.f64(m.now)
    w.u32(m.heard.size)
    for (const [source, at] of m.heard) {
      w.u32(source)
      w.f64(at)
    }
    w.u32(m.marks.size)
    for (const [source, { offset, ordinal }] of m.marks) {
      w.u32(source)
      w.f64(offset)
      w.u32(ordinal)
    }
    for (const texts of [m.policies, m.prepared, m.rosters]) writeTexts(w, texts)
    for (const set of [m.markers, m.passed]) writeSet(w, set)
    return w.finish()
  },
  decode(bytes) {
    const r = new ByteReader(bytes)
    expectFormat(r, NOTIFY_META_VERSION, "The notifying stage's partition state")
    const m = NOTIFY_META.empty('')
    m.now = r.f64()
    for (let n = r.u32(); n > 0; n--) m.heard.set(r.u32(), r.f64())
    for (let n = r.u32(); n > 0; n--) m.marks.set(r.u32(), { offset: r.f64(), ordinal: r.u32() })
    m.policies = readTexts(r)
    m.prepared = readTexts(r)
    m.rosters = readTexts(r)
    m.markers = readSet(r)
    m.passed = readSet(r)
    return m
  },
}
