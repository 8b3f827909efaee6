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
 * taken out of it again. Elo: logit P + b, exactly the sum of its abilities on one topic. IRT:
 * logit((P - c) / (1 - c)) / a + b, which is the ability drawn towards b by its uncertainty. Unknown to the version: logit P.
 */
export function abilityBefore(p: number, item: ItemParameters | undefined): number {
  const q = within(item && item.guessing > 0 ? (p - item.guessing) / (1 - item.guessing) : p)
  const logit = Math.log(q / (1 - q))
  return item === undefined ? logit : logit / Math.max(0.1, item.discrimination) + item.difficulty
}
