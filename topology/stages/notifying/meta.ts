import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { Marks, readHashes, Times, writeHashes } from '../marks.ts'

const NOTIFY_META_VERSION = 1

/** What the notifying stage keeps of its partition. */
export interface NotifyMeta {
  /** Up to here all that was decided has come: the least over the sources of the greatest tick heard. */
  now: number
  /** Greatest tick of each source partition. */
  heard: Times
  /** Newest (offset, ordinal) taken from each source partition. */
  marks: Marks
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

export const NOTIFY_META: StateCodec<NotifyMeta> = {
  empty: () => ({
    now: 0,
    heard: new Times(),
    marks: new Marks(),
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
    m.heard.write(w)
    m.marks.write(w)
    for (const texts of [m.policies, m.prepared, m.rosters]) writeTexts(w, texts)
    for (const set of [m.markers, m.passed]) writeHashes(w, set)
    return w.finish()
  },
  decode(bytes) {
    const r = new ByteReader(bytes)
    expectFormat(r, NOTIFY_META_VERSION, "The notifying stage's partition state")
    const m = NOTIFY_META.empty('')
    m.now = r.f64()
    m.heard = Times.read(r)
    m.marks = Marks.read(r)
    m.policies = readTexts(r)
    m.prepared = readTexts(r)
    m.rosters = readTexts(r)
    m.markers = readHashes(r)
    m.passed = readHashes(r)
    return m
  },
}
