/** A part of the school year, for what a school does every year at about the same time. Month and day as MMDD. */
export interface Term {
  name: string
  from: number
  to: number
}

/** configs/drift.json. */
export interface DriftPolicy {
  /** Length of a bucket, and how long after its end a record still counts in it, hours. */
  bucketHours: number
  latenessHours: number
  /** Records that are later than that by more than so many days are left out: they belong to an import. */
  lateDays: number
  /** Lengths of the feature windows whose figures are watched, days. */
  featureDays: readonly number[]
  /** Effects below these are none, however certain. */
  floors: {
    psi: number
    js: number
    ks: number
    /** In standard deviations of the reference. */
    wasserstein: number
    /** Differences of means: answer less prediction, log loss, Brier score, calibration error. */
    residual: number
    logLoss: number
    brier: number
    ece: number
    /** Logarithm of the ratio of volumes. */
    volume: number
  }
  /** Share of false ones that is allowed among all windows of a round that are called different. */
  falseDiscovery: number
  /** Below this many rows in a window there is no verdict. */
  leastRows: number
  /** Below this many rows' worth, once what students' rows have in common is taken off, neither. */
  leastIndependent: number
  /** Rows that end a window by count. */
  countWindow: number
  /** Windows that a reference is made of: the weeks before, and the first weeks of a model version. */
  referenceWindows: number
  /** Windows just before the present one that the weeks before leave out, so that a drift is not its own reference. */
  gapWindows: number
  /** The school year; empty: the same calendar week of the year before. What lies between terms is not compared. */
  terms: readonly Term[]
  retraining: { enqueue: boolean; cooldownDays: number; models: readonly string[] }
}
