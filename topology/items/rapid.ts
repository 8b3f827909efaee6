import { crossing, separation, twoLognormals } from './mixture.ts'
import { nearestEdge, type TimeHistogram } from './time-histogram.ts'

export interface RapidOptions {
  /** Share of the item's usual time below which an answer is a rapid guess; 0.1 is the NT10 of Wise & Ma (2012). */
  share: number
  /** The usual time: Wise & Ma take the mean, which times of those who went away push up. */
  usual: 'mean' | 'median'
  /** No threshold is above, milliseconds. */
  capMs: number
  /** Times that a normative threshold needs at least, and a mixture. */
  normativeTimes: number
  mixtureTimes: number
}

export const RAPID_OPTIONS: RapidOptions = {
  share: 0.1,
  usual: 'mean',
  capMs: 10_000,
  normativeTimes: 10,
  mixtureTimes: 100,
}

/** Time from which an answer to the item counts as given in earnest. */
export interface RapidThreshold {
  /** Milliseconds, always an edge of the histogram; null: too few times. */
  normative: number | null
  mixture: number | null
  /** Why there is no threshold by mixture, in words; empty where there is one. */
  why: string
  /** The one that counts: the mixture's where there is one. */
  chosen: number | null
  rule: 'mixture' | 'normative' | 'pooled' | 'none'
}

/** Difference of the Bayesian information criterion from which two groups are better than one beyond doubt (Kass & Raftery 1995). */
const BIC_BETTER = 10
/** Parameters that a second group adds. */
const MORE_PARAMETERS = 3
const LEAST_SEPARATION = 2
const LEAST_FAST = 5

/**
 * Thresholds of one item. Normative: a share of the usual time (Wise & Ma 2012). Mixture: where the faster of two
 * lognormal groups of times gives way to the slower; only where the times really are two groups, the faster one is too
 * fast to have read the item, and its answers are less often right: who is fast and right is fluent, and does not guess.
 * @param pooled normative threshold over all items, taken where the item has too few times; null: none
 */
export function rapidThreshold(
  times: TimeHistogram,
  o: RapidOptions = RAPID_OPTIONS,
  pooled: number | null = null,
): RapidThreshold {
  const usual = o.usual === 'mean' ? times.mean() : times.quantile(0.5)
  const normative = times.n < o.normativeTimes ? null : normativeThreshold(usual, o)
  const found = mixtureThreshold(times, o)
  const mixture = typeof found === 'number' ? found : null
  return {
    normative,
    mixture,
    why: typeof found === 'number' ? '' : found,
    chosen: mixture ?? normative ?? pooled,
    rule: mixture !== null ? 'mixture' : normative !== null ? 'normative' : pooled !== null ? 'pooled' : 'none',
  }
}

/** A share of the usual time, both in milliseconds. */
export function normativeThreshold(usual: number, o: RapidOptions = RAPID_OPTIONS): number {
  return nearestEdge(Math.min(o.share * usual, o.capMs))
}

/** Milliseconds, or why there is none. */
function mixtureThreshold(times: TimeHistogram, o: RapidOptions): number | string {
  if (times.n < o.mixtureTimes) return `${times.n} times are known; two groups need ${o.mixtureTimes}`
  const { x, n } = times.logTimes()
  const m = twoLognormals(x, n)
  if (m === null) return 'all times are alike'
  if (2 * (m.loglik - m.loglikOfOne) - MORE_PARAMETERS * Math.log(times.n) < BIC_BETTER)
    return 'one group of times explains them as well'
  if (separation(m) < LEAST_SEPARATION) return 'fast and slow times run into each other'
  if (m.share * times.n < LEAST_FAST) return 'hardly any time is fast'
  const at = crossing(m)
  if (at === null) return 'no time parts fast from slow'
  const edge = nearestEdge(Math.exp(at))
  if (edge > o.capMs) return `the faster group takes up to ${(edge / 1000).toFixed(0)} s, time enough to read`
  const below = times.below(edge)
  const rest = times.n - below.answers
  if (below.answers === 0 || rest === 0) return 'no time parts fast from slow'
  let right = 0
  for (const r of times.right) right += r
  if (below.right / below.answers >= (right - below.right) / rest)
    return 'fast answers are right as often as others: they are not guesses'
  return edge
}
