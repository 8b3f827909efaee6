import { evidenceWeight } from '../progress/roll-up.ts'
import type { StudentView } from './view.ts'

/** What a choice of a topic is judged by, in this order. */
export const FEATURES = [
  'one',
  'mastery',
  'room',
  'readiness',
  'unseen',
  'idle',
  'evidence',
  'overall',
  'forgotten',
] as const
export const DIMENSION = FEATURES.length

/** Idle days that count in full; more make no difference. */
const IDLE_DAYS = 60
/** Of a prerequisite without answers. */
const UNSEEN_READINESS = 0.25
/** Of a student of whom nothing is known. */
const NOBODY = 0.5

/**
 * What is known before a student works on a topic, each about 0 to 1: mastery with forgetting taken off (of an unseen
 * topic the student's overall one), room 4 m (1 - m), which is greatest where half is known; the mean mastery of the
 * prerequisites (1 without any); whether it is unseen; idle time on a logarithmic scale; evidence; the student's overall
 * mastery; what was forgotten.
 */
export function contextOf(view: StudentView, topic: number): Float64Array {
  const { topics, prerequisites } = view.graph
  const { id } = topics[topic]!
  const state = view.state(id)
  const overall = view.overall ?? NOBODY
  const mastery = view.mastery(id) ?? overall
  const before = prerequisites[topic]!
  let readiness = before.length === 0 ? 1 : 0
  for (const p of before) readiness += (view.mastery(topics[p]!.id) ?? UNSEEN_READINESS) / before.length
  const idle = Math.min(1, Math.log1p(view.days(id) ?? 0) / Math.log1p(IDLE_DAYS))
  return Float64Array.of(
    1,
    mastery,
    4 * mastery * (1 - mastery),
    readiness,
    state === null ? 1 : 0,
    idle,
    evidenceWeight(state?.opportunities ?? 0),
    overall,
    state === null ? 0 : state.mastery - mastery,
  )
}
