import { shares } from './distances.ts'
import { boundsOf, type Scale } from './scales.ts'

/** A figure from bins, and how far the one from the values themselves can lie from it. */
export interface Bounded {
  value: number
  /** Not negative. */
  error: number
}

/**
 * Kolmogorov-Smirnov distance at the edges. Within a bin the distribution functions may lie further apart than at its
 * ends: at most by all of one sample's share before any of the other's, which bounds the error. Never too great.
 */
export function binnedKs(reference: ArrayLike<number>, current: ArrayLike<number>): Bounded {
  const p = shares(reference)
  const q = shares(current)
  let f = 0
  let g = 0
  let value = 0
  let most = 0
  for (let i = 0; i < p.length; i++) {
    most = Math.max(most, f + p[i]! - g, g + q[i]! - f)
    f += p[i]!
    g += q[i]!
    value = Math.max(value, Math.abs(f - g))
  }
  return { value, error: Math.max(0, most - value) }
}

/**
 * Wasserstein distance in the scale's unit, with each bin's rows spread evenly over it. Moving a sample's rows within
 * their bins costs no more than half the bin's width each, which bounds the error (values beyond the outer ends apart).
 */
export function binnedWasserstein(scale: Scale, reference: ArrayLike<number>, current: ArrayLike<number>): Bounded {
  const p = shares(reference)
  const q = shares(current)
  const bounds = boundsOf(scale)
  let apart = 0
  let value = 0
  let error = 0
  for (let i = 0; i < p.length; i++) {
    const width = bounds[i + 1]! - bounds[i]!
    const then = apart + p[i]! - q[i]!
    // The difference runs straight from one to the other; where it changes sign, two triangles.
    const area =
      apart * then >= 0
        ? Math.abs(apart + then) / 2
        : (apart * apart + then * then) / (2 * (Math.abs(apart) + Math.abs(then)))
    value += area * width
    error += ((p[i]! + q[i]!) * width) / 2
    apart = then
  }
  return { value, error }
}

/** Mean and standard deviation from the middles of bins. */
export function binnedMoments(scale: Scale, counts: ArrayLike<number>): { mean: number; sd: number } {
  const p = shares(counts)
  const bounds = boundsOf(scale)
  let mean = 0
  let squares = 0
  for (let i = 0; i < p.length; i++) {
    const x = (bounds[i]! + bounds[i + 1]!) / 2
    mean += p[i]! * x
    squares += p[i]! * x * x
  }
  return { mean, sd: Math.sqrt(Math.max(0, squares - mean * mean)) }
}
