import type { FoldOp } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import { BLEND } from '../../models/blend/model.ts'
import { MODELS } from '../../models/catalog.ts'
import { SERVED } from '../../served/catalog.ts'
import { noteOf } from '../../served/notes.ts'
import { compareOrder } from '../windowing/ring.ts'
import { readScores } from './checkpoint.ts'
import { ensureTopics, insert, learn } from './fold.ts'
import type { InForce } from './in-force.ts'
import type { ScoreMeta } from './meta.ts'
import { BLEND_AT, Knowledge, MIXED_PARTS, NOT_SCORED, PARTS, ScoreState, SNAP_AT, TOPIC_WIDTH } from './state.ts'

/**
 * Brings a state to the versions in force: the ring is learned again under them, from the beginning, or from what was
 * prepared for what lies before it. Where nothing was prepared it begins with what earlier versions made of that, and
 * the state says so (`cut`). Served models that are new walk the ring when they are next asked. Gives whether anything
 * was to be done.
 */
export function takeUp(s: ScoreState, f: InForce): boolean {
  const prepared = s.prepared?.versions === f.key ? s.prepared : null
  if (prepared === null && s.versions === f.key) return false
  if (prepared !== null) s.base = prepared.base
  s.prepared = null
  s.versions = f.key
  s.cut = prepared === null && s.base !== null
  if (s.current.known === 0) return false
  learnAgain(s, f)
  return true
}

const scratch = new Float64Array(PARTS + 1)

function learnAgain(s: ScoreState, f: InForce): void {
  const before = s.current
  const k = s.base?.copy() ?? new Knowledge()
  ensureTopics(s, k, f.params)
  for (let i = 0; i < s.ring.n; i++) learn(s, k, f.params, i, scratch)
  k.served = before.served
  const speaks = (at: number) => f.served.some((v) => v.at === at && v.version === before.served[at]?.version)
  const spoke = SERVED.map((_, at) => speaks(at))
  const notes = speaks(SERVED.length) ? before.served[SERVED.length]!.values : null
  for (let t = 0; t < k.known; t++) {
    const at = t * TOPIC_WIDTH
    spoke.forEach((said, i) => {
      const place = at + SNAP_AT + MODELS.length + i
      k.topics[place] = said && t < before.known ? before.topics[place]! : NOT_SCORED
    })
    k.topics[at + BLEND_AT] =
      noteOf(notes, t) === null ? BLEND.combine(k.topics, at + SNAP_AT, MIXED_PARTS) : before.topics[at + BLEND_AT]!
  }
  s.current = k
}

/** What lies before a state's ring, from a fold of the whole history, with topics in the state's order; to be learned. */
export function beforeRing({ sets, baseEnd }: ScoreState, opportunities: Iterable<FoldOp>): ScoreState {
  const s = new ScoreState()
  for (const name of sets.topics.names) s.sets.topics.of(name)
  for (const o of opportunities) {
    const after = compareOrder(o.occurred_at, o.source_sequence, o.event_hash, baseEnd.t, baseEnd.seq, baseEnd.id) > 0
    if (o.topics.length > 0 && !after) insert(s, o, s.ring.n)
  }
  return s
}

/** The versions that will be in force once the prepared one of model `to` is. */
export function versionsToBe(meta: ScoreMeta, to: string): ScoreMeta {
  const prepared = meta.prepared.get(to)
  return prepared === undefined ? meta : { ...meta, active: new Map(meta.active).set(to, prepared) }
}

/**
 * Keeps what was folded, under versions that are prepared, of all that lies before the ring. False where it ends
 * elsewhere than the state's own checkpoint does: somebody has to fold again.
 */
export function keepPrepared(s: ScoreState, bytes: Uint8Array, student: string): boolean {
  const made = madeOf(bytes, student)
  if (made?.base == null || s.base === null || s.stale) return false
  const { baseEnd, base, sets, versions } = made
  if (baseEnd.t !== s.baseEnd.t || baseEnd.seq !== s.baseEnd.seq || baseEnd.id !== s.baseEnd.id) return false
  // Topics go by their place.
  if (sets.topics.names.some((name, t) => s.sets.topics.names[t] !== name)) return false
  s.prepared = { versions, base }
  return true
}

/** Null for bytes of another build. */
function madeOf(bytes: Uint8Array, student: string): ScoreState | null {
  try {
    return readScores(bytes, student).state
  } catch {
    return null
  }
}
