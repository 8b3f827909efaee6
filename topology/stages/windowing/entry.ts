import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { hash53 } from '../../events/hash.ts'
import { kindIndex } from '../../events/kinds.ts'
import { CAME_GRADED, EVIDENCE, GRADED, NO_TIME, NO_VALUE, SERVER, VIEW } from './ring.ts'
import type { Correction, WindowState } from './state.ts'

/** An occurred_at further than this beyond observed_at is a wrong clock. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000

export function micro(x: number): number {
  return Math.round(Math.min(1, Math.max(0, x)) * 1e6)
}

export function graded(e: LearningEvent): number {
  if (e.score !== null) return micro(e.score)
  return e.correct === null ? NO_VALUE : e.correct ? 1_000_000 : 0
}

/** The value that a ring keeps of an event: a score or a video coverage in millionths, NO_VALUE for neither. */
export function givenBy(e: LearningEvent): number {
  return storedValue(e, graded(e))
}

function storedValue(e: LearningEvent, score: number): number {
  if (e.kind === 'video_interaction' && score === NO_VALUE)
    return e.video_coverage === null ? NO_VALUE : micro(e.video_coverage)
  return score
}

/** Writes an event into a ring at `at`, before anything is said of what it counts for. Gives its topic set. */
export function place(s: WindowState, at: number, e: LearningEvent, t: number, id: number): number {
  const { ring } = s
  const value = graded(e)
  const set = s.sets.of(e.topics)
  ring.open(at)
  ring.t[at] = t
  ring.seq[at] = e.source_sequence
  ring.id[at] = id
  ring.item[at] = e.item === null ? 0 : hash53(e.item)
  ring.link[at] = e.role === 'context' ? 0 : hash53(`${e.context ?? ''}\u0000${e.item ?? ''}`)
  ring.opp[at] = e.opportunity_key === null ? 0 : hash53(e.opportunity_key)
  ring.value[at] = storedValue(e, value)
  ring.given[at] = ring.value[at]!
  ring.response[at] = e.response_time_ms === null ? NO_TIME : Math.min(NO_TIME - 1, Math.max(0, e.response_time_ms))
  ring.aux[at] = Math.min(65_535, Math.max(0, (e.kind === 'tutor_interaction' ? e.help_requests : e.hints) ?? 0))
  ring.set[at] = set
  ring.kind[at] = kindIndex(e.kind)
  ring.flags[at] =
    (e.role === 'evidence' ? EVIDENCE : e.role === 'view' ? VIEW : 0) |
    (value !== NO_VALUE && e.role === 'evidence' ? GRADED | CAME_GRADED : 0) |
    (e.authority === 'server' ? SERVER : 0)
  return set
}

/** Whether the event at index `at` is the one that came again; another one under the same id is a conflict. */
export function sameAs(s: WindowState, at: number, e: LearningEvent): boolean {
  const { ring } = s
  return (
    ring.t[at] === timeOf(e) &&
    ring.given[at] === storedValue(e, graded(e)) &&
    ring.item[at] === (e.item === null ? 0 : hash53(e.item))
  )
}

/** The same of two events that have not been placed. */
export function sameContent(a: LearningEvent, b: LearningEvent): boolean {
  return timeOf(a) === timeOf(b) && storedValue(a, graded(a)) === storedValue(b, graded(b)) && a.item === b.item
}

/** Event time in use: a clock that runs ahead gives way to the time of observation. */
export function timeOf(e: LearningEvent): number {
  return e.occurred_at > e.observed_at + CLOCK_TOLERANCE_MS ? e.observed_at : e.occurred_at
}

/** The correction that an event with `supersedes` stands for, null for other events. */
export function correctionBy(e: LearningEvent): Correction | null {
  if (e.supersedes === null) return null
  const value = graded(e)
  return {
    target: hash53(e.supersedes),
    at: timeOf(e),
    id: hash53(e.event_id),
    value: e.role === 'evidence' && value !== NO_VALUE ? value : null,
  }
}
