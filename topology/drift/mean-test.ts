import { fTail } from '../numeric/special.ts'
import type { Spread } from './comparison.ts'
import { fCritical } from './critical.ts'
import { total } from './samples.ts'
import type { ClosedWindow, Dispersion, Measured } from './window.ts'

/** Windows' worth of freedom that the groups' dispersion is given: the same students stand in all of them. */
const GROUP_WINDOWS = 3

/** The reference's windows together. */
export function pooled(windows: readonly ClosedWindow[]): ClosedWindow {
  const counts = new Float64Array(windows[0]!.counts.length)
  for (const w of windows) for (let i = 0; i < counts.length; i++) counts[i]! += w.counts[i]!
  const n = total(counts)
  const measures = windows[0]!.measures.map((_, m): Measured => {
    let sum = 0
    let squares = 0
    for (const w of windows) {
      const { mean, variance } = w.measures[m]!
      sum += w.n * mean
      squares += w.n * (variance + mean * mean)
    }
    const mean = sum / n
    return {
      mean,
      variance: Math.max(0, squares / n - mean * mean),
      groups: joined(windows.map((w) => w.measures[m]!.groups)),
    }
  })
  const ends = windows.flatMap((w) => [w.from, w.to])
  return {
    from: Math.min(...ends),
    to: Math.max(...ends),
    n,
    counts,
    measures,
    groups: joined(windows.map((w) => w.groups)),
  }
}

export const joined = (all: readonly Dispersion[]): Dispersion => ({
  sum: all.reduce((s, d) => s + d.sum, 0),
  df: all.reduce((s, d) => s + d.df, 0),
})

/**
 * By how much more than chance figures differ: the greater of what groups of students differ by within windows, and
 * what the reference's windows differ by among each other; at least 1. Its freedom is that of the one chosen. Where no
 * group of any window has more than one kind of row, as before and after a field is lost, the windows alone tell.
 */
export function spread(groups: Dispersion, perWindow: number, between: Dispersion): Spread {
  const a = groups.df > 0 ? groups.sum / groups.df : 1
  const b = between.df > 0 ? between.sum / between.df : 0
  if (groups.df === 0) return { factor: Math.max(1, b), df: Math.max(1, between.df) }
  const groupsDf = Math.max(1, Math.round(Math.min(groups.df, GROUP_WINDOWS * perWindow)))
  if (b > a && b > 1) return { factor: b, df: between.df }
  return { factor: Math.max(1, a), df: groupsDf }
}

/** P of a quasi-likelihood F test: a chi-square over its freedom, over the dispersion. */
export const spreadTail = (statistic: number, df: number, s: Spread) => fTail(statistic / (df * s.factor), df, s.df)

/** Difference of means of a measure: P in both directions. */
export function meanTest(
  current: ClosedWindow,
  reference: ClosedWindow,
  windows: readonly ClosedWindow[],
  m: number,
): { difference: number; p: number; spread: Spread; critical(alpha: number): number } {
  const [c, r] = [current.measures[m]!, reference.measures[m]!]
  const difference = c.mean - r.mean
  const variance = (current.n * c.variance + reference.n * r.variance) / (current.n + reference.n)
  const between = { sum: 0, df: windows.length - 1 }
  if (variance > 0)
    for (const w of windows) {
      const away = w.measures[m]!.mean - r.mean
      between.sum += (w.n * away * away) / variance
    }
  const groups = joined([c.groups, r.groups])
  const s = spread(groups, groups.df / (windows.length + 1), between)
  const unit = variance * (1 / current.n + 1 / reference.n)
  const p = unit > 0 ? spreadTail((difference * difference) / unit, 1, s) : 1
  const critical = (alpha: number) => Math.sqrt(unit * s.factor * fCritical(1, s.df, alpha))
  return { difference, p, spread: s, critical }
}
