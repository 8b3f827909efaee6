import { chiSquareTail, normalTail } from '../numeric/special.ts'

/** Ascending copy. */
export const sorted = (x: readonly number[]): Float64Array => Float64Array.from(x).sort()

/** Walks the distinct values of two ascending samples: shares at or below the value, and the way to the next one. */
function walk(a: Float64Array, b: Float64Array, visit: (f: number, g: number, width: number) => void): void {
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const x = j >= b.length || (i < a.length && a[i]! <= b[j]!) ? a[i]! : b[j]!
    while (i < a.length && a[i] === x) i++
    while (j < b.length && b[j] === x) j++
    const next = Math.min(a[i] ?? Infinity, b[j] ?? Infinity)
    visit(i / a.length, j / b.length, next === Infinity ? 0 : next - x)
  }
}

/** Greatest distance of two samples' distribution functions. Ascending samples. */
export function ksDistance(a: Float64Array, b: Float64Array): number {
  let most = 0
  walk(a, b, (f, g) => {
    most = Math.max(most, Math.abs(f - g))
  })
  return most
}

/** Area between the distribution functions: the least mean way from one sample to the other, in the samples' unit. */
export function wasserstein(a: Float64Array, b: Float64Array): number {
  let area = 0
  walk(a, b, (f, g, width) => {
    area += Math.abs(f - g) * width
  })
  return area
}

/** Wasserstein over the reference's standard deviation (n below), at least 0.001 as Evidently has it. */
export function wassersteinNormed(reference: Float64Array, current: Float64Array): number {
  return wasserstein(reference, current) / Math.max(0.001, deviation(reference))
}

function deviation(x: Float64Array): number {
  let sum = 0
  for (const v of x) sum += v
  const mean = sum / x.length
  let squares = 0
  for (const v of x) squares += (v - mean) * (v - mean)
  return Math.sqrt(squares / x.length)
}

/** Square root of twice the area of squared differences of the distribution functions (Székely & Rizzo's, as SciPy gives it). */
export function energyDistance(a: Float64Array, b: Float64Array): number {
  let area = 0
  walk(a, b, (f, g, width) => {
    area += (f - g) * (f - g) * width
  })
  return Math.sqrt(2 * area)
}

/**
 * Mann-Whitney, two-sided: exact where the smaller sample has eight or fewer and nothing is tied, else normal with the
 * corrections for ties and continuity.
 */
export function mannWhitneyP(a: Float64Array, b: Float64Array): number {
  const [n, m] = [a.length, b.length]
  const all: [value: number, sample: number][] = []
  for (const x of a) all.push([x, 0])
  for (const x of b) all.push([x, 1])
  all.sort(([x], [y]) => x - y)
  let rankSum = 0
  let ties = 0
  for (let i = 0; i < all.length; ) {
    let j = i
    while (j < all.length && all[j]![0] === all[i]![0]) j++
    const t = j - i
    ties += t * t * t - t
    for (let k = i; k < j; k++) if (all[k]![1] === 0) rankSum += (i + j + 1) / 2
    i = j
  }
  const u = rankSum - (n * (n + 1)) / 2
  const most = Math.max(u, n * m - u)
  if (ties === 0 && Math.min(n, m) <= 8) return Math.min(1, 2 * exactTail(n, m, most))
  const total = n + m
  const s = Math.sqrt(((n * m) / 12) * (total + 1 - ties / (total * (total - 1))))
  return Math.min(1, 2 * normalTail((most - (n * m) / 2 - 0.5) / s))
}

/** Chance that U is at least `u`: counts of arrangements by the recursion of Mann & Whitney (1947). */
function exactTail(n: number, m: number, u: number): number {
  // ways[i][s]: arrangements of i of the first and the j-th of the second seen so far whose U is s.
  let ways: Float64Array[] = Array.from({ length: n + 1 }, () => new Float64Array(n * m + 1))
  for (let i = 0; i <= n; i++) ways[i]![0] = 1
  for (let j = 1; j <= m; j++) {
    const next = Array.from({ length: n + 1 }, () => new Float64Array(n * m + 1))
    next[0]![0] = 1
    for (let i = 1; i <= n; i++)
      for (let s = 0; s <= i * j; s++) next[i]![s] = ways[i]![s]! + (s >= j ? next[i - 1]![s - j]! : 0)
    ways = next
  }
  let above = 0
  let all = 0
  ways[n]!.forEach((w, s) => {
    all += w
    if (s >= u) above += w
  })
  return above / all
}

/** Pearson's goodness of fit of counts to the shares of a reference: p with one degree less than categories. */
export function chiSquareP(reference: readonly number[], current: readonly number[]): number {
  return fitP(reference, current, (o, e) => ((o - e) * (o - e)) / e)
}

/** The likelihood-ratio form of the same. */
export function gTestP(reference: readonly number[], current: readonly number[]): number {
  return fitP(reference, current, (o, e) => (o > 0 ? 2 * o * Math.log(o / e) : 0))
}

function fitP(ref: readonly number[], cur: readonly number[], part: (o: number, e: number) => number): number {
  const scale = total(cur) / total(ref)
  let statistic = 0
  cur.forEach((o, i) => {
    statistic += part(o, ref[i]! * scale)
  })
  return chiSquareTail(statistic, cur.length - 1)
}

export const total = (x: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]!
  return sum
}
