/** One time at which somebody got there, or was seen for the last time without. */
export interface SurvivalCount {
  time: number
  reached: number
  /** Seen up to this time and not there yet. */
  censored: number
}

export interface SurvivalPoint extends SurvivalCount {
  /** Not there and still seen right before this time. */
  atRisk: number
  /** Share that is not there after this time. */
  survival: number
  /** 95 % interval of it. */
  low: number
  high: number
}

const Z = 1.959963984540054

/**
 * Kaplan and Meier's estimate (Journal of the American Statistical Association 53, 1958) with Greenwood's variance, and
 * the interval on the scale log(-log S), which stays within 0 and 1 (Kalbfleisch and Prentice, The Statistical Analysis
 * of Failure Time Data, 2002, 1.4). At one time those who get there go before those who are censored. Where S is 0 the
 * interval reaches from 0 to the upper end of the point before.
 */
export function kaplanMeier(counts: Iterable<SurvivalCount>): SurvivalPoint[] {
  const sorted = [...counts].sort((a, b) => a.time - b.time)
  let atRisk = sorted.reduce((n, c) => n + c.reached + c.censored, 0)
  let survival = 1
  let greenwood = 0
  let high = 1
  const out: SurvivalPoint[] = []
  for (const c of sorted) {
    let low = 0
    if (c.reached > 0) {
      survival *= 1 - c.reached / atRisk
      greenwood += c.reached / (atRisk * (atRisk - c.reached))
    }
    if (survival === 1) low = 1
    else if (survival > 0) {
      const logLog = Math.log(-Math.log(survival))
      const se = Math.sqrt(greenwood) / Math.abs(Math.log(survival))
      low = Math.exp(-Math.exp(logLog + Z * se))
      high = Math.exp(-Math.exp(logLog - Z * se))
    }
    out.push({ ...c, atRisk, survival, low, high })
    atRisk -= c.reached + c.censored
  }
  return out
}

/** Least time by which the share `p` has got there; null where the curve does not go so far. */
export function quantileOf(curve: readonly SurvivalPoint[], p: number): number | null {
  return curve.find((c) => c.survival <= 1 - p)?.time ?? null
}
