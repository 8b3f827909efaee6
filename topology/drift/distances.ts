import { total } from './samples.ts'

/** What stands for the share of an empty bin in PSI. */
export const EMPTY_SHARE = 1e-4

/** Counts as shares of their sum. */
export function shares(counts: ArrayLike<number>): Float64Array {
  const sum = total(counts)
  return Float64Array.from(counts, (c) => c / sum)
}

/** Edges of the bins that hold a tenth of the ascending reference each, linear between order statistics: nine numbers. */
export function decileEdges(reference: Float64Array): number[] {
  return Array.from({ length: 9 }, (_, i) => {
    const place = ((i + 1) / 10) * (reference.length - 1)
    const below = Math.floor(place)
    const low = reference[below]!
    return low + (place - below) * (reference[Math.min(reference.length - 1, below + 1)]! - low)
  })
}

/** Counts between ascending inner edges: a value at an edge is above it; n edges make n + 1 bins. */
export function countBetween(values: ArrayLike<number>, edges: readonly number[]): Float64Array {
  const counts = new Float64Array(edges.length + 1)
  for (let i = 0; i < values.length; i++) {
    let bin = 0
    while (bin < edges.length && values[i]! >= edges[bin]!) bin++
    counts[bin]!++
  }
  return counts
}

/** Edges of equal width over both samples, by Sturges' rule for both together: outer ones included. */
export function sturgesEdges(a: Float64Array, b: Float64Array): number[] {
  const bins = Math.ceil(Math.log2(a.length + b.length)) + 1
  const low = Math.min(a[0]!, b[0]!)
  const high = Math.max(a.at(-1)!, b.at(-1)!)
  return Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins)
}

/** Population stability index Σ (p - q) ln(p / q); a share of zero counts as `least`, and no share is scaled for it. */
export function psi(reference: ArrayLike<number>, current: ArrayLike<number>, least = EMPTY_SHARE): number {
  const p = shares(reference)
  const q = shares(current)
  let sum = 0
  for (let i = 0; i < p.length; i++) {
    const a = p[i] === 0 ? least : p[i]!
    const b = q[i] === 0 ? least : q[i]!
    sum += (b - a) * Math.log(b / a)
  }
  return sum
}

/** Square root of the Jensen-Shannon divergence, base e; divided by sqrt(ln 2) base 2. Between 0 and sqrt(ln 2). */
export function jsDistance(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const p = shares(reference)
  const q = shares(current)
  let sum = 0
  for (let i = 0; i < p.length; i++) {
    const m = (p[i]! + q[i]!) / 2
    if (p[i]! > 0) sum += p[i]! * Math.log(p[i]! / m)
    if (q[i]! > 0) sum += q[i]! * Math.log(q[i]! / m)
  }
  return Math.sqrt(Math.max(0, sum / 2))
}

export const jsDistanceBase2 = (reference: ArrayLike<number>, current: ArrayLike<number>): number =>
  jsDistance(reference, current) / Math.sqrt(Math.LN2)

/** sqrt(Σ (sqrt p - sqrt q)² / 2), between 0 and 1. */
export function hellinger(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const p = shares(reference)
  const q = shares(current)
  let sum = 0
  for (let i = 0; i < p.length; i++) {
    const d = Math.sqrt(p[i]!) - Math.sqrt(q[i]!)
    sum += d * d
  }
  return Math.sqrt(sum / 2)
}
