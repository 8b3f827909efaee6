/** What a source says about one result. Numbers are finite. */
export interface ClaimedScore {
  given?: number | null
  min?: number | null
  max?: number | null
  /** The source's own normalisation, where it has one. */
  scaled?: number | null
  correct?: boolean | null
}

/**
 * Which rule made the score.
 * binary: from correctness alone. fraction: given as 0 to 1. scaled: only the source's normalisation. raw_over_max:
 * (given - min) / (max - min). scaled_contradicts_raw: the same, where the source's own normalisation says otherwise.
 * clamped_above_max, clamped_below_min: the same, outside of 0 to 1. max_zero_ungraded: nothing could be earned.
 */
export type ScoreRule =
  | 'binary'
  | 'fraction'
  | 'scaled'
  | 'raw_over_max'
  | 'scaled_contradicts_raw'
  | 'clamped_above_max'
  | 'clamped_below_min'
  | 'max_zero_ungraded'

export interface NormalScore {
  /** 0 to 1; null: ungraded. */
  score: number | null
  correct: boolean | null
  rule: ScoreRule | null
}

/** Sources print scaled scores with two digits. */
const ROUNDING = 0.0051
/** The rounding error of a sum of fractions, not a lie. */
const EPSILON = 1e-9

/**
 * Normalises what a source claims. Points earned of points possible win over the source's own normalisation, which is
 * often left at a default; where nothing could be earned the work is ungraded. Correctness is the source's, or a score
 * of 0.5 or more.
 */
export function normaliseScore(c: ClaimedScore): NormalScore {
  const correct = c.correct ?? null
  const { given, max, scaled } = c
  const min = c.min ?? 0
  if (max != null && max <= min) return { score: null, correct, rule: 'max_zero_ungraded' }
  if (given != null && max != null) {
    const raw = (given - min) / (max - min)
    const lies = scaled != null && Math.abs(scaled - raw) > ROUNDING
    return clamped(raw, correct, lies ? 'scaled_contradicts_raw' : 'raw_over_max')
  }
  if (scaled != null) return clamped(scaled, correct, 'scaled')
  if (correct !== null) return { score: correct ? 1 : 0, correct, rule: 'binary' }
  return { score: null, correct: null, rule: null }
}

function clamped(value: number, correct: boolean | null, rule: ScoreRule): NormalScore {
  if (value > 1 + EPSILON) return { score: 1, correct: correct ?? true, rule: 'clamped_above_max' }
  if (value < -EPSILON) return { score: 0, correct: correct ?? false, rule: 'clamped_below_min' }
  const score = Math.min(1, Math.max(0, value))
  return { score, correct: correct ?? score >= 0.5, rule }
}

/** A score that counts: something could be earned. */
export function isGraded(s: NormalScore): boolean {
  return s.score !== null || (s.correct !== null && s.rule !== 'max_zero_ungraded')
}
