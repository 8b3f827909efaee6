import type { RingLimits } from '../windowing/apply.ts'
import { DAY_MS } from '../windowing/windows.ts'
import { ensureTopics, learn, type ParamSet } from './fold.ts'
import type { FoldRing } from './fold-ring.ts'
import { Knowledge, PARTS, type ScoreState } from './state.ts'

const scratch = new Float64Array(PARTS + 1)

/**
 * Where to cut, at `count` or before it: not between opportunities that share a time, since the predictions of the
 * later ones are made from what lies before all of them. A ring of a single time is cut anyway: memory is bounded.
 */
function cutBetweenTimes(ring: FoldRing, count: number): number {
  let cut = count
  while (cut > 0 && ring.t[cut - 1] === ring.t[cut]) cut--
  return cut > 0 || ring.t[0] !== ring.t[ring.n - 1] ? cut : count
}

/** Checkpoints are made of this many opportunities at a time at least. */
const CHECKPOINT_SLACK = 64

/** How many opportunities, the oldest, the ring has beyond its limits; up to `slack` more are let be. */
export function beyondLimits({ ring }: ScoreState, limits: RingLimits, slack = CHECKPOINT_SLACK): number {
  if (ring.n <= limits.min + slack) return 0
  const horizon = ring.t[ring.n - 1]! - limits.days * DAY_MS
  const free = ring.n - limits.min
  let count = 0
  while (count < free && ring.t[count]! <= horizon) count++
  if (ring.n - count > limits.max) count = ring.n - limits.max
  return count > 0 ? cutBetweenTimes(ring, count) : 0
}

/** Opportunities that a ring may hold beyond its limits for as long as a prepared checkpoint waits for its switch. */
const HELD_FOR_SWITCH = 1_024

/**
 * How many opportunities are to leave the ring. A prepared checkpoint ends where the state's own does, so that both stay
 * where they are until the switch; one that waits for too long is given up.
 */
export function toEvict(s: ScoreState, limits: RingLimits, slack = CHECKPOINT_SLACK): number {
  const count = beyondLimits(s, limits, slack)
  if (count === 0 || s.prepared === null) return count
  if (count <= HELD_FOR_SWITCH) return 0
  s.prepared = null
  return count
}

/** Keeps the ring within its limits. */
export function trimScores(s: ScoreState, limits: RingLimits, params: ParamSet, slack = CHECKPOINT_SLACK): void {
  const count = toEvict(s, limits, slack)
  if (count === 0) return
  learnBase(s, count, params)
  evictLearned(s, count)
}

/** The checkpoint learns the oldest opportunities, which then are to be evicted. */
export function learnBase(s: ScoreState, count: number, params: ParamSet): Knowledge {
  const base = s.base ?? new Knowledge()
  ensureTopics(s, base, params)
  for (let i = 0; i < count; i++) learn(s, base, params, i, scratch)
  s.base = base
  return base
}

export function evictLearned(s: ScoreState, count: number): void {
  s.baseEnd = { t: s.ring.t[count - 1]!, seq: s.ring.seq[count - 1]!, id: s.ring.id[count - 1]! }
  s.ring.evict(count)
}
