import type { TopicSets } from '../stages/names.ts'
import { writeScores } from '../stages/scoring/checkpoint.ts'
import { inForce } from '../stages/scoring/in-force.ts'
import { beyond } from '../stages/windowing/apply.ts'
import { WINDOW_STATE } from '../stages/windowing/state.ts'
import { writeCheckpoint } from './checkpoint.ts'
import { Expired } from './expired.ts'
import { cutToLimits, type FoldedHistory, type HistoryOptions } from './fold.ts'
import type { HistoryCheckpoint, Met } from './kept.ts'

/** What is to be kept of a fold of all records before `asOf`, so that a later one can begin from it. Cuts the windows. */
export function keptOf(f: FoldedHistory, options: HistoryOptions, asOf: number): HistoryCheckpoint {
  const { versions } = inForce(options.scoring)
  const { windows, scores, from } = f
  const count = beyond(windows, options.ring, 0)
  const expired = (from?.expired ?? new Expired()).with(windows.ring, count)
  const met = { windows: { ...(from?.met.windows ?? NONE) }, scores: { ...(from?.met.scores ?? NONE) } }
  for (let i = 0; i < count; i++) meet(met.windows, windows.sets, windows.ring.set[i]!)
  const learned = f.opportunities.filter((o) => o.topics.length > 0)
  for (const o of learned.slice(0, learned.length - scores.ring.n))
    meet(met.scores, scores.sets, scores.sets.of(o.topics))
  const rows = cutToLimits(f, options)
  return {
    asOf,
    firstOffset: f.firstOffset,
    lastOffset: f.lastOffset,
    events: (from?.events ?? 0) + f.events,
    versions,
    mixed: isMixed(f, versions),
    windows,
    scores,
    rows,
    met,
    expired,
  }
}

const NONE: Met = { topics: 0, sets: 0 }

function meet(met: Met, sets: TopicSets, set: number): void {
  met.sets = Math.max(met.sets, set + 1)
  for (const t of sets.sets[set]!) met.topics = Math.max(met.topics, t + 1)
}

/** Whether the models learned a part of the history under other versions than `versions`. */
export function isMixed(f: FoldedHistory, versions: readonly string[]): boolean {
  return f.from !== null && f.from.scores.base !== null && (f.from.mixed || f.from.versions.join() !== versions.join())
}

/** Bytes with which an install_checkpoint command puts a checkpoint in the place of an empty state. */
export function seedOf(c: HistoryCheckpoint): Buffer {
  return writeCheckpoint({
    rows: c.rows,
    windows: WINDOW_STATE.encode(c.windows),
    scores: writeScores({ versions: c.versions, state: c.scores }),
  })
}
