import type { TopicFeatures } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import { ByteReader, ByteWriter, expectFormat } from '../stages/bytes.ts'
import { SCORE_STATE, type ScoreState } from '../stages/scoring/state.ts'
import { WINDOW_STATE, type WindowState } from '../stages/windowing/state.ts'
import { Expired } from './expired.ts'

const VERSION = 1

/** How many topics and sets of topics were met by what has left a ring; the others are named anew by what comes. */
export interface Met {
  topics: number
  sets: number
}

/**
 * A student's history up to an offset, folded in event order: with every record from there on it gives what the fold of
 * the whole history gives. Written before events expire.
 */
export interface HistoryCheckpoint {
  /** Every record of the student before this offset of learning.events is contained, none from it on. */
  asOf: number
  /** Offsets of the student's first and newest record in it. */
  firstOffset: number
  lastOffset: number
  /** Events contained. */
  events: number
  /** Model versions that the scores were folded with, in the order of the models, the blend, then a policy that is on. */
  versions: readonly string[]
  /** An earlier part of the scores was folded with other versions than these. */
  mixed: boolean
  /** Cut to what a stage keeps. */
  windows: WindowState
  scores: ScoreState
  /** Rows of topics that `windows` does not reach back to, as the whole history gave them. */
  rows: readonly TopicFeatures[]
  met: { windows: Met; scores: Met }
  expired: Expired
}

function writePart(w: ByteWriter, bytes: Uint8Array): void {
  w.u32(bytes.length)
  w.array(bytes, bytes.length)
}

function readPart(r: ByteReader, most: number): Uint8Array {
  const n = r.u32()
  if (n > most) throw new Error('It is cut short.')
  const bytes = new Uint8Array(n)
  r.into(bytes, n)
  return bytes
}

export function writeKept(c: HistoryCheckpoint): Buffer {
  const windows = WINDOW_STATE.encode(c.windows)
  const scores = SCORE_STATE.encode(c.scores)
  const w = new ByteWriter(512 + windows.length + scores.length + c.expired.events.size * 21)
  w.u8(VERSION)
  for (const x of [c.asOf, c.firstOffset, c.lastOffset, c.events]) w.f64(x)
  w.u8(c.mixed ? 1 : 0)
  w.u16(c.versions.length)
  for (const v of c.versions) w.text(v)
  for (const { topics, sets } of [c.met.windows, c.met.scores]) {
    w.u16(topics)
    w.u16(sets)
  }
  writePart(w, windows)
  writePart(w, scores)
  // Decimal text gives a double back to the bit.
  writePart(w, Buffer.from(JSON.stringify(c.rows)))
  c.expired.write(w)
  return Buffer.from(w.finish())
}

/** @throws Error that says what is wrong with the bytes */
export function readKept(bytes: Uint8Array, student: string): HistoryCheckpoint {
  const r = new ByteReader(bytes)
  expectFormat(r, VERSION, 'The checkpoint of student ', student)
  const [asOf, firstOffset, lastOffset, events] = [r.f64(), r.f64(), r.f64(), r.f64()]
  const mixed = r.u8() === 1
  const versions = Array.from({ length: r.u16() }, () => r.text())
  const met = () => ({ topics: r.u16(), sets: r.u16() })
  const [inWindows, inScores] = [met(), met()]
  return {
    asOf,
    firstOffset,
    lastOffset,
    events,
    versions,
    mixed,
    met: { windows: inWindows, scores: inScores },
    windows: WINDOW_STATE.decode(readPart(r, bytes.length), student),
    scores: SCORE_STATE.decode(readPart(r, bytes.length), student),
    rows: JSON.parse(Buffer.from(readPart(r, bytes.length)).toString()) as TopicFeatures[],
    expired: Expired.read(r),
  }
}
