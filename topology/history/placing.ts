import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { impose } from '../stages/windowing/corrections.ts'
import { place } from '../stages/windowing/entry.ts'
import { compareOrder, DEAD, EVIDENCE, GRADED, HELD, MET, SERVER } from '../stages/windowing/ring.ts'
import { type Applied, settleGroup } from '../stages/windowing/settle.ts'
import type { WindowState } from '../stages/windowing/state.ts'
import type { HistoryCheckpoint } from './kept.ts'
import { placeKept } from './resume.ts'

/** An event that is to be placed. */
export interface Arrived {
  event: LearningEvent
  offset: number
  id: number
  t: number
}

/** A fold that has begun, from a checkpoint or from nothing. */
interface Begun {
  from: HistoryCheckpoint | null
  behind: number
}

/**
 * Puts what a checkpoint keeps and new events into an empty ring, in fold order, and settles which of them count. Gives
 * the places of what the checkpoint kept.
 */
export function placeAll(s: WindowState, events: readonly Arrived[], out: Begun): number[] {
  const { ring } = s
  const old = out.from?.windows ?? null
  const groups = new Map<number, number[]>()
  const alone: number[] = []
  const places: number[] = []
  const placed = (at: number) => {
    if (s.corrections.length > 0) impose(s, at)
    if ((ring.flags[at]! & EVIDENCE) === 0) return
    const opp = ring.opp[at]!
    const group = opp === 0 ? undefined : groups.get(opp)
    if (group) group.push(at)
    else if (opp === 0) alone.push(at)
    else groups.set(opp, [at])
  }
  let next = 0
  const keptBefore = (a: Arrived | null) => {
    for (; old !== null && next < old.ring.n; next++) {
      const r = old.ring
      const order =
        a === null ? -1 : compareOrder(r.t[next]!, r.seq[next]!, r.id[next]!, a.t, a.event.source_sequence, a.id)
      if (order > 0) return
      places.push(ring.n)
      placeKept(s, old, next)
      placed(ring.n - 1)
    }
  }
  for (const a of events) {
    keptBefore(a)
    place(s, ring.n, a.event, a.t, a.id)
    placed(ring.n - 1)
  }
  keptBefore(null)
  const settled: Applied = { disposition: 'context', clamped: false, ops: [], topics: new Set() }
  for (const at of alone) settleGroup(s, [at], settled)
  for (const [opp, group] of groups) settleGroup(s, group, settled, -1, beatenBy(s, opp, group, out))
  for (let i = 0; i < ring.n; i++) if ((ring.flags[i]! & HELD) !== 0) ring.flags[i] = ring.flags[i]! | MET
  return places
}

/** Whether of one opportunity something counts that has left the ring: it is older than all of `group`. */
function beatenBy(s: WindowState, opp: number, group: readonly number[], out: Begun): boolean {
  const gone = out.from?.expired.opportunities.get(opp)
  if (gone === undefined) return false
  const candidate = (bits: number) => group.some((i) => (s.ring.flags[i]! & (GRADED | DEAD | bits)) === (GRADED | bits))
  const wins = gone.best === 2 || (gone.best === 1 && !candidate(SERVER))
  const settled = gone.counts || candidate(0)
  // The models have it in their checkpoint, or have not; counts of activity likewise: what is gone can't be changed.
  if (wins !== gone.counts || (gone.open && settled) || (gone.outranked && !settled)) out.behind++
  return gone.counts
}
