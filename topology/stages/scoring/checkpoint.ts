import { ByteReader, ByteWriter } from '../bytes.ts'
import { SCORE_STATE, type ScoreState } from './state.ts'

/** A student's scores as another process computed them, and the model versions that it computed with. */
export interface ScoreCheckpoint {
  /** In the order of the models, the blend, then a policy that is on. */
  versions: readonly string[]
  state: ScoreState
}

export function writeScores(c: ScoreCheckpoint): Uint8Array {
  const state = SCORE_STATE.encode(c.state)
  const w = new ByteWriter(64 + state.length)
  w.u16(c.versions.length)
  for (const v of c.versions) w.text(v)
  w.u32(state.length)
  w.array(state, state.length)
  return w.finish()
}

/** Throws an Error that says what is wrong with the bytes. */
export function readScores(bytes: Uint8Array, student: string): ScoreCheckpoint {
  const r = new ByteReader(bytes)
  const versions = Array.from({ length: r.u16() }, () => r.text())
  const state = new Uint8Array(r.u32())
  r.into(state, state.length)
  return { versions, state: SCORE_STATE.decode(state, student) }
}
