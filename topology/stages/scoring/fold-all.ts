import type { FoldOp } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { RingLimits } from '../windowing/apply.ts'
import { ensureTopics, insert, learn, type ParamSet } from './fold.ts'
import { PARTS, type ScoreState } from './state.ts'
import { trimScores } from './trim.ts'

const scratch = new Float64Array(PARTS + 1)

/**
 * Folds a whole history, in fold order, into a state that is empty or has nothing but a checkpoint; the same doubles as
 * the stream's, and cut where the opportunities alone say. Without limits the ring is left whole.
 */
export function foldAll(s: ScoreState, ops: Iterable<FoldOp>, limits: RingLimits | null, params: ParamSet): void {
  for (const op of ops) if (op.topics.length > 0) insert(s, op, s.ring.n)
  if (s.base !== null) {
    ensureTopics(s, s.base, params)
    s.current = s.base.copy()
  }
  ensureTopics(s, s.current, params)
  for (let i = 0; i < s.ring.n; i++) learn(s, s.current, params, i, scratch)
  if (limits !== null) trimScores(s, limits, params, 0)
}
