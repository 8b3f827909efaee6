/** Two lognormal distributions of times; the first is the faster one. Means and deviations of the natural logarithm. */
export interface Mixture {
  /** Share of the faster one. */
  share: number
  mean: readonly [number, number]
  sd: readonly [number, number]
  /** Log likelihood of the mixture, and of a single lognormal distribution. */
  loglik: number
  loglikOfOne: number
  iterations: number
}

const STARTS = [0.02, 0.05, 0.1, 0.2, 0.4] as const
const ITERATIONS = 300
/** Per answer. */
const TOLERANCE = 1e-7
/** Narrower than this a group is a spike of equal times, on which the likelihood has no bound. */
const LEAST_SD = 0.1
const LOG_ROOT_TWO_PI = 0.5 * Math.log(2 * Math.PI)

const logNormal = (x: number, mean: number, sd: number) => {
  const z = (x - mean) / sd
  return -0.5 * z * z - Math.log(sd) - LOG_ROOT_TWO_PI
}

/**
 * Maximum likelihood by expectation maximisation (Dempster, Laird & Rubin 1977), the best of five starts: the faster
 * group begins as the fastest 2 % to 40 %. Null for fewer than two different times.
 * @param x logarithms of times, ascending
 * @param n how many answers took each
 */
export function twoLognormals(x: Float64Array, n: Float64Array): Mixture | null {
  if (x.length < 2) return null
  const one = moments(x, n, new Float64Array(x.length).fill(1), 1)
  let loglikOfOne = 0
  for (let k = 0; k < x.length; k++) loglikOfOne += n[k]! * logNormal(x[k]!, one.mean, one.sd)
  let best: Mixture | null = null
  for (const share of STARTS) {
    const found = climb(x, n, share, loglikOfOne)
    if (best === null || found.loglik > best.loglik) best = found
  }
  return best
}

function climb(x: Float64Array, n: Float64Array, share: number, loglikOfOne: number): Mixture {
  let total = 0
  for (const c of n) total += c
  const fast = new Float64Array(x.length)
  let before = 0
  for (let k = 0; k < x.length; k++) {
    fast[k] = before < share * total ? 0.95 : 0.05
    before += n[k]!
  }
  let m: Mixture | null = null
  for (let i = 1; i <= ITERATIONS; i++) {
    const a = moments(x, n, fast, 1)
    const b = moments(x, n, fast, -1)
    const w = Math.min(1 - 1e-9, Math.max(1e-9, a.weight / total))
    const baseA = Math.log(w / a.sd) - LOG_ROOT_TWO_PI
    const baseB = Math.log((1 - w) / b.sd) - LOG_ROOT_TWO_PI
    let loglik = 0
    for (let k = 0; k < x.length; k++) {
      const za = (x[k]! - a.mean) / a.sd
      const zb = (x[k]! - b.mean) / b.sd
      const p = baseA - 0.5 * za * za
      const odds = Math.exp(baseB - 0.5 * zb * zb - p)
      fast[k] = 1 / (1 + odds)
      // Beyond what a double holds, the slower group has it alone.
      loglik += n[k]! * (odds < 1e300 ? p + Math.log(1 + odds) : baseB - 0.5 * zb * zb)
    }
    const gained = m === null ? Number.POSITIVE_INFINITY : loglik - m.loglik
    m = { share: w, mean: [a.mean, b.mean], sd: [a.sd, b.sd], loglik, loglikOfOne, iterations: i }
    if (gained < TOLERANCE * total) break
  }
  const { mean, sd } = m!
  if (mean[0] <= mean[1]) return m!
  return { ...m!, share: 1 - m!.share, mean: [mean[1], mean[0]], sd: [sd[1], sd[0]] }
}

/** Weight, mean and deviation of the times that belong to the faster group (`side` 1) or to the other one (-1). */
function moments(x: Float64Array, n: Float64Array, fast: Float64Array, side: 1 | -1) {
  let weight = 0
  let sum = 0
  let squares = 0
  // About the middle of the range: sums of squares about 0 would lose digits.
  const centre = x[x.length >> 1]!
  for (let k = 0; k < x.length; k++) {
    const w = n[k]! * (side === 1 ? fast[k]! : 1 - fast[k]!)
    const d = x[k]! - centre
    weight += w
    sum += w * d
    squares += w * d * d
  }
  const shift = sum / weight
  return {
    weight,
    mean: centre + shift,
    sd: Math.max(LEAST_SD, Math.sqrt(Math.max(0, squares / weight - shift * shift))),
  }
}

/**
 * Where, between the two means, an answer is as likely of the one group as of the other: the root of
 * log share + log f1 = log (1 - share) + log f2, by bisection. Null where one group outweighs the other at both means.
 */
export function crossing({ share, mean, sd }: Mixture): number | null {
  const fastLeads = (x: number) =>
    Math.log(share) + logNormal(x, mean[0], sd[0]) - Math.log(1 - share) - logNormal(x, mean[1], sd[1])
  let [low, high] = [mean[0], mean[1]]
  if (!(fastLeads(low) > 0 && fastLeads(high) < 0)) return null
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (fastLeads(middle) > 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** How far apart the groups are: above 2 they make two humps (Ashman, Bird & Zepf, Astronomical Journal 108, 1994). */
export function separation({ mean, sd }: Mixture): number {
  return (Math.SQRT2 * (mean[1] - mean[0])) / Math.sqrt(sd[0] * sd[0] + sd[1] * sd[1])
}
