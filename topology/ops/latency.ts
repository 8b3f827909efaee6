/**
 * Upper bounds of the bins of `latency` and `age` in ops-metric, milliseconds, each inclusive. 500 is one of them: what
 * is asked of scoring at p99. Records hold counts by position, so that a bound may be added at the end and never between.
 */
export const BOUNDS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 300, 400, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000, 20_000, 30_000,
  60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 14_400_000, 43_200_000, 86_400_000,
] as const

/** Counts by bin; shorter than BOUNDS_MS where the later bins are empty. */
export type Bins = readonly number[]

/** The bin of a duration. What took longer than a day is in the last one, whose bound is then a lower bound. */
export function binOf(ms: number): number {
  let low = 0
  let high = BOUNDS_MS.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (ms <= BOUNDS_MS[middle]!) high = middle
    else low = middle + 1
  }
  return low
}

/** Counts `n` things that took `ms` milliseconds each. */
export function addTo(bins: number[], ms: number, n: number): void {
  const bin = binOf(ms)
  while (bins.length <= bin) bins.push(0)
  bins[bin]! += n
}

/** The bins of both together. */
export function merged(a: Bins, b: Bins): number[] {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a]
  return long.map((n, i) => n + (short[i] ?? 0))
}

/** How many were counted. */
export function countOf(bins: Bins): number {
  let n = 0
  for (const x of bins) n += x
  return n
}

/**
 * The smallest bound that at least the share `q` (0 to 1) of what was counted does not exceed, milliseconds; null where
 * nothing was. The quantile itself (nearest rank) lies in the bin that ends there.
 */
export function quantileMs(bins: Bins, q: number): number | null {
  const total = countOf(bins)
  if (total === 0) return null
  // Of counts below 2^53 the rank is exact but for the product's rounding, which must not lift 0.99 * 100 above 99.
  const rank = Math.max(1, Math.ceil(q * total - 1e-9))
  let n = 0
  for (const [i, x] of bins.entries()) {
    n += x
    if (n >= rank) return BOUNDS_MS[Math.min(i, BOUNDS_MS.length - 1)]!
  }
  return BOUNDS_MS.at(-1)!
}
