import type { FoldOp } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { hash53 } from '../events/hash.ts'
import { EVENT_KINDS } from '../events/kinds.ts'
import type { TopicSets } from '../stages/names.ts'
import { Knowledge, ScoreState } from '../stages/scoring/state.ts'
import { givenBy, sameAs, timeOf } from '../stages/windowing/entry.ts'
import { CAME_GRADED, compareOrder, EVIDENCE, GRADED, MET, SERVER, VIEW } from '../stages/windowing/ring.ts'
import type { WindowState } from '../stages/windowing/state.ts'
import { isActivity } from '../stages/windowing/windows.ts'
import { contentHash } from './expired.ts'
import type { HistoryCheckpoint, Met } from './kept.ts'

/** What an event is to a checkpoint that did not contain it. */
export type Standing =
  | 'new'
  | 'duplicate'
  | 'conflict'
  /** It belongs before the ring, among events whose records are gone: it can't be placed. */
  | 'behind'

export function standingOf(e: LearningEvent, id: number, { windows, expired }: HistoryCheckpoint): Standing {
  const at = windows.ring.find(id)
  if (at >= 0) return sameAs(windows, at, e) ? 'duplicate' : 'conflict'
  const t = timeOf(e)
  const gone = expired.events.get(id)
  if (gone !== undefined)
    return gone === contentHash(t, givenBy(e), e.item === null ? 0 : hash53(e.item)) ? 'duplicate' : 'conflict'
  const { evicted } = windows
  return compareOrder(t, e.source_sequence, id, evicted.t, evicted.seq, evicted.id) <= 0 ? 'behind' : 'new'
}

/** Whether a correction's target has expired, through a chain of corrections too: nothing can carry it out then. */
export function targetExpired(s: WindowState, target: number, { expired }: HistoryCheckpoint): boolean {
  for (let steps = 0; steps <= s.corrections.length; steps++) {
    if (expired.events.has(target)) return true
    const up = s.corrections.find((c) => c.id === target)
    if (up === undefined) return false
    target = up.target
  }
  return false
}

/** Names what has left the ring, in its order; what is left and what comes is named in theirs, as if all were there. */
function nameAgain(into: TopicSets, from: TopicSets, met: Met): void {
  for (const name of from.topics.names.slice(0, met.topics)) into.topics.of(name)
  for (const set of from.sets.slice(0, met.sets)) into.of(set.map((t) => from.topics.names[t]!))
}

/** Begins a fold: everything of the checkpoint but its ring, which is placed anew among what came after it. */
export function resumeWindows(s: WindowState, { windows, met }: HistoryCheckpoint): void {
  nameAgain(s.sets, windows.sets, met.windows)
  s.gone = windows.gone.slice(0, met.windows.topics).map((g) => ({ ...g }))
  s.evicted = { ...windows.evicted }
}

/** Puts entry `i` of the checkpoint's ring behind the others, as its event came: what holds of it is found out anew. */
export function placeKept(s: WindowState, from: WindowState, i: number): void {
  const { ring } = s
  const old = from.ring
  const at = ring.n
  const topics = from.sets.sets[old.set[i]!]!.map((t) => from.sets.topics.names[t]!)
  ring.open(at)
  ring.t[at] = old.t[i]!
  ring.seq[at] = old.seq[i]!
  ring.id[at] = old.id[i]!
  ring.item[at] = old.item[i]!
  ring.link[at] = old.link[i]!
  ring.opp[at] = old.opp[i]!
  ring.value[at] = old.given[i]!
  ring.given[at] = old.given[i]!
  ring.response[at] = old.response[i]!
  ring.aux[at] = old.aux[i]!
  ring.set[at] = s.sets.of(topics)
  ring.kind[at] = old.kind[i]!
  const came = old.flags[i]! & (EVIDENCE | VIEW | SERVER | CAME_GRADED)
  ring.flags[at] = came | ((came & CAME_GRADED) !== 0 ? GRADED : 0)
}

/** Begins the models' fold: their checkpoint, and the opportunities that they keep and the windows no longer do. */
export function resumeScores(k: HistoryCheckpoint): { scores: ScoreState; older: FoldOp[] } {
  const scores = new ScoreState()
  const { base, baseEnd, ring, sets } = k.scores
  nameAgain(scores.sets, sets, k.met.scores)
  if (base !== null) {
    scores.base = base.copy()
    // Topics that the checkpoint has set up and not met are set up again, in the order in which they are met now.
    scores.base.known = k.met.scores.topics
    scores.baseEnd = { ...baseEnd }
  } else scores.base = null
  scores.current = new Knowledge()
  const older: FoldOp[] = []
  const { evicted } = k.windows
  for (let i = 0; i < ring.n; i++) {
    if (compareOrder(ring.t[i]!, ring.seq[i]!, ring.id[i]!, evicted.t, evicted.seq, evicted.id) > 0) break
    older.push({
      op: 'insert',
      event_hash: ring.id[i]!,
      occurred_at: ring.t[i]!,
      source_sequence: ring.seq[i]!,
      item_hash: ring.item[i]!,
      topics: sets.sets[ring.set[i]!]!.map((t) => sets.topics.names[t]!),
      score_micro: ring.score[i]!,
      kind: EVENT_KINDS[ring.kind[i]!]!,
      hints: ring.hints[i]!,
      response_ms: ring.response[i]!,
    })
  }
  return { scores, older }
}

/** Topics whose activity is another one than at the checkpoint. `places`: of the checkpoint's entries in the new ring. */
export function touchedSince(s: WindowState, from: WindowState, places: readonly number[]): Set<string> {
  const touched = new Set<string>()
  const touch = (i: number) => {
    for (const t of s.sets.sets[s.ring.set[i]!]!) touched.add(s.sets.topics.names[t]!)
  }
  const kept = new Set(places)
  for (let i = 0; i < s.ring.n; i++) if (!kept.has(i) && isActivity(s.ring.flags[i]!)) touch(i)
  places.forEach((i, j) => {
    if (((s.ring.flags[i]! ^ from.ring.flags[j]!) & ~MET) !== 0 || s.ring.value[i] !== from.ring.value[j]) touch(i)
  })
  return touched
}
