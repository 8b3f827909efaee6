import { MODELS } from '../../models/catalog.ts'
import type { StateCodec } from '../../stage.ts'
import { ByteReader, ByteWriter, expectFormat } from '../bytes.ts'
import { TopicSets } from '../names.ts'
import { FoldRing } from './fold-ring.ts'

const SCORE_STATE_VERSION = 1

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
/** Snapshot of each model's mastery right after the topic's newest opportunity, the blend last. */
export const SNAP_AT = topicWidth
export const LAST_AT = SNAP_AT + MODELS.length + 1
export const COUNT_AT = LAST_AT + 1
export const TOPIC_WIDTH = COUNT_AT + 1
export const STUDENT_WIDTH = studentWidth

/** What the models know of one student at one place in the fold. */
export class Knowledge {
  student = new Float64Array(STUDENT_WIDTH)
  topics = new Float64Array(TOPIC_WIDTH * 4)
  /** Topics that have been set up; further ones start at their priors when first met. */
  known = 0

  copy(): Knowledge {
    const k = new Knowledge()
    k.student = this.student.slice()
    k.topics = this.topics.slice()
    k.known = this.known
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
}

function writeKnowledge(w: ByteWriter, k: Knowledge): void {
  w.u16(k.known)
  w.array(k.student, STUDENT_WIDTH)
  w.array(k.topics, k.known * TOPIC_WIDTH)
}

function readKnowledge(r: ByteReader): Knowledge {
  const k = new Knowledge()
  k.known = r.u16()
  r.into(k.student, STUDENT_WIDTH)
  k.topics = new Float64Array(Math.max(4, k.known + 2) * TOPIC_WIDTH)
  r.into(k.topics, k.known * TOPIC_WIDTH)
  return k
}

export const SCORE_STATE: StateCodec<ScoreState> = {
  empty: () => new ScoreState(),
  encode(s) {
    const w = new ByteWriter(256 + s.ring.n * 41 + s.current.known * TOPIC_WIDTH * 8)
    w.u8(SCORE_STATE_VERSION)
    w.u8((s.stale ? 1 : 0) | (s.base ? 2 : 0))
    w.u16(s.sets.topics.names.length)
    for (const name of s.sets.topics.names) w.text(name)
    s.sets.writeSets(w)
    writeKnowledge(w, s.current)
    if (s.base) writeKnowledge(w, s.base)
    w.f64(s.baseEnd.t)
    w.f64(s.baseEnd.seq)
    w.f64(s.baseEnd.id)
    s.ring.write(w)
    return w.finish()
  },
  decode(bytes, key) {
    const r = new ByteReader(bytes)
    expectFormat(r, SCORE_STATE_VERSION, 'The score state of student ', key)
    const s = new ScoreState()
    const flags = r.u8()
    s.stale = (flags & 1) !== 0
    const names: string[] = []
    const topics = r.u16()
    for (let i = 0; i < topics; i++) names.push(r.text())
    s.sets.restore(names, r)
    s.current = readKnowledge(r)
    if (flags & 2) s.base = readKnowledge(r)
    s.baseEnd = { t: r.f64(), seq: r.f64(), id: r.f64() }
    s.ring = FoldRing.read(r)
    return s
  },
}
