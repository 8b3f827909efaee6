import type { Curriculum, ItemParameters } from './curriculum.ts'

export type Profile = 'steady' | 'fast' | 'struggling' | 'guesser' | 'hint-lover'

export interface ProfileParameters {
  share: number
  /** Mean of the general ability. */
  ability: number
  /** Multiplies growth. */
  growth: number
  /** Chance that an answer is a rapid guess. */
  rapid: number
  /** Chance of asking for a hint before an answer in practice. */
  hint: number
}

export const PROFILES: Record<Profile, ProfileParameters> = {
  steady: { share: 0.45, ability: 0, growth: 1, rapid: 0.02, hint: 0.1 },
  fast: { share: 0.18, ability: 0.4, growth: 1.8, rapid: 0.01, hint: 0.04 },
  struggling: { share: 0.17, ability: -0.5, growth: 0.5, rapid: 0.05, hint: 0.25 },
  guesser: { share: 0.1, ability: -0.2, growth: 0.7, rapid: 0.35, hint: 0.05 },
  'hint-lover': { share: 0.1, ability: -0.2, growth: 0.8, rapid: 0.02, hint: 0.6 },
}

/**
 * The skill process, in logits. Skill in a topic starts at ability + START with spread START_SD, is drawn by practice
 * towards ability + CEILING (so growth diminishes) and by time towards ability + FLOOR, and takes a random step of
 * STEP_SD from one day to another. All of it is linear in (ability, skill), which is what lets the observer be exact in
 * its prediction step; only growth's dependence on prerequisites is not.
 */
export const ABILITY_SD = 0.7
export const START = -0.9
export const START_SD = 0.65
export const CEILING = 1.9
export const FLOOR = -1.1
export const STEP_SD = 0.14
const GROWTH = 0.035
/** Added to the skill per hint seen, and per failed attempt at the same item. */
export const HINT_BONUS = 0.6
export const RETRY_BONUS = 0.4
/** True probability on the topic's average item from which the topic counts as mastered. */
export const MASTERED_FROM = 0.7

export function abilityMean(profile: Profile, grade: number): number {
  return PROFILES[profile].ability + 0.1 * (grade - 7.5)
}

/** Chance of a correct answer given in earnest. */
export function probability(item: ItemParameters, skill: number): number {
  return item.guess + (1 - item.guess - item.slip) / (1 + Math.exp(-item.discrimination * (skill - item.difficulty)))
}

/** Share of the distance to the floor that is left after `days`; practice makes memory last. */
export function retention(days: number, practised: number): number {
  return Math.exp(-days / (30 + 1.5 * practised))
}

/** Share of the distance to the ceiling that one act of practice covers. `readiness`: see there. `effort` 1 for an answer. */
export function growth(profile: Profile, readiness: number, effort: number): number {
  return GROWTH * PROFILES[profile].growth * (0.4 + 0.9 * readiness) * effort
}

/**
 * How well prepared a student is for the topic: mean chance of success on the average item of its prerequisites, 0.25
 * for one that the student never met, 0.7 for a topic without any.
 */
export function readiness(curriculum: Curriculum, topic: number, expected: (topic: number) => number | null): number {
  const before = curriculum.prerequisites[topic]!
  if (before.length === 0) return 0.7
  let sum = 0
  for (const p of before) sum += expected(p) ?? 0.25
  return sum / before.length
}
