import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { Marks, readHashes, writeHashes } from '../marks.ts'

const SCORE_META_VERSION = 2
const WIDTHS = { count: 'u16', partition: 'u32' } as const

/** A model version that is in force from some marker on. */
export interface ActiveModel {
  version: string
  /** Parameters as the marker brought them; null: the model's defaults. */
  payload: string | null
}

export interface ScoreMeta {
  now: number
  /** Newest (offset, ordinal) taken from each partition of learning.events. */
  marks: Marks
  /** Versions in force, by model id. */
  active: Map<string, ActiveModel>
  /** Versions that a prepare marker brought and that may be activated. */
  prepared: Map<string, ActiveModel>
  /**
   * Hashes of the ids of all markers that were carried out. An owner of the stage before that was replaced may send one
   * again long after the next: it must not bring the old version back.
   */
  markers: Set<number>
}

function writeActive(w: ByteWriter, m: Map<string, ActiveModel>): void {
  w.u16(m.size)
  for (const [id, a] of m) {
    w.text(id)
    w.text(a.version)
    w.u8(a.payload === null ? 0 : 1)
    if (a.payload !== null) w.text(a.payload)
  }
}

function readActive(r: ByteReader): Map<string, ActiveModel> {
  const m = new Map<string, ActiveModel>()
  const n = r.u16()
  for (let i = 0; i < n; i++) {
    const id = r.text()
    const version = r.text()
    m.set(id, { version, payload: r.u8() === 0 ? null : r.text() })
  }
  return m
}

export const SCORE_META: StateCodec<ScoreMeta> = {
  empty: () => ({ now: 0, marks: new Marks(), active: new Map(), prepared: new Map(), markers: new Set() }),
  encode(m) {
    const w = new ByteWriter(256)
    w.u8(SCORE_META_VERSION)
    w.f64(m.now)
    m.marks.write(w, WIDTHS)
    writeActive(w, m.active)
    writeActive(w, m.prepared)
    writeHashes(w, m.markers)
    return w.finish()
  },
  decode(bytes) {
    const r = new ByteReader(bytes)
    expectFormat(r, SCORE_META_VERSION, "The scoring stage's partition state")
    const now = r.f64()
    const marks = Marks.read(r, WIDTHS)
    return { now, marks, active: readActive(r), prepared: readActive(r), markers: readHashes(r) }
  },
}
