import type { Columns } from './forest.ts'
import { groupEffects } from './group-shap.ts'
import { expectedOf } from './shap.ts'
import type { Stack } from './stack.ts'

/**
 * What features speak of, as a teacher would say it. Features that move together are one reason: each alone would take a
 * share of it that hangs on how the trees happened to split, and the figure beside it would contradict it. How hard topics
 * and items are is a part of the answers on the topic: the models whose predictions are features know it already, and the
 * trees take back some of that, so that by itself it has the wrong sign.
 */
export const REASONS = ['topic_answers', 'all_answers', 'last_answers', 'in_a_row'] as const
export type Reason = (typeof REASONS)[number]

const SPEAK_OF: Readonly<Record<Reason, readonly string[]>> = {
  topic_answers: [
    ...['pfa_logit', 'bkt_logit', 'bkt-forget_logit', 'irt_logit', 'topic_right', 'topic_wrong', 'topic_ewma_50'],
    ...['topic_ewma_90', 'topic_surprise_80', 'topic_last_1', 'topic_last_2', 'topic_last_3', 'topic_streak'],
    ...[
      'run_share',
      'elo_difficulty',
      'irt_difficulty',
      'irt_discrimination',
      'item_rate',
      'item_answers',
      'topic_rate',
    ],
    ...['item_against_topic', 'succession', 'item_right', 'item_wrong', 'item_last', 'item_since'],
  ],
  all_answers: [
    ...['elo_logit', 'elo_ability', 'irt_ability', 'irt_ability_variance', 'right', 'wrong', 'topics_met'],
    ...['ewma_90', 'surprise_95', 'rate_of_recent_items'],
  ],
  last_answers: ['ewma_50', 'surprise_70', 'streak'],
  in_a_row: ['last_same_topic', 'run_length', 'topic_since', 'gap', 'topic_gap'],
}

const reasonOf = new Map(REASONS.flatMap((reason, i) => SPEAK_OF[reason].map((f) => [f, i] as const)))

/** Places in REASONS, by feature. @throws Error where a feature belongs to none */
export function reasonsOf(features: readonly string[]): Int32Array {
  return Int32Array.from(features, (f) => {
    const found = reasonOf.get(f)
    if (found === undefined) throw new Error(`The feature ${f} of the trees belongs to no reason that a teacher reads.`)
    return found
  })
}

/** A margin as a sum, in logits: what is said of nobody in particular, and what each reason adds, in the order of REASONS. */
export interface MarginParts {
  base: number
  effects: Float64Array
}

/** The trees' margins of rows, taken apart by TreeSHAP with reasons as its players. */
export function treesParts(forests: Stack['forests'], features: readonly string[], x: Columns, rows: number) {
  const of = reasonsOf(features)
  const base = forests.reduce((sum, f) => sum + expectedOf(f), 0) / forests.length
  const parts: MarginParts[] = Array.from({ length: rows }, () => ({ base, effects: new Float64Array(REASONS.length) }))
  for (const forest of forests)
    groupEffects(forest, of, x, rows).forEach((effects, r) => {
      for (let i = 0; i < effects.length; i++) parts[r]!.effects[i]! += effects[i]! / forests.length
    })
  return parts
}

/**
 * Parts of a margin as parts of what a rising function makes of it: each by the slope of the secant from `base` to the
 * margin, so that they sum up to the difference that the function makes. A reason has the sign that it has in the margin.
 * @param slope of the function at a place, for margins that do not differ
 */
export function through(
  { base, effects }: MarginParts,
  of: (margin: number) => number,
  slope: (margin: number) => number,
): MarginParts {
  const moved = effects.reduce((sum, e) => sum + e, 0)
  const from = of(base)
  const steep = Math.abs(moved) < NEARLY_NOTHING ? slope(base) : (of(base + moved) - from) / moved
  return { base: from, effects: effects.map((e) => e * steep) }
}

/** A difference this small has lost half of its digits. */
const NEARLY_NOTHING = 1e-8
