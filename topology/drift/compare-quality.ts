import { type Comparison, calibrationError, type Metric } from './comparison.ts'
import { meanTest, pooled } from './mean-test.ts'
import type { DriftPolicy } from './policy.ts'
import type { ClosedWindow, Measured } from './window.ts'

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
