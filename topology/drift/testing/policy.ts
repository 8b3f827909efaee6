import type { DriftPolicy } from '../policy.ts'

/** As configs/drift.json ships it, but for the count that ends a window, which a small school never reaches. */
export const POLICY: DriftPolicy = {
  bucketHours: 24,
  latenessHours: 6,
  lateDays: 7,
  featureDays: [7],
  floors: {
    psi: 0.04,
    js: 0.07,
    ks: 0.07,
    wasserstein: 0.2,
    residual: 0.03,
    logLoss: 0.03,
    brier: 0.01,
    ece: 0.03,
    volume: 0.7,
  },
  falseDiscovery: 0.02,
  leastRows: 100,
  leastIndependent: 20,
  countWindow: 3000,
  referenceWindows: 8,
  gapWindows: 2,
  terms: [],
  retraining: { enqueue: false, cooldownDays: 14, models: ['bkt'] },
}
