import type { Histogram } from './histogram.ts'
import { CALIBRATION_BINS } from './scales.ts'

/** A prediction is taken for no surer than this, so that one mistake's log loss is at most 13.8. */
const SUREST = 1e-6

/** Bins of a quality series: for each bin of predictions a cell for wrong and one for right answers. */
export const QUALITY_BINS = 2 * CALIBRATION_BINS

/** Counts one prediction `p`, in [0, 1], of an answer in the histogram of a quality series, whose measures QUALITY_MEASURES are. */
export function addPrediction(h: Histogram, group: number, p: number, correct: boolean): void {
  const bin = Math.min(CALIBRATION_BINS - 1, Math.floor(p * CALIBRATION_BINS))
  h.counts[group * h.bins + 2 * bin + (correct ? 1 : 0)]!++
  const residual = (correct ? 1 : 0) - p
  h.measure(group, 0, residual)
  h.measure(group, 1, -Math.log(Math.max(SUREST, correct ? p : 1 - p)))
  h.measure(group, 2, residual * residual)
}
