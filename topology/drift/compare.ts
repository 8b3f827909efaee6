import { fTail } from '../numeric/special.ts'
import { binnedKs, binnedMoments, binnedWasserstein } from './binned.ts'
import { type Comparison, calibrationError, type Metric, type Spread } from './comparison.ts'
import { chiSquareCritical, fCritical } from './critical.ts'
import { jsDistance, psi } from './distances.ts'
import type { DriftPolicy } from './policy.ts'
import { total } from './samples.ts'
import { isNumeric, type ScaleName, scaleOf } from './scales.ts'
import type { Series } from './series.ts'
import { homogeneity } from './tables.ts'
import { type ClosedWindow, coarse, type Dispersion, gathered, type Measured } from './window.ts'

const LEAST_IN_BIN = 5
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

const joined = (all: readonly Dispersion[]): Dispersion => ({
  sum: all.reduce((s, d) => s + d.sum, 0),
  df: all.reduce((s, d) => s + d.df, 0),
})

/**
 * By how much more than chance figures differ: the greater of what groups of students differ by within windows, and
 * what the reference's windows differ by among each other; at least 1. Its freedom is that of the one chosen.
 */
function spread(groups: Dispersion, perWindow: number, between: Dispersion): Spread {
  const a = groups.df > 0 ? groups.sum / groups.df : 1
  const b = between.df > 0 ? between.sum / between.df : 0
  const groupsDf = Math.max(1, Math.round(Math.min(groups.df, GROUP_WINDOWS * perWindow)))
  if (b > a && b > 1) return { factor: b, df: between.df }
  return { factor: Math.max(1, a), df: groupsDf }
}

/** P of a quasi-likelihood F test: a chi-square over its freedom, over the dispersion. */
const spreadTail = (statistic: number, df: number, s: Spread) => fTail(statistic / (df * s.factor), df, s.df)

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

/** Shape and, for numbers, mean of a window against its reference's windows (at least one, all of the same bins). */
export function compareShape(
  policy: DriftPolicy,
  scale: ScaleName,
  current: ClosedWindow,
  windows: readonly ClosedWindow[],
): Comparison {
  const { floors, falseDiscovery: alpha } = policy
  const reference = pooled(windows)
  const least = LEAST_IN_BIN * (1 + reference.n / current.n)
  const ends = isNumeric(scale) ? coarse(reference.counts, 10, least) : kinds(reference.counts, current.counts)
  const gather = (w: ClosedWindow) => (isNumeric(scale) ? gathered(w.counts, ends) : picked(w.counts, ends))
  const [p, q] = [gather(reference), gather(current)]
  const { statistic, df } = homogeneity([p, q])
  const between = windows.length > 1 ? homogeneity(windows.map(gather)) : { statistic: 0, df: 0 }
  const groups = joined([current.groups, reference.groups])
  const s = spread(groups, groups.df / (windows.length + 1), { sum: between.statistic, df: between.df })
  const per = 1 / current.n + 1 / reference.n
  const shapeP = df === 0 ? 1 : spreadTail(statistic, df, s)
  const psiCritical = df === 0 ? null : s.factor * df * per * fCritical(df, s.df, alpha)
  const metrics: Metric[] = [
    { name: 'psi_deciles', value: psi(p, q), floor: floors.psi, critical: psiCritical, error: null },
    {
      name: 'js_distance_base_e',
      value: jsDistance(p, q),
      floor: floors.js,
      // For small differences the divergence is an eighth of PSI.
      critical: psiCritical === null ? null : Math.sqrt(psiCritical / 8),
      error: null,
    },
    {
      name: 'chi_square',
      value: statistic,
      floor: null,
      critical: df === 0 ? null : s.factor * chiSquareCritical(df, alpha),
      error: null,
    },
  ]
  let found = shapeP
  let rows = current.n / s.factor
  if (isNumeric(scale)) {
    const numbers = scaleOf(scale)
    const test = meanTest(current, reference, windows, 0)
    found = Math.min(1, 2 * Math.min(shapeP, test.p))
    rows = current.n / Math.max(s.factor, test.spread.factor)
    const sd = binnedMoments(numbers, reference.counts).sd || 1
    const ks = binnedKs(reference.counts, current.counts)
    const way = binnedWasserstein(numbers, reference.counts, current.counts)
    metrics.push(
      {
        name: 'ks_binned',
        ...ks,
        floor: floors.ks,
        critical: Math.sqrt((-Math.log(alpha / 2) / 2) * s.factor * per),
      },
      {
        name: 'wasserstein_sd_binned',
        value: way.value / sd,
        error: way.error / sd,
        floor: floors.wasserstein,
        // It is at least the difference of means.
        critical: test.critical(alpha) / sd,
      },
      { name: 'mean_difference', value: test.difference, floor: null, critical: test.critical(alpha), error: null },
    )
  }
  return { n: current.n, referenceN: reference.n, dispersion: s.factor, independentRows: rows, p: found, metrics }
}

