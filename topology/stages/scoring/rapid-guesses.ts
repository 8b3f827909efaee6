import { type RapidPolicy, rapidTimes, type UsualTimes } from '../../effort/rapid-policy.ts'
import type { ScoreState } from './state.ts'

/** The times that make opportunity `i` of the ring a rapid guess; null: it counts in full. */
export function rapidAt(s: ScoreState, rapid: RapidPolicy, i: number): UsualTimes | null {
  const { ring, sets } = s
  return rapidTimes(rapid, ring.item[i]!, sets.topics.names[sets.sets[ring.set[i]!]![0]!]!, ring.response[i]!)
}

/** How much opportunity `i` of the ring teaches, 0 to 1. */
export function weightOf(s: ScoreState, rapid: RapidPolicy, i: number): number {
  return rapidAt(s, rapid, i) === null ? 1 : rapid.weight
}
