import { fTail } from '../numeric/special.ts'
import type { Comparison } from './comparison.ts'
import { fCritical } from './critical.ts'
import type { DriftPolicy } from './policy.ts'
import { total } from './samples.ts'
import type { ClosedWindow } from './window.ts'

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