/** Categories with enough expected rows in both; the others are one together, at the place -1. */
function kinds(reference: Float64Array, current: Float64Array): number[] {
  const share = total(current) / (total(current) + total(reference))
  const out: number[] = []
  reference.forEach((r, i) => {
    if ((r + current[i]!) * Math.min(share, 1 - share) >= LEAST_IN_BIN) out.push(i)
  })
  return out
}

function picked(counts: Float64Array, places: readonly number[]): Float64Array {
  const out = Float64Array.from(places, (i) => counts[i]!)
  return Float64Array.of(...out, total(counts) - total(out))
}

/** How well a model version predicted in a window, by itself. */
export function qualityFigures(w: ClosedWindow): Metric[] {
  const told = { floor: null, critical: null, error: null }
  const [residual, loss, brier] = w.measures as [Measured, Measured, Measured]
  return [
    { name: 'residual_mean', value: residual.mean, ...told },
    { name: 'log_loss', value: loss.mean, ...told },
    { name: 'brier', value: brier.mean, ...told },
    { name: 'ece_20_bins', value: calibrationError(w.counts), ...told },
  ]
}

/** How well a model version predicted, against its reference's windows. */
export function compareQuality(
  { floors, falseDiscovery: alpha }: DriftPolicy,
  current: ClosedWindow,
  windows: readonly ClosedWindow[],
): Comparison {
  const reference = pooled(windows)
  const tests = [0, 1, 2].map((m) => meanTest(current, reference, windows, m))
  const [residual, loss, brier] = tests as [(typeof tests)[0], (typeof tests)[0], (typeof tests)[0]]
  const worse = (t: typeof loss) => (t.difference > 0 ? t.p / 2 : 1)
  const metric = (name: string, t: typeof loss, floor: number): Metric => ({
    name,
    value: t.difference,
    floor,
    critical: t.critical(alpha),
    error: null,
  })
  const ece = calibrationError(current.counts)
  const factor = Math.max(residual.spread.factor, loss.spread.factor)
  return {
    n: current.n,
    referenceN: reference.n,
    dispersion: factor,
    independentRows: current.n / factor,
    p: Math.min(1, 2 * Math.min(residual.p, worse(loss), worse(brier))),
    metrics: [
      metric('residual_mean_change', residual, floors.residual),
      metric('log_loss_change', loss, floors.logLoss),
      metric('brier_change', brier, floors.brier),
      {
        name: 'ece_change_20_bins',
        value: ece - calibrationError(reference.counts),
        floor: floors.ece,
        critical: null,
        error: null,
      },
      ...qualityFigures(current),
    ],
  }
}

/** How many rows there were: the logarithm of the ratio to the reference's windows, by Student's t over them. */
export function compareVolume(
  { floors, falseDiscovery: alpha }: DriftPolicy,
  current: ClosedWindow,
  windows: readonly ClosedWindow[],
): Comparison {
  // Half a row more, so that an empty week has a logarithm.
  const logs = windows.map((w) => Math.log(w.n + 0.5))
  const mean = total(logs) / logs.length
  const variance = logs.reduce((s, x) => s + (x - mean) * (x - mean), 0) / Math.max(1, logs.length - 1)
  const unit = Math.max(variance, 1 / (1 + total(windows.map((w) => w.n)))) * (1 + 1 / logs.length)
  const value = Math.log(current.n + 0.5) - mean
  const df = Math.max(1, logs.length - 1)
  return {
    n: current.n,
    referenceN: total(windows.map((w) => w.n)),
    dispersion: 1,
    independentRows: current.n,
    p: fTail((value * value) / unit, 1, df),
    metrics: [
      {
        name: 'log_volume_ratio',
        value,
        floor: floors.volume,
        critical: Math.sqrt(unit * fCritical(1, df, alpha)),
        error: null,
      },
    ],
  }
}

/** What a series is compared by. */
export function compare(
  policy: DriftPolicy,
  series: Pick<Series, 'kind' | 'scale'>,
  current: ClosedWindow,
  windows: readonly ClosedWindow[],
): Comparison {
  if (series.kind === 'quality') return compareQuality(policy, current, windows)
  if (series.kind === 'volume') return compareVolume(policy, current, windows)
  return compareShape(policy, series.scale, current, windows)
}
