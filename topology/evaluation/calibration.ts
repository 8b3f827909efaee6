import { type Ranking, rank } from './ranking.ts'

/** Rows that were given about the same probability. */
export interface Bin {
  n: number
  /** Mean prediction. */
  mean_p: number
  /** Share of correct answers. */
  rate: number
}

/**
 * Per row its bin, 0 to `count` - 1: bins of equal width in p. A p of 1 is in the last one.
 * @param p in [0, 1]
 */
export function equalWidth(p: Float64Array, count: number): Uint16Array {
  return Uint16Array.from(p, (x) => Math.min(count - 1, Math.floor(x * count)))
}

/**
 * Per row its bin, 0 to `count` - 1: bins of about equally many rows. Ties share a bin, the one of their mean rank, so that
 * the order of the rows decides nothing; with many ties bins may be empty.
 */
export function equalMass(p: Float64Array, count: number, ranking: Ranking = rank(p)): Uint16Array {
  const { order, groups } = ranking
  const bins = new Uint16Array(p.length)
  for (let g = 0; g + 1 < groups.length; g++) {
    const middle = (groups[g]! + groups[g + 1]!) / 2
    const bin = Math.min(count - 1, Math.floor((middle / p.length) * count))
    for (let i = groups[g]!; i < groups[g + 1]!; i++) bins[order[i]!] = bin
  }
  return bins
}

/** The reliability curve: bins that hold a row, in ascending order of p. */
export function reliabilityCurve(correct: Uint8Array, p: Float64Array, bins: Uint16Array): Bin[] {
  return sums(correct, p, bins)
    .filter((b) => b.n > 0)
    .map(({ n, p: sum, y }) => ({ n, mean_p: sum / n, rate: y / n }))
}

/**
 * Expected calibration error: the mean distance of a bin's share of correct answers from its mean prediction, bins
 * weighted by their rows (Naeini, Cooper & Hauskrecht, AAAI 2015). It is never negative, and small samples alone raise it.
 */
export function calibrationError(curve: readonly Bin[]): number {
  let total = 0
  let error = 0
  for (const { n, mean_p, rate } of curve) {
    total += n
    error += n * Math.abs(rate - mean_p)
  }
  return error / total
}

/** Parts of the Brier score: brier = reliability - resolution + uncertainty + within_bins. */
export interface BrierParts {
  /** Mean squared distance of a bin's rate from its mean prediction: 0 is best. */
  reliability: number
  /** Mean squared distance of a bin's rate from the overall rate: what telling answers apart gains. */
  resolution: number
  /** Overall rate times one less it: what nobody's prediction changes. */
  uncertainty: number
  /** What bins blur: variance of the predictions within them less twice their covariance with the answers. */
  within_bins: number
}

/**
 * Murphy's decomposition (Journal of Applied Meteorology 12, 1973) with the two within-bin terms that make it exact for
 * predictions that differ within a bin (Stephenson, Coelho & Jolliffe, Weather and Forecasting 23, 2008).
 */
export function brierParts(correct: Uint8Array, p: Float64Array, bins: Uint16Array): BrierParts {
  const n = correct.length
  const all = sums(correct, p, bins).filter((b) => b.n > 0)
  const rate = all.reduce((sum, b) => sum + b.y, 0) / n
  const parts = { reliability: 0, resolution: 0, uncertainty: rate * (1 - rate), within_bins: 0 }
  for (const b of all) {
    const meanP = b.p / b.n
    const meanY = b.y / b.n
    parts.reliability += (b.n / n) * (meanP - meanY) * (meanP - meanY)
    parts.resolution += (b.n / n) * (meanY - rate) * (meanY - rate)
    parts.within_bins += (b.pp - b.n * meanP * meanP - 2 * (b.py - b.n * meanP * meanY)) / n
  }
  return parts
}

interface Sums {
  n: number
  p: number
  y: number
  pp: number
  py: number
}

function sums(correct: Uint8Array, p: Float64Array, bins: Uint16Array): Sums[] {
  const out: Sums[] = []
  for (let i = 0; i < p.length; i++) {
    const bin = bins[i]!
    while (out.length <= bin) out.push({ n: 0, p: 0, y: 0, pp: 0, py: 0 })
    const b = out[bin]!
    const q = p[i]!
    b.n++
    b.p += q
    b.pp += q * q
    if (correct[i] === 1) {
      b.y++
      b.py += q
    }
  }
  return out
}
