import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { hash53 } from '../../events/hash.ts'
import { impose, keep, rootOf } from './corrections.ts'
import { correctionBy, place, sameAs, timeOf } from './entry.ts'
import { compareOrder, DEAD, EVIDENCE, GRADED, MET, OUTRANKED } from './ring.ts'
import { type Applied, settle } from './settle.ts'
import type { Correction, WindowState } from './state.ts'
import { counts, DAY_MS, isActivity } from './windows.ts'

/** A view and its evidence belong together within this time, where neither carries an opportunity key. */
const PAIRING_MS = 10 * 60_000

/** Events are forgotten this many at a time at least. */
const TRIM_SLACK = 64

export interface RingLimits {
  /** At least this many events stay, however old. */
  min: number
  /** At most this many, however young. */
  max: number
  /** Younger ones stay beyond `min`, days. */
  days: number
}

/** Applies one learner event. Decides before it changes anything. */
export function applyEvent(s: WindowState, e: LearningEvent, limits: RingLimits): Applied {
  const out: Applied = { disposition: 'context', clamped: false, ops: [], topics: new Set() }
  const t = timeOf(e)
  out.clamped = t !== e.occurred_at
  if (s.erasure !== null && t <= s.erasure.floor) {
    out.disposition = 'erased'
    return out
  }
  const correction = correctionBy(e)
  if (correction !== null) return { ...applyCorrection(s, correction), clamped: out.clamped }
  const { ring, sets } = s
  const id = hash53(e.event_id)
  const known = ring.n === 0 ? -1 : ring.find(id)
  if (known >= 0) {
    out.disposition = sameAs(s, known, e) ? 'duplicate' : 'conflict'
    return out
  }
  if (compareOrder(t, e.source_sequence, id, s.evicted.t, s.evicted.seq, s.evicted.id) <= 0) {
    s.stale = true
    out.disposition = 'too_old'
    if (e.role === 'view') return out
    for (const topic of sets.sets[sets.of(e.topics)]!) {
      const gone = s.goneOf(topic)
      gone.last = Math.max(gone.last, t)
      out.topics.add(topic)
    }
    return out
  }

  const at = ring.place(t, e.source_sequence, id)
  const set = place(s, at, e, t, id)

  if (s.corrections.length > 0) impose(s, at)
  if (e.role === 'view') out.disposition = paired(s, at) ? 'view_paired' : 'view_unpaired'
  else if (e.role === 'evidence') {
    const met = settle(s, at, out)
    const flags = ring.flags[at]!
    if ((flags & DEAD) !== 0) out.disposition = 'voided'
    else if ((flags & GRADED) !== 0)
      out.disposition = (flags & OUTRANKED) !== 0 ? 'outranked' : met ? 'corrected' : 'counted'
    if (out.disposition === 'counted') ring.flags[at] = flags | MET
  }
  for (const topic of sets.sets[set]!) out.topics.add(topic)
  trim(s, limits)
  return out
}

/** Voids or corrects an event or an earlier correction, also one that has not come yet. */
export function applyCorrection(s: WindowState, c: Correction): Applied {
  const out: Applied = { disposition: 'pending', clamped: false, ops: [], topics: new Set() }
  if (!keep(s, c)) {
    out.disposition = 'duplicate'
    return out
  }
  const { ring, sets } = s
  const at = rootOf(s, c.target)
  if (at < 0) {
    // The target may have left the ring: then only a rebuild can apply this.
    if (s.evicted.t > Number.NEGATIVE_INFINITY) {
      s.stale = true
      out.disposition = 'too_old'
    }
    return out
  }
  out.disposition = c.value === null ? 'superseded' : 'corrected'
  if (!impose(s, at)) return out

  for (const topic of sets.sets[ring.set[at]!]!) out.topics.add(topic)
  if ((ring.flags[at]! & EVIDENCE) !== 0) settle(s, at, out, at)
  return out
}

function paired(s: WindowState, view: number): boolean {
  const { ring } = s
  const t = ring.t[view]!
  for (let i = ring.after(t - PAIRING_MS - 1); i < ring.n && ring.t[i]! <= t + PAIRING_MS; i++) {
    if ((ring.flags[i]! & (EVIDENCE | DEAD)) !== EVIDENCE) continue
    if (ring.link[i] === ring.link[view] || (ring.opp[view] !== 0 && ring.opp[i] === ring.opp[view])) return true
  }
  return false
}

/**
 * How many of the oldest events the limits no longer keep. `slack`: so many more are kept for the sake of speed; a fold
 * in event order keeps none, so that what it comes to depends on the events alone.
 */
export function beyond({ ring }: WindowState, limits: RingLimits, slack: number): number {
  if (ring.n <= limits.min + slack) return 0
  const newest = ring.t[ring.n - 1]!
  const horizon = newest - limits.days * DAY_MS
  const free = ring.n - limits.min
  let count = 0
  while (count < free && ring.t[count]! <= horizon) count++
  return ring.n - count > limits.max ? ring.n - limits.max : count
}

export function trim(s: WindowState, limits: RingLimits, slack = TRIM_SLACK): void {
  const { ring } = s
  const count = beyond(s, limits, slack)
  if (count === 0) return
  for (let i = 0; i < count; i++) {
    if (!isActivity(ring.flags[i]!)) continue
    for (const topic of s.sets.sets[ring.set[i]!]!) {
      const gone = s.goneOf(topic)
      gone.last = Math.max(gone.last, ring.t[i]!)
      if (counts(ring.flags[i]!)) gone.attempts++
    }
  }
  s.evicted = { t: ring.t[count - 1]!, seq: ring.seq[count - 1]!, id: ring.id[count - 1]! }
  ring.evict(count)
}
