import { total } from './samples.ts'
import { CALIBRATION_BINS } from './scales.ts'

/** By how much more than by chance figures spread, and the degrees of freedom that this is known with. */
export interface Spread {
  factor: number
  df: number
}

export interface Metric {
  /** Says which variant. */
  name: string
  value: number
  /** Below it an effect is none; null: it is told, not judged. */
  floor: number | null
  /** What chance passes once in `falseDiscovery` windows at these sizes, for one series looked at alone. */
  critical: number | null
  /** How far the figure of the values themselves can lie away, where it was computed from bins. */
  error: number | null
}

export interface Comparison {
  n: number
  referenceN: number
  dispersion: number
  /** Rows that would tell as much if none had anything in common. */
  independentRows: number
  /** Before the correction over series. */
  p: number
  metrics: Metric[]
}

/** Whether an effect is above its floor and above its critical value. */
export const hasEffect = (c: Comparison): boolean =>
  c.metrics.some(
    ({ value, floor, critical }) =>
      floor !== null && Math.abs(value) >= floor && (critical === null || Math.abs(value) >= critical),
  )

/** Mean distance of predicted and seen share over bins of prediction; predictions are taken for their bin's middle. */
export function calibrationError(cells: ArrayLike<number>): number {
  const n = total(cells)
  if (n === 0) return 0
  let sum = 0
  for (let b = 0; b < CALIBRATION_BINS; b++) {
    const [wrong, right] = [cells[2 * b]!, cells[2 * b + 1]!]
    if (wrong + right > 0) sum += Math.abs(right - (wrong + right) * ((b + 0.5) / CALIBRATION_BINS))
  }
  return sum / n
}

/**
 * P values corrected for how many there are, so that of those at or below q no more than a share q is false (Benjamini &
 * Hochberg, JRSS B 57, 1995). In the order given.
 */
export function benjaminiHochberg(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[b]! - ps[a]!)
  const out = new Array<number>(ps.length)
  let least = 1
  order.forEach((i, k) => {
    least = Math.min(least, (ps[i]! * ps.length) / (ps.length - k))
    out[i] = least
  })
  return out
}
