import type { FoldedHistory } from '../history/fold.ts'
import { MODELS } from '../models/catalog.ts'
import type { TopicSets } from '../stages/names.ts'
import { MODEL_IDS } from '../stages/scoring/in-force.ts'
import { MODEL_AT, NOT_SCORED, type ScoreState, SNAP_AT, STUDENT_AT, TOPIC_WIDTH } from '../stages/scoring/state.ts'
import { compareOrder, MET } from '../stages/windowing/ring.ts'
import type { WindowState } from '../stages/windowing/state.ts'
import { counts } from '../stages/windowing/windows.ts'
import { fieldIndex } from './fields.ts'
import type { Findings } from './tally.ts'

const EVENT = fieldIndex('state.event')
const ATTEMPTS = fieldIndex('state.attempts_total')
const OPPORTUNITY = fieldIndex('state.opportunity', 'all')
const KNOWLEDGE = MODEL_IDS.map((m) => fieldIndex('state.knowledge', m))

interface Place {
  t: number
  seq: number
  id: number
}

/** What two rings have in common, so that one walk compares either kind. */
interface Ring {
  n: number
  t: Float64Array
  seq: Float64Array
  id: Float64Array
}

/**
 * Compares the states themselves: rows that nobody has touched lately would not show that something in them has
 * changed. Where one side reaches further back, what both hold is compared.
 */
export function compareStates(
  f: FoldedHistory,
  stored: { windows: WindowState | null; knowledge: ScoreState | null },
  found: Findings,
  withScores: boolean,
): void {
  const { windows, knowledge } = stored
  if (windows === null) {
    if (f.windows.ring.n > 0) found.row('', EVENT, 'missing')
  } else {
    compareEvents(f.windows, windows, found)
    compareAttempts(f.windows, windows, found)
  }
  if (!withScores) return
  if (knowledge === null) {
    if (f.scores.ring.n > 0 || f.scores.base !== null) found.row('', OPPORTUNITY, 'missing')
    return
  }
  compareOpportunities(f.scores, knowledge, found)
  compareKnowledge(f.scores, knowledge, found)
}

/** Walks two rings in fold order behind `after`: `same` says of two entries at one place whether they are equal. */
function walk(
  a: Ring,
  b: Ring,
  after: Place,
  same: (i: number, j: number) => boolean,
  tell: (kind: 'mismatch' | 'missing' | 'extra' | null, i: number, j: number) => void,
): void {
  const from = (r: Ring) => {
    let i = 0
    while (i < r.n && compareOrder(r.t[i]!, r.seq[i]!, r.id[i]!, after.t, after.seq, after.id) <= 0) i++
    return i
  }
  let i = from(a)
  let j = from(b)
  while (i < a.n || j < b.n) {
    const order =
      i >= a.n ? 1 : j >= b.n ? -1 : compareOrder(a.t[i]!, a.seq[i]!, a.id[i]!, b.t[j]!, b.seq[j]!, b.id[j]!)
    if (order === 0) tell(same(i, j) ? null : 'mismatch', i++, j++)
    else if (order < 0) tell('missing', i++, j)
    else tell('extra', i, j++)
  }
}

const later = (a: Place, b: Place) => (compareOrder(a.t, a.seq, a.id, b.t, b.seq, b.id) >= 0 ? a : b)

/** Gives whether two sets of topics are the same, each index pair looked at once. */
function sameSets(a: TopicSets, b: TopicSets): (i: number, j: number) => boolean {
  const name = (s: TopicSets, i: number) => (s.sets[i] ?? []).map((t) => s.topics.names[t]).join('\u0000')
  const known = new Map<number, boolean>()
  return (i, j) => {
    const key = i * 65_536 + j
    let same = known.get(key)
    if (same === undefined) known.set(key, (same = name(a, i) === name(b, j)))
    return same
  }
}

function topicOf(s: TopicSets, set: number): string {
  return (s.sets[set] ?? []).map((t) => s.topics.names[t]!)[0] ?? ''
}

function compareEvents(fold: WindowState, stored: WindowState, found: Findings): void {
  const a = fold.ring
  const b = stored.ring
  const sets = sameSets(fold.sets, stored.sets)
  const same = (i: number, j: number) =>
    a.value[i] === b.value[j] &&
    a.given[i] === b.given[j] &&
    // An opportunity that was met in the wrong order has been met none the less.
    ((a.flags[i]! ^ b.flags[j]!) & ~MET) === 0 &&
    a.item[i] === b.item[j] &&
    a.link[i] === b.link[j] &&
    a.opp[i] === b.opp[j] &&
    a.response[i] === b.response[j] &&
    a.aux[i] === b.aux[j] &&
    a.kind[i] === b.kind[j] &&
    sets(a.set[i]!, b.set[j]!)
  walk(a, b, later(fold.evicted, stored.evicted), same, (kind, i, j) => {
    const value = kind === 'extra' ? null : a.value[i]!
    const held = kind === 'missing' ? null : b.value[j]!
    found.tally.add(EVENT, kind, held, value)
    const topic = kind === 'extra' ? topicOf(stored.sets, b.set[j]!) : topicOf(fold.sets, a.set[i]!)
    if (kind !== null) found.differences.push({ topic, field: EVENT, kind, stored: held, recomputed: value })
  })
}

