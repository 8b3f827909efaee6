/** Slope of a line through points, with its standard error. */
export interface Slope {
  slope: number
  /** By Newey and West. */
  se: number
  n: number
}

/** Fewest points that a slope and its error are computed from. */
export const LEAST_POINTS = 4

/**
 * Least squares slope of y over x with the standard error of Newey and West (Econometrica 55, 1987), Bartlett weights
 * over floor(4 (n / 100)^(2/9)) lags (their automatic choice, Review of Economic Studies 61, 1994) and n / (n - 2) for
 * small samples. One estimate of mastery is the last one and an answer: its errors hang together from one to the next,
 * and the usual standard error would be far too small. Points in the order of x.
 * Null for fewer than four points, or where x does not vary.
 */
export function slopeOf(x: readonly number[], y: readonly number[]): Slope | null {
  const n = x.length
  if (n < LEAST_POINTS) return null
  let mx = 0
  let my = 0
  for (let i = 0; i < n; i++) {
    mx += x[i]! / n
    my += y[i]! / n
  }
  let xx = 0
  let xy = 0
  for (let i = 0; i < n; i++) {
    xx += (x[i]! - mx) * (x[i]! - mx)
    xy += (x[i]! - mx) * (y[i]! - my)
  }
  if (!(xx > 0)) return null
  const slope = xy / xx
  // The slope's part of each point's score: its deviation in x times its residual.
  const score = new Float64Array(n)
  for (let i = 0; i < n; i++) score[i] = (x[i]! - mx) * (y[i]! - my - slope * (x[i]! - mx))
  const lags = Math.min(n - 1, Math.floor(4 * Math.exp((2 / 9) * Math.log(n / 100))))
  let long = 0
  for (let lag = 0; lag <= lags; lag++) {
    let sum = 0
    for (let i = lag; i < n; i++) sum += score[i]! * score[i - lag]!
    long += lag === 0 ? sum : 2 * (1 - lag / (lags + 1)) * sum
  }
  // Bartlett's weights keep the sum from falling below 0 but for rounding.
  return { slope, se: Math.sqrt((Math.max(0, long) * n) / (n - 2)) / xx, n }
}
