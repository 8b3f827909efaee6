/** Below this, and above one less it, a probability is taken for it in log loss: one certain mistake is no infinite loss. */
export const LEAST_P = 1e-15

/** Quality of predictions over all rows, each row counting the same. */
export interface Scores {
  n: number
  /** Share of correct answers. */
  rate: number
  /** Mean prediction. */
  mean_p: number
  /** Share of rows where p >= 0.5 fits the answer. */
  accuracy: number
  rmse: number
  /** Mean of -ln of the probability that was given to what happened. */
  log_loss: number
  /** Mean squared error (Brier, Monthly Weather Review 78, 1950, for one of the two classes). */
  brier: number
}

/** -ln of the probability that p gave to the answer. */
export function surprise(correct: number, p: number): number {
  const q = Math.min(Math.max(p, LEAST_P), 1 - LEAST_P)
  return -Math.log(correct === 1 ? q : 1 - q)
}

/**
 * NaN throughout for no rows.
 * @param correct 1 or 0 per row
 * @param p in [0, 1] per row
 */
export function scores(correct: Uint8Array, p: Float64Array): Scores {
  const n = correct.length
  let right = 0
  let mean = 0
  let hits = 0
  let squares = 0
  let loss = 0
  for (let i = 0; i < n; i++) {
    const y = correct[i]!
    const q = p[i]!
    right += y
    mean += q
    if (q >= 0.5 === (y === 1)) hits++
    squares += (q - y) * (q - y)
    loss += surprise(y, q)
  }
  const brier = squares / n
  return {
    n,
    rate: right / n,
    mean_p: mean / n,
    accuracy: hits / n,
    rmse: Math.sqrt(brier),
    log_loss: loss / n,
    brier,
  }
}
