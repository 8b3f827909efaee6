import { binnedKs, binnedMoments, binnedWasserstein } from './binned.ts'
import { compareQuality } from './compare-quality.ts'
import { compareVolume } from './compare-volume.ts'
import type { Comparison, Metric } from './comparison.ts'
import { chiSquareCritical, fCritical } from './critical.ts'
import { jsDistance, psi } from './distances.ts'
import { joined, meanTest, pooled, spread, spreadTail } from './mean-test.ts'
import type { DriftPolicy } from './policy.ts'
import { total } from './samples.ts'
import { isNumeric, type ScaleName, scaleOf } from './scales.ts'
import type { Series } from './series.ts'
import { homogeneity } from './tables.ts'
import { type ClosedWindow, coarse, gathered } from './window.ts'

const LEAST_IN_BIN = 5

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
  // Windows that all have the same one kind differ by nothing, in as many ways as there are kinds now.
  const s = spread(groups, groups.df / (windows.length + 1), {
    sum: between.statistic,
    df: between.df || (windows.length - 1) * df,
  })
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
