import type { Estimate, Fit } from './ability-grid.ts'
import type { OptionUse } from './options.ts'
import type { ItemParameters } from './parameters.ts'
import type { RapidThreshold } from './rapid.ts'

export type FlagCode =
  | 'too_hard'
  | 'too_easy'
  | 'negative_discrimination'
  | 'poor_discrimination'
  | 'weak_slope'
  | 'steep_slope'
  | 'extreme_difficulty'
  | 'high_guessing'
  | 'noisy'
  | 'too_regular'
  | 'harder_than_fitted'
  | 'easier_than_fitted'
  | 'rapid_guessing'
  | 'unused_option'
  | 'attractive_distractor'

export interface Flag {
  code: FlagCode
  /** Why, with the figures, and what to look at. */
  reason: string
}

export type ItemStatus = 'healthy' | 'flagged' | 'insufficient'

export interface ItemHealth {
  status: ItemStatus
  flags: Flag[]
  answers: number
  students: number
  /** UTC milliseconds. */
  firstAt: number
  lastAt: number
  /** Share of right answers, and of right answers among first tries (null without any). */
  pValue: number
  pValueFirst: number | null
  /** Mean of answer less prediction. */
  meanResidual: number
  /** What the version in force knows of the item; null: nothing. */
  parameters: ItemParameters | null
  /** Difficulty that fits these answers, on the scale of the abilities before them. */
  observed: Estimate
  /** Null where all abilities or all answers are alike. */
  pointBiserial: number | null
  /** Right among the ablest 27 % less right among the least able. */
  upperLower: number
  /** Against the predictions as they were made. */
  raw: { infit: number; outfit: number }
  /** At the observed difficulty: what is left is noise, guessing or another steepness. */
  fit: Fit
  /** Answers with a response time, their median in milliseconds (null without any). */
  timed: number
  medianMs: number | null
  threshold: RapidThreshold
  /** Share of the times below each threshold; null without it. */
  rapidRate: number | null
  rapidRateNormative: number | null
  rapidRateMixture: number | null
  /** Share of right answers among the rapid ones; null without any. */
  rapidRight: number | null
  options: OptionUse[]
}
