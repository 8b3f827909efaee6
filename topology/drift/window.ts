import { GROUPS, type Histogram, MICRO } from './histogram.ts'
import { total } from './samples.ts'
import { homogeneity } from './tables.ts'

/** A sum of squares in units of chance, and how many there were: divided, 1 where rows are independent. */
export interface Dispersion {
  sum: number
  df: number
}

/** A measure's mean in a window. */
export interface Measured {
  mean: number
  /** Of one row. */
  variance: number
  /** Of the groups' means about the window's. */
  groups: Dispersion
}

/** A window that nothing is added to any more: what later windows are compared with. */
export interface ClosedWindow {
  /** UTC milliseconds; the end does not belong to it. */
  from: number
  to: number
  n: number
  counts: Float64Array
  measures: Measured[]
  /** Of the groups' shares by coarse bin about the window's. */
  groups: Dispersion
}

/** Least rows of a coarse bin for Pearson's approximation to hold. */
const LEAST_IN_BIN = 5

export function closeWindow(h: Histogram, from: number, to: number): ClosedWindow {
  const counts = h.totals()
  const n = total(counts)
  const cuts = coarse(counts, 10, LEAST_IN_BIN * GROUPS)
  const rows = Array.from({ length: GROUPS }, (_, g) => gathered(h.ofGroup(g), cuts))
  const { statistic, df } = homogeneity(rows)
  return {
    from,
    to,
    n,
    counts,
    groups: { sum: statistic, df },
    measures: Array.from({ length: h.measures }, (_, m) => measured(h, n, m)),
  }
}

function measured(h: Histogram, n: number, m: number): Measured {
  if (n === 0) return { mean: 0, variance: 0, groups: { sum: 0, df: 0 } }
  let sum = 0
  let squares = 0
  for (let g = 0; g < GROUPS; g++) {
    sum += h.sums[(g * h.measures + m) * 2]! / MICRO
    squares += h.sums[(g * h.measures + m) * 2 + 1]! / MICRO
  }
  const mean = sum / n
  const variance = Math.max(0, squares / n - mean * mean)
  const groups = { sum: 0, df: -1 }
  for (let g = 0; g < GROUPS; g++) {
    const rows = total(h.ofGroup(g))
    if (rows === 0) continue
    groups.df++
    const away = h.sums[(g * h.measures + m) * 2]! / MICRO / rows - mean
    if (variance > 0) groups.sum += (rows * away * away) / variance
  }
  groups.df = variance > 0 ? Math.max(0, groups.df) : 0
  return { mean, variance, groups }
}

/**
 * Ends of coarse bins, each of neighbouring fine ones: about `parts` with the same share of the counts, and none with
 * fewer than `least`. Of deciles of the reference, where its fine bins are small enough; a fine bin is never split.
 */
export function coarse(counts: ArrayLike<number>, parts: number, least: number): number[] {
  const n = total(counts)
  const ends: number[] = []
  let inBin = 0
  let seen = 0
  for (let i = 0; i < counts.length; i++) {
    inBin += counts[i]!
    seen += counts[i]!
    const wanted = (n * (ends.length + 1)) / parts
    if (inBin >= least && seen >= wanted - 0.5 * (counts[i + 1] ?? 0) && n - seen >= least) {
      ends.push(i + 1)
      inBin = 0
    }
  }
  ends.push(counts.length)
  return ends
}

export function gathered(counts: ArrayLike<number>, ends: readonly number[]): Float64Array {
  const out = new Float64Array(ends.length)
  let from = 0
  ends.forEach((to, k) => {
    for (let i = from; i < to; i++) out[k]! += counts[i]!
    from = to
  })
  return out
}
