import type { ItemParameters } from './parameters.ts'

/** One graded answer to an item, with what was expected of it. */
export interface ItemAnswer {
  /** Tells students of a tenant apart. */
  student: number | string
  correct: boolean
  /** Chance of a right answer that a model gave before the answer, within (0, 1). */
  p: number
  /** Ability before the answer, logits: see `abilityBefore`. */
  ability: number
  /** Milliseconds from shown to answered; NaN where unknown. */
  responseMs: number
  /** Not a further try at the same question. */
  first: boolean
  /** The option that was chosen; empty where that is not recorded. */
  option: string
  /** Event time, UTC milliseconds. */
  at: number
}

/** A prediction beyond these is taken for them: one answer against certainty is no infinite residual. */
export const LEAST_P = 1e-3

export const within = (p: number): number => Math.min(1 - LEAST_P, Math.max(LEAST_P, p))

/**
 * What a prediction says about the student alone: the item's own parameters, which the version that predicted knew, are
 * taken out of it again, so that predictions of several versions have one scale. Elo: logit P + b, exactly the sum of its
 * abilities on one topic. IRT: logit((P - c) / (1 - c)) / a + b, the ability drawn towards b by its uncertainty. A version
 * before any fit: logit P. Where topics' abilities start is left in: a version without starts learns the same from
 * answers. (In a simulated school that changed to fitted Elo half-way, observed and fitted difficulties then differ by
 * 0.02 on average and correlate at 0.92; with starts taken out, by 0.14 and at 0.88.)
 */
export function abilityBefore(p: number, item: ItemParameters | undefined): number {
  const q = within(item && item.guessing > 0 ? (p - item.guessing) / (1 - item.guessing) : p)
  const logit = Math.log(q / (1 - q))
  return item === undefined ? logit : logit / Math.max(0.1, item.discrimination) + item.difficulty
}
