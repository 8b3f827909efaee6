import type { FoldOp, TopicFeatures } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { hash53 } from '../events/hash.ts'
import { writeScores } from '../stages/scoring/checkpoint.ts'
import { foldAll } from '../stages/scoring/fold-all.ts'
import { inForce } from '../stages/scoring/in-force.ts'
import type { ScoreMeta } from '../stages/scoring/meta.ts'
import { ScoreState } from '../stages/scoring/state.ts'
import { topicScore } from '../stages/scoring/topic-score.ts'
import { type RingLimits, trim } from '../stages/windowing/apply.ts'
import { applyCommand, correctionOf } from '../stages/windowing/commands.ts'
import { keep } from '../stages/windowing/corrections.ts'
import { correctionBy, sameContent, timeOf } from '../stages/windowing/entry.ts'
import { compareOrder, HELD } from '../stages/windowing/ring.ts'
import { opAt } from '../stages/windowing/settle.ts'
import { WINDOW_STATE, WindowState } from '../stages/windowing/state.ts'
import { topicWindows } from '../stages/windowing/windows.ts'
import { writeCheckpoint } from './checkpoint.ts'
import type { HistoryCheckpoint } from './kept.ts'
import { type Arrived, placeAll } from './placing.ts'
import { resumeScores, resumeWindows, standingOf, targetExpired, touchedSince } from './resume.ts'

/** One record of a student's history, as learning.events held it. */
export type HistoryRecord =
  | { subject: 'learning-event'; offset: number; value: LearningEvent }
  | { subject: 'student-command'; offset: number; value: StudentCommand }

export interface HistoryOptions {
  ring: RingLimits
  /** Window lengths in days, ascending. */
  days: readonly number[]
  /** Model versions in force. */
  scoring: ScoreMeta
  /** Leaves the scores' ring whole: `serveFolded` lets the served models speak and cuts it. */
  whole?: boolean
}

/** What the history of one student comes to. */
export interface FoldedHistory {
  student: string
  /** With the whole history, or all since a checkpoint, in its ring; `checkpointOf` cuts it to its limits. */
  windows: WindowState
  scores: ScoreState
  /** Least and greatest offset among the records, those in a checkpoint included; -1 without any. */
  firstOffset: number
  lastOffset: number
  /** Events that were read: those after the checkpoint. */
  events: number
  duplicates: number
  /** Offsets of events that came under the id of another one. */
  conflicts: number[]
  /** Events that an erasure keeps out. */
  erased: number
  /** The checkpoint that it began from, null where it holds the whole history. */
  from: HistoryCheckpoint | null
  /**
   * What came after the checkpoint and concerns events whose records are gone: late events from before its ring,
   * corrections of what left it, evidence that changes what counted there. They are left out; with none of them, the
   * fold is that of the whole history to the bit.
   */
  behind: number
  /** Rows of topics that nothing has touched since the checkpoint, as the whole history gave them. */
  carried: ReadonlyMap<string, TopicFeatures>
  /** What the models learned, in fold order, as far back as the checkpoint keeps it. */
  opportunities: readonly FoldOp[]
}

/**
 * Folds a student's whole history in event order, whatever the order of arrival: the state that the stream would hold
 * had every record come in time. `records` ascend by offset. Of several events under one id the first counts. With a
 * checkpoint, records that it contains are passed over, and the others give what the whole history gives.
 */