function attemptsOf(s: WindowState): Map<string, number> {
  const all = new Map<string, number>()
  const names = s.sets.topics.names
  for (let t = 0; t < names.length; t++) all.set(names[t]!, s.goneOf(t).attempts)
  for (let i = 0; i < s.ring.n; i++)
    if (counts(s.ring.flags[i]!))
      for (const t of s.sets.sets[s.ring.set[i]!]!) all.set(names[t]!, all.get(names[t]!)! + 1)
  return all
}

function compareAttempts(fold: WindowState, stored: WindowState, found: Findings): void {
  const held = attemptsOf(stored)
  for (const [topic, n] of attemptsOf(fold)) {
    found.value(topic, ATTEMPTS, held.get(topic) ?? 0, n)
    held.delete(topic)
  }
  for (const [topic, n] of held) if (n > 0) found.row(topic, ATTEMPTS, 'extra')
}

function compareOpportunities(fold: ScoreState, stored: ScoreState, found: Findings): void {
  const a = fold.ring
  const b = stored.ring
  const sets = sameSets(fold.sets, stored.sets)
  const same = (i: number, j: number) =>
    a.score[i] === b.score[j] &&
    a.item[i] === b.item[j] &&
    a.hints[i] === b.hints[j] &&
    a.response[i] === b.response[j] &&
    a.kind[i] === b.kind[j] &&
    sets(a.set[i]!, b.set[j]!)
  walk(a, b, later(fold.baseEnd, stored.baseEnd), same, (kind, i, j) => {
    const score = kind === 'extra' ? null : a.score[i]! / 1e6
    const held = kind === 'missing' ? null : b.score[j]! / 1e6
    found.tally.add(OPPORTUNITY, kind, held, score)
    const topic = kind === 'extra' ? topicOf(stored.sets, b.set[j]!) : topicOf(fold.sets, a.set[i]!)
    if (kind !== null) found.differences.push({ topic, field: OPPORTUNITY, kind, stored: held, recomputed: score })
  })
}

/** Every double that a model keeps of the student and of each topic, and the snapshots that rows show. */
function compareKnowledge(fold: ScoreState, stored: ScoreState, found: Findings): void {
  const a = fold.current
  const b = stored.current
  const slots = (m: number, topic: string, at: number, held: number, x: Float64Array, y: Float64Array, n: number) => {
    for (let i = 0; i < n; i++) found.value(topic, KNOWLEDGE[m]!, y[held + i]!, x[at + i]!)
  }
  if (a.known > 0 && b.known > 0)
    for (let m = 0; m < MODELS.length; m++)
      slots(m, '', STUDENT_AT[m]!, STUDENT_AT[m]!, a.student, b.student, MODELS[m]!.studentSlots)
  for (let t = 0; t < a.known; t++) {
    const name = fold.sets.topics.names[t]!
    const at = t * TOPIC_WIDTH
    const other = stored.sets.topics.find(name)
    if (other < 0 || other >= b.known) {
      found.row(name, KNOWLEDGE.at(-1)!, 'missing')
      continue
    }
    const held = other * TOPIC_WIDTH
    for (let m = 0; m < MODELS.length; m++)
      slots(m, name, at + MODEL_AT[m]!, held + MODEL_AT[m]!, a.topics, b.topics, MODELS[m]!.topicSlots)
    for (let m = 0; m < MODEL_IDS.length; m++)
      if (a.topics[at + SNAP_AT + m] !== NOT_SCORED || b.topics[held + SNAP_AT + m] !== NOT_SCORED)
        slots(m, name, at + SNAP_AT + m, held + SNAP_AT + m, a.topics, b.topics, 1)
    // Time of the newest opportunity, and how many there were.
    slots(
      MODEL_IDS.length - 1,
      name,
      at + SNAP_AT + MODEL_IDS.length,
      held + SNAP_AT + MODEL_IDS.length,
      a.topics,
      b.topics,
      2,
    )
  }
  for (let t = 0; t < b.known; t++) {
    const name = stored.sets.topics.names[t]!
    const known = fold.sets.topics.find(name)
    const count = b.topics[t * TOPIC_WIDTH + TOPIC_WIDTH - 1]!
    if ((known < 0 || known >= a.known) && count > 0) found.row(name, KNOWLEDGE.at(-1)!, 'extra')
  }
}
