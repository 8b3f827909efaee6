import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { TopicSets } from '../names.ts'
import { EventRing } from './ring.ts'

/** Format of the bytes and of the numeric kernel that made them. A state of another version is refused, not guessed at. */
const WINDOW_STATE_VERSION = 3

/** What supersedes an event, or another correction: corrections.ts says which of several holds. */
export interface Correction {
  target: number
  at: number
  id: number
  /** New score in millionths; null voids the target. */
  value: number | null
}

export class WindowState {
  ring = new EventRing()
  sets = new TopicSets()
  corrections: Correction[] = []
  /** What the ring does not hold any more, per topic index. */
  gone: Gone[] = []
  /** Place in fold order of the newest event that left the ring; what comes before it can no longer be placed. */
  evicted = { t: Number.NEGATIVE_INFINITY, seq: 0, id: 0 }
  /** Something came that is older than the ring, or that corrects what may have left it. */
  stale = false
  /** Offset of the newest record that was applied; -1 before the first. */
  lastOffset = -1
  /** Null for a student who was never erased. */
  erasure: Erasure | null = null

  /** The record of what left the ring on a topic. */
  goneOf(topic: number): Gone {
    while (this.gone.length <= topic) this.gone.push({ attempts: 0, last: Number.NEGATIVE_INFINITY })
    return this.gone[topic]!
  }
}

/** What stays of an erased student: enough to know what must not come back. */
export interface Erasure {
  /** Events at or before this event time are dropped for good; infinity until the student is readmitted. */
  floor: number
  /** When the erasure was issued, UTC milliseconds. */
  at: number
  /** Hashes of the command ids that were carried out, so that one of them twice does nothing. */
  eraseId: number
  readmitId: number
  /** Those of the erasures and readmissions before these, the newest last: a copy of one of them does nothing either. */
  earlier: readonly number[]
}

/** Commands before the newest that are remembered per student: eight erasures and their readmissions. */
export const EARLIER_COMMANDS = 16

export interface Gone {
  /** Graded opportunities that left the ring. */
  attempts: number
  /** Time of the newest activity that left the ring or came too late for it; minus infinity: none did. */
  last: number
}

function encode(s: WindowState): Uint8Array {
  const w = new ByteWriter(256 + s.ring.n * 69)
  w.u8(WINDOW_STATE_VERSION)
  w.u8((s.stale ? 1 : 0) | (s.erasure ? 2 : 0) | (s.erasure && s.erasure.earlier.length > 0 ? 4 : 0))
  w.f64(s.lastOffset)
  if (s.erasure) {
    w.f64(s.erasure.floor)
    w.f64(s.erasure.at)
    w.f64(s.erasure.eraseId)
    w.f64(s.erasure.readmitId)
    if (s.erasure.earlier.length > 0) {
      w.u8(s.erasure.earlier.length)
      for (const id of s.erasure.earlier) w.f64(id)
    }
  }
  w.u16(s.sets.topics.names.length)
  for (const [i, name] of s.sets.topics.names.entries()) {
    w.text(name)
    const gone = s.goneOf(i)
    w.u32(gone.attempts)
    w.f64(gone.last)
  }
  s.sets.writeSets(w)
  w.u32(s.corrections.length)
  for (const c of s.corrections) {
    w.f64(c.target)
    w.f64(c.at)
    w.f64(c.id)
    w.f64(c.value ?? -1)
  }
  w.f64(s.evicted.t)
  w.f64(s.evicted.seq)
  w.f64(s.evicted.id)
  s.ring.write(w)
  return w.finish()
}

function decode(bytes: Uint8Array, key: string): WindowState {
  const r = new ByteReader(bytes)
  expectFormat(r, WINDOW_STATE_VERSION, 'The window state of student ', key)
  const s = new WindowState()
  const bits = r.u8()
  s.stale = (bits & 1) !== 0
  s.lastOffset = r.f64()
  if (bits & 2) {
    const newest = { floor: r.f64(), at: r.f64(), eraseId: r.f64(), readmitId: r.f64() }
    // States of students who were erased once at most have no list.
    const earlier = bits & 4 ? Array.from({ length: r.u8() }, () => r.f64()) : []
    s.erasure = { ...newest, earlier }
  }
  const names: string[] = []
  const topics = r.u16()
  for (let i = 0; i < topics; i++) {
    names.push(r.text())
    s.gone.push({ attempts: r.u32(), last: r.f64() })
  }
  s.sets.restore(names, r)
  const corrections = r.u32()
  for (let i = 0; i < corrections; i++) {
    const target = r.f64()
    const at = r.f64()
    const id = r.f64()
    const value = r.f64()
    s.corrections.push({ target, at, id, value: value < 0 ? null : value })
  }
  s.evicted = { t: r.f64(), seq: r.f64(), id: r.f64() }
  s.ring = EventRing.read(r)
  return s
}

export const WINDOW_STATE: StateCodec<WindowState> = { empty: () => new WindowState(), encode, decode }

/** State of one input partition. */
export interface WindowMeta {
  /** Greatest tick, UTC milliseconds; 0 before the first. */
  now: number
}

export const WINDOW_META: StateCodec<WindowMeta> = {
  empty: () => ({ now: 0 }),
  encode(m) {
    const w = new ByteWriter(16)
    w.u8(WINDOW_STATE_VERSION)
    w.f64(m.now)
    return w.finish()
  },
  decode(bytes) {
    const r = new ByteReader(bytes)
    expectFormat(r, WINDOW_STATE_VERSION, "The windowing stage's partition state")
    return { now: r.f64() }
  },
}