export function foldHistory(
  student: string,
  records: Iterable<HistoryRecord>,
  options: HistoryOptions,
  from: HistoryCheckpoint | null = null,
): FoldedHistory {
  const s = new WindowState()
  let kept = from
  const out = blank(student, s, from)
  let arrived: Arrived[] = []
  let targets: number[] = []
  if (kept !== null) {
    s.corrections = [...kept.windows.corrections]
    s.erasure = kept.windows.erasure && { ...kept.windows.erasure }
  }
  for (const r of records) {
    if (from !== null && r.offset < from.asOf) continue
    out.lastOffset = r.offset
    if (out.firstOffset < 0) out.firstOffset = r.offset
    if (r.subject === 'student-command') {
      if (r.value.kind === 'erase' || r.value.kind === 'readmit') {
        const { disposition } = applyCommand(s, r.value)
        if (disposition !== 'erased') continue
        arrived = []
        targets = []
        kept = null
      } else if (s.erasure?.floor !== Number.POSITIVE_INFINITY) {
        const correction = correctionOf(r.value)
        if (correction !== null && keep(s, correction)) targets.push(correction.target)
      }
      continue
    }
    out.events++
    const e = r.value
    const t = timeOf(e)
    if (s.erasure !== null && t <= s.erasure.floor) {
      out.erased++
      continue
    }
    const correction = correctionBy(e)
    if (correction === null) arrived.push({ event: e, offset: r.offset, id: hash53(e.event_id), t })
    else if (keep(s, correction)) targets.push(correction.target)
    else out.duplicates++
  }
  out.from = kept
  if (kept !== null) {
    for (const target of targets) if (targetExpired(s, target, kept)) out.behind++
    resumeWindows(s, kept)
  }
  const places = placeAll(s, firstOfEach(arrived, out), out)
  if (kept !== null) {
    const touched = touchedSince(s, kept.windows, places)
    out.carried = new Map(kept.rows.filter((r) => !touched.has(r.topic)).map((r) => [r.topic, r]))
  }
  const { scores, older } = kept === null ? { scores: new ScoreState(), older: [] } : resumeScores(kept)
  out.scores = scores
  out.opportunities = [...older, ...opportunities(s)]
  foldAll(scores, out.opportunities, options.whole ? null : options.ring, inForce(options.scoring).params)
  return out
}

function blank(student: string, windows: WindowState, from: HistoryCheckpoint | null): FoldedHistory {
  return {
    student,
    windows,
    scores: new ScoreState(),
    firstOffset: from?.firstOffset ?? -1,
    lastOffset: from?.lastOffset ?? -1,
    events: 0,
    duplicates: 0,
    conflicts: [],
    erased: 0,
    from: null,
    behind: 0,
    carried: new Map(),
    opportunities: [],
  }
}

function firstOfEach(arrived: readonly Arrived[], out: FoldedHistory): Arrived[] {
  const first = new Map<number, Arrived>()
  for (const a of arrived) {
    const known = first.get(a.id)
    if (known === undefined) {
      const standing = out.from === null ? 'new' : standingOf(a.event, a.id, out.from)
      if (standing === 'new') first.set(a.id, a)
      else if (standing === 'duplicate') out.duplicates++
      else if (standing === 'conflict') out.conflicts.push(a.offset)
      // A view counts for nothing where it is alone; what it might have been paired with is not asked any more.
      else if (a.event.role !== 'view') out.behind++
    } else if (sameContent(known.event, a.event)) out.duplicates++
    else out.conflicts.push(a.offset)
  }
  const sort = (a: Arrived, b: Arrived) =>
    compareOrder(a.t, a.event.source_sequence, a.id, b.t, b.event.source_sequence, b.id)
  return [...first.values()].sort(sort)
}

function* opportunities(s: WindowState) {
  for (let i = 0; i < s.ring.n; i++) if ((s.ring.flags[i]! & HELD) !== 0) yield opAt(s, i, 'insert')
}

/**
 * The current feature rows, one per topic, each as of its newest event. One that is approximate counts activity whose
 * records are gone.
 */
export function featureRowsOf(f: FoldedHistory, days: readonly number[]): TopicFeatures[] {
  return f.windows.sets.topics.names.map((name, t) => {
    const row = topicWindows(f.windows, t, days)
    return row.approximate ? (f.carried.get(name) ?? row) : row
  })
}

/** The current score rows, one per topic that has had an opportunity. */
export function scoreRowsOf(f: FoldedHistory, scoring: ScoreMeta): TopicScore[] {
  const rows: TopicScore[] = []
  for (let t = 0; t < f.scores.current.known; t++) rows.push(topicScore(f.scores, t, scoring, null, 0))
  return rows
}

/** Cuts the windows to what a stage keeps, and gives the rows that can't be computed from that any more. */
export function cutToLimits(f: FoldedHistory, options: HistoryOptions): TopicFeatures[] {
  const whole = f.from !== null || f.windows.ring.n > options.ring.min ? featureRowsOf(f, options.days) : []
  trim(f.windows, options.ring, 0)
  return whole.filter((r, t) => !r.approximate && topicWindows(f.windows, t, options.days).approximate)
}

/**
 * Bytes that an install_checkpoint command carries. The windows are cut to what a stage keeps; rows that can't be
 * computed from that any more go with them.
 */
export function checkpointOf(f: FoldedHistory, options: HistoryOptions): Buffer {
  const rows = cutToLimits(f, options)
  return writeCheckpoint({
    rows,
    windows: WINDOW_STATE.encode(f.windows),
    scores: writeScores({ versions: inForce(options.scoring).versions, state: f.scores }),
  })
}
