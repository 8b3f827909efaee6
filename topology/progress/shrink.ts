export interface Measured {
  value: number
  se: number
}

/**
 * Empirical Bayes: each value drawn towards their common mean, the more the less exact it is. The mean weights by
 * inverse variance; what the true values differ by is estimated by moments (DerSimonian and Laird, Controlled Clinical
 * Trials 7, 1986): tau^2 = max(0, (Q - (k - 1)) / (sum w - sum w^2 / sum w)). Where the values differ no more than their
 * errors say, all of them become the mean.
 */
export function shrink(given: readonly Measured[]): { mean: number; values: number[] } {
  const centre = (weights: readonly number[]) =>
    given.reduce((s, g, i) => s + weights[i]! * g.value, 0) / weights.reduce((s, w) => s + w, 0)
  const fixed = given.map((g) => 1 / (g.se * g.se))
  const total = fixed.reduce((s, w) => s + w, 0)
  const first = centre(fixed)
  const q = given.reduce((s, g, i) => s + fixed[i]! * (g.value - first) * (g.value - first), 0)
  const spread = total - fixed.reduce((s, w) => s + w * w, 0) / total
  const tau2 = given.length < 2 ? 0 : Math.max(0, (q - (given.length - 1)) / spread)
  const mean = centre(given.map((g) => 1 / (g.se * g.se + tau2)))
  return {
    mean,
    values: given.map(({ value, se }) => (tau2 === 0 ? mean : (value * tau2 + mean * se * se) / (tau2 + se * se))),
  }
}
