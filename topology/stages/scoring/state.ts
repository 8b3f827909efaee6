import { hash53 } from '../../events/hash.ts'
import { MODELS } from '../../models/catalog.ts'
import { MIXED, SERVED, SERVED_AND_BLEND } from '../../served/catalog.ts'
import { UNKNOWN } from '../../served/served.ts'
import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { TopicSets } from '../names.ts'
import { FoldRing } from './fold-ring.ts'

const SCORE_STATE_VERSION = 3
/** Says nothing of the versions that it was learned under; else the same. */
const WITHOUT_VERSIONS = 2

/** Models that are folded for everybody, then those that are served where a version is in force. */
export const PARTS = MODELS.length + SERVED.length
/** Of these, from the first on, those that the plain mean is made of. */
export const MIXED_PARTS = MODELS.length + MIXED.length

/** Offsets into a topic's slots: the models' own, a snapshot per model and the blend, then time and count. */
export const MODEL_AT: number[] = []
export const STUDENT_AT: number[] = []
let topicWidth = 0
let studentWidth = 0
for (const m of MODELS) {
  MODEL_AT.push(topicWidth)
  STUDENT_AT.push(studentWidth)
  topicWidth += m.topicSlots
  studentWidth += m.studentSlots
}
/**
 * Snapshot of each part's mastery right after the topic's newest opportunity, the blend last. A served model that has
 * said nothing has NOT_SCORED.
 */
export const SNAP_AT = topicWidth
export const BLEND_AT = SNAP_AT + PARTS
export const LAST_AT = BLEND_AT + 1
export const COUNT_AT = LAST_AT + 1
export const TOPIC_WIDTH = COUNT_AT + 1
export const STUDENT_WIDTH = studentWidth

export const NOT_SCORED = UNKNOWN

/**
 * What stands where in a state: another list of models, or other slots, is another layout. Served models are added at the
 * end of the list, so that a state of a build with fewer of them can be read.
 */
const layoutOf = (served: number) =>
  hash53(
    JSON.stringify([MODELS.map((m) => [m.id, m.studentSlots, m.topicSlots]), SERVED.slice(0, served).map((m) => m.id)]),
  )
const LAYOUT = layoutOf(SERVED.length)
/** Layouts that can be read, with how many served models there were. */
const SERVED_IN = new Map(Array.from({ length: SERVED.length + 1 }, (_, n) => [layoutOf(n), n]))

/** What a served model carries from one opportunity to the next, and the version that made it. */
export interface Carried {
  version: number
  /** Null for models that carry nothing. */
  values: Float64Array | null
}

export const NONE_SERVED: (Carried | null)[] = SERVED_AND_BLEND.map(() => null)

/** What the models know of one student at one place in the fold. */
export class Knowledge {
  student = new Float64Array(STUDENT_WIDTH)
  topics = new Float64Array(TOPIC_WIDTH * 4)
  /** Topics that have been set up; further ones start at their priors when first met. */
  known = 0
  /** By place in SERVED_AND_BLEND; null where no version has been in force. Never changed in place. */
  served: (Carried | null)[] = NONE_SERVED

  copy(): Knowledge {
    const k = new Knowledge()
    k.student = this.student.slice()
    k.topics = this.topics.slice()
    k.known = this.known
    k.served = this.served
    return k
  }
}

export class ScoreState {
  sets = new TopicSets()
  ring = new FoldRing()
  /** After the whole ring. */
  current = new Knowledge()
  /** Before the ring's first opportunity; null: before anything. */
  base: Knowledge | null = null
  /** Place of the newest opportunity inside `base`. */
  baseEnd = { t: Number.NEGATIVE_INFINITY, seq: 0, id: 0 }
  stale = false
  /** `InForce.key` of the versions under which the whole ring was last learned; 0: not known. */
  versions = 0
  /** Other versions came into force and nothing was prepared for them: `base` was made, in part, under earlier ones. */
  cut = false
  /** What is known before the ring under versions that are yet to come into force. */
  prepared: { versions: number; base: Knowledge } | null = null
}

