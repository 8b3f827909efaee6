import type { TopicFeatures, WindowCounts } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import { kindIndex } from '../../events/kinds.ts'
import { LastSeen } from './last-seen.ts'
import { DEAD, EVIDENCE, GRADED, NO_TIME, OUTRANKED, VIEW } from './ring.ts'
import type { WindowState } from './state.ts'

export const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Scale of the decayed accuracy, days. */
const DECAY_DAYS = 14
const TREND_DAYS = 30

const PRACTICE = kindIndex('practice_attempt')
const VIDEO = kindIndex('video_interaction')
const TUTOR = kindIndex('tutor_interaction')
const FEEDBACK = kindIndex('teacher_feedback')

/** Emptied and filled again by every call of topicWindows. */
const lastSeen = new LastSeen()

/** True where the entry is an opportunity: graded evidence that neither a void nor better evidence took away. */
export function counts(flags: number): boolean {
  return (flags & (EVIDENCE | GRADED | DEAD | OUTRANKED)) === (EVIDENCE | GRADED)
}

function emptyWindow(days: number): WindowCounts {
  return {
    days,
    attempts: 0,
    correct: 0,
    score_micro: 0,
    response_ms: 0,
    response_n: 0,
    practice_attempts: 0,
    practice_correct: 0,
    hinted: 0,
    hints: 0,
    revisits: 0,
    video_events: 0,
    video_coverage_micro: 0,
    help_requests: 0,
    feedback_n: 0,
    feedback_micro: 0,
  }
}

/**
 * Windows (as_of - days, as_of] of one topic. All counts are integer sums, so that the order of arrival and the cut
 * into batches can't change a bit. `asOf` omitted: the topic's newest event, which is what stored rows hold; given:
 * the moment of reading, so that an old count is never served as current. A row is approximate where activity on its
 * topic inside the longest window is not in the ring any more.
 *
 * Trend: least squares of score on age over the 30-day window, from integer sums of hours and millionths, per day.
 * Decayed accuracy: sum of score * exp(-age / 14 d) over the sum of the weights, oldest first.
 */
export function topicWindows(s: WindowState, topic: number, lengths: readonly number[], asOf?: number): TopicFeatures {
  const { ring, sets } = s
  // Held in locals: the loops below run over the whole ring for every event.
  const { t: times, flags, set, item: items, value } = ring
  const held = ring.n
  const member = sets.membership(topic)

  let newest = held - 1
  while (newest >= 0 && !(member[set[newest]!] && isActivity(flags[newest]!))) newest--
  const gone = s.goneOf(topic)
  const end = asOf ?? (newest >= 0 ? times[newest]! : lastKnown(s, topic))

  const windows = lengths.map(emptyWindow)
  const starts = lengths.map((d) => end - d * DAY_MS)
  const from = ring.after(starts[starts.length - 1]!)
  let total = gone.attempts
  let previous = newest >= 0 && gone.last > Number.NEGATIVE_INFINITY ? gone.last : null
  let n = 0
  let sumX = 0
  let sumXX = 0
  let sumY = 0
  let sumXY = 0
  let weight = 0
  let weighted = 0

  for (let i = 0; i < from; i++) {
    if (member[set[i]!] === 0) continue
    if (counts(flags[i]!)) total++
    if (isActivity(flags[i]!)) previous = times[i]!
  }
  // The windows are nested: an event goes to the shortest that holds it, and `widen` adds each to the next longer one.
  let shortest = windows.length - 1
  lastSeen.begin(held - from)
  for (let i = from; i < held; i++) {
    if (member[set[i]!] === 0 || !isActivity(flags[i]!)) continue
    const t = times[i]!
    if (t > end) break
    if (i !== newest) previous = t
    while (shortest > 0 && t > starts[shortest - 1]!) shortest--
    const counted = counts(flags[i]!)
    addTo(windows[shortest]!, s, i, counted)
    if (!counted) continue
    const item = items[i]!
    if (item !== 0) {
      const before = lastSeen.swap(item, t)
      if (before > starts[starts.length - 1]!) {
        let w = shortest
        while (before <= starts[w]!) w++
        windows[w]!.revisits++
      }
    }
    total++
    const score = value[i]!
    const age = end - t
    if (t > end - TREND_DAYS * DAY_MS) {
      const x = -Math.floor(age / HOUR_MS)
      n++
      sumX += x
      sumXX += x * x
      sumY += score
      sumXY += x * score
    }
    const g = Math.exp(-age / (DECAY_DAYS * DAY_MS))
    weight += g
    weighted += g * (score / 1e6)
  }
  for (let w = 1; w < windows.length; w++) widen(windows[w]!, windows[w - 1]!)

  const spread = n * sumXX - sumX * sumX
  return {
    topic: sets.topics.names[topic]!,
    as_of: end,
    previous_at: previous,
    windows,
    attempts_total: total,
    trend_per_day: n >= 3 && spread > 0 ? (((n * sumXY - sumX * sumY) / spread) * 24) / 1e6 : null,
    decayed_accuracy: weight > 0 ? weighted / weight : null,
    approximate: gone.last > starts[starts.length - 1]!,
  }
}

export function isActivity(flags: number): boolean {
  return (flags & (DEAD | VIEW | OUTRANKED)) === 0
}

/** Where the ring holds no activity on a topic: the newest that left it, else its newest event, voided ones too. */
function lastKnown(s: WindowState, topic: number): number {
  const { last } = s.goneOf(topic)
  if (last > Number.NEGATIVE_INFINITY) return last
  for (let i = s.ring.n - 1; i >= 0; i--) if (s.sets.sets[s.ring.set[i]!]!.includes(topic)) return s.ring.t[i]!
  return 0
}

/** Adds the counts of the next shorter window. */
function widen(w: WindowCounts, inner: WindowCounts): void {
  w.attempts += inner.attempts
  w.correct += inner.correct
  w.score_micro += inner.score_micro
  w.response_ms += inner.response_ms
  w.response_n += inner.response_n
  w.practice_attempts += inner.practice_attempts
  w.practice_correct += inner.practice_correct
  w.hinted += inner.hinted
  w.hints += inner.hints
  w.revisits += inner.revisits
  w.video_events += inner.video_events
  w.video_coverage_micro += inner.video_coverage_micro
  w.help_requests += inner.help_requests
  w.feedback_n += inner.feedback_n
  w.feedback_micro += inner.feedback_micro
}

function addTo(w: WindowCounts, s: WindowState, i: number, counted: boolean): void {
  const { ring } = s
  const kind = ring.kind[i]!
  const value = ring.value[i]!
  if (counted) {
    const right = value >= 500_000 ? 1 : 0
    w.attempts++
    w.correct += right
    w.score_micro += value
    if (ring.response[i] !== NO_TIME) {
      w.response_ms += ring.response[i]!
      w.response_n++
    }
    if (kind === PRACTICE) {
      w.practice_attempts++
      w.practice_correct += right
    }
    if (ring.aux[i]! > 0) w.hinted++
    w.hints += ring.aux[i]!
    return
  }
  if (kind === VIDEO) {
    w.video_events++
    if (value > 0) w.video_coverage_micro += value
  } else if (kind === TUTOR) w.help_requests += ring.aux[i]!
  else if (kind === FEEDBACK && value >= 0) {
    w.feedback_n++
    w.feedback_micro += value
  }
}