function writeKnowledge(w: ByteWriter, k: Knowledge): void {
  w.u16(k.known)
  w.array(k.student, STUDENT_WIDTH)
  w.array(k.topics, k.known * TOPIC_WIDTH)
  const carried = k.served.flatMap((c, i) => (c === null ? [] : [{ id: SERVED_AND_BLEND[i]!.id, ...c }]))
  w.u8(carried.length)
  for (const { id, version, values } of carried) {
    w.text(id)
    w.f64(version)
    w.u32(values === null ? 0 : 1 + values.length)
    if (values !== null) w.array(values, values.length)
  }
}

/** @param missing served models that the build which wrote it did not have */
function readKnowledge(r: ByteReader, missing: number): Knowledge {
  const k = new Knowledge()
  k.known = r.u16()
  r.into(k.student, STUDENT_WIDTH)
  k.topics = new Float64Array(Math.max(4, k.known + 2) * TOPIC_WIDTH)
  const width = TOPIC_WIDTH - missing
  r.into(k.topics, k.known * width)
  for (let t = k.known - 1; missing > 0 && t >= 0; t--) {
    const [from, to] = [t * width, t * TOPIC_WIDTH]
    k.topics.copyWithin(to + BLEND_AT, from + BLEND_AT - missing, from + width)
    k.topics.copyWithin(to, from, from + BLEND_AT - missing)
    k.topics.fill(NOT_SCORED, to + BLEND_AT - missing, to + BLEND_AT)
  }
  const carried = r.u8()
  if (carried > 0) k.served = [...NONE_SERVED]
  for (let i = 0; i < carried; i++) {
    const id = r.text()
    const version = r.f64()
    const n = r.u32()
    const values = n === 0 ? null : new Float64Array(n - 1)
    if (values !== null) r.into(values, n - 1)
    const at = SERVED_AND_BLEND.findIndex((m) => m.id === id)
    // A model that this build does not serve any more is forgotten.
    if (at >= 0) k.served[at] = { version, values }
  }
  return k
}

export const SCORE_STATE: StateCodec<ScoreState> = {
  empty: () => new ScoreState(),
  encode(s) {
    const w = new ByteWriter(256 + s.ring.n * 45 + s.current.known * TOPIC_WIDTH * 8)
    w.u8(SCORE_STATE_VERSION)
    w.f64(LAYOUT)
    w.u8((s.stale ? 1 : 0) | (s.base ? 2 : 0) | (s.cut ? 4 : 0) | (s.prepared ? 8 : 0))
    w.f64(s.versions)
    w.u16(s.sets.topics.names.length)
    for (const name of s.sets.topics.names) w.text(name)
    s.sets.writeSets(w)
    writeKnowledge(w, s.current)
    if (s.base) writeKnowledge(w, s.base)
    if (s.prepared) {
      w.f64(s.prepared.versions)
      writeKnowledge(w, s.prepared.base)
    }
    w.f64(s.baseEnd.t)
    w.f64(s.baseEnd.seq)
    w.f64(s.baseEnd.id)
    s.ring.write(w)
    return w.finish()
  },
  decode(bytes, key) {
    const r = new ByteReader(bytes)
    const written = bytes[0] === WITHOUT_VERSIONS ? WITHOUT_VERSIONS : SCORE_STATE_VERSION
    expectFormat(r, written, 'The score state of student ', key)
    const served = SERVED_IN.get(r.f64())
    if (served === undefined)
      throw new Error(
        `The score state of student ${key} was written by a build with other models. Compute it again from the events, in an empty data folder or as a new generation.`,
      )
    const missing = SERVED.length - served
    const s = new ScoreState()
    const flags = r.u8()
    s.stale = (flags & 1) !== 0
    s.cut = (flags & 4) !== 0
    if (written === SCORE_STATE_VERSION) s.versions = r.f64()
    const names: string[] = []
    const topics = r.u16()
    for (let i = 0; i < topics; i++) names.push(r.text())
    s.sets.restore(names, r)
    s.current = readKnowledge(r, missing)
    if (flags & 2) s.base = readKnowledge(r, missing)
    if (flags & 8) s.prepared = { versions: r.f64(), base: readKnowledge(r, missing) }
    s.baseEnd = { t: r.f64(), seq: r.f64(), id: r.f64() }
    s.ring = FoldRing.read(r)
    return s
  },
}
