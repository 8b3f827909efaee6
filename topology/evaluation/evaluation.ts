import type { Bin, BrierParts } from './calibration.ts'
import type { TrainingPoint } from './learner.ts'
import type { RocPoint } from './ranking.ts'
import type { SliceScores } from './slices.ts'

/** Everything that was found out about some sets of predictions on the same answers. The report and cards read only this. */
export interface Evaluation {
  schema: 1
  task: string
  protocol: Protocol
  data: { train: DataFacts | null; test: DataFacts; students_in_both: number }
  models: Record<string, ModelEvaluation>
  /** Each against each. */
  comparisons: Comparison[]
  slices: {
    history: SliceTable
    topic: SliceTable
    /** By column of the data, where some were named. */
    groups: Record<string, SliceTable>
  }
  learning_curves: { name: string; points: CurvePoints }[]
}

export interface Protocol {
  kind: 'train and test files' | 'students kept aside' | 'cross-validation' | 'prequential'
  /** Parts of the students, each tested once on models fitted on the others; null for files. */
  folds: number | null
  seed: number
  /** Bootstrap draws of students. */
  draws: number
  level: number
  /** Bins of calibration error, curves and the decomposition of the Brier score. */
  bins: number
}

export interface DataFacts {
  files: { name: string; bytes: number; sha256: string }[]
  format: string
  answers: number
  students: number
  items: number
  topics: number
  /** Share of correct answers. */
  rate: number
  /** UTC milliseconds of the first and the last answer; null without a clock. */
  from: number | null
  to: number | null
  /** Rows that name no topic: they count as of a topic of their own. */
  untagged: number
  /** Rows left out because they could not be read. */
  rejected: number
}

export interface ModelEvaluation extends Intervals {
  about: string
  source: 'fitted' | 'loaded' | 'file'
  n: number
  mean_p: number
  auc: number
  accuracy: number
  rmse: number
  log_loss: number
  brier: number
  brier_parts: BrierParts
  /** Calibration error over bins of equal width in p. */
  ece: number
  /** Calibration error over bins of equally many rows. */
  ece_equal_mass: number
  /** Over rows at which no topic is met for the first time. */
  auc_without_first_encounters: number
  n_without_first_encounters: number
  /** Null where nothing was fitted. */
  fit_seconds: number | null
  predict_seconds: number | null
  /** SHA-256 of the artefact, hexadecimal; null for a file of predictions and in cross-validation. */
  artefact_sha256: string | null
  artefact_bytes: number | null
  /** Loss during the fit, where it told it; left out in cross-validation. */
  training?: TrainingPoint[]
  folds: { fold: number; n: number; auc: number }[] | null
  reliability: { equal_width: Bin[]; equal_mass: Bin[] }
  roc: RocPoint[]
}

/** Percentile intervals of the bootstrap over students. */
export interface Intervals {
  auc_low: number
  auc_high: number
  accuracy_low: number
  accuracy_high: number
  rmse_low: number
  rmse_high: number
  log_loss_low: number
  log_loss_high: number
  brier_low: number
  brier_high: number
}

/** First less second, on the same draws of students. */
export interface Comparison {
  first: string
  second: string
  auc: Difference
  rmse: Difference
  log_loss: Difference
}

export interface Difference {
  difference: number
  low: number
  high: number
  /** The interval holds no zero. */
  clear_of_zero: boolean
}

export interface SliceTable {
  slices: {
    name: string
    n: number
    students: number
    rate: number
    /** Intervals are NaN for topics, which are too many. */
    models: Record<string, SliceScores & { auc_low: number; auc_high: number }>
  }[]
  /** Slices that were too small, or too many, to be listed, and their rows. */
  left_out: { slices: number; rows: number }
}

export type CurvePoints = { opportunity: number; n: number; error: number; predicted: Record<string, number> }[]

/** Numbers that may be NaN, which JSON writes as null. */
const MEASURED = /^(?:auc|accuracy|rmse|log_loss|brier|ece|mean_p|rate|difference|low|high)(?:_|$)/

/**
 * An evaluation as `mastery evaluate --json` printed it.
 * @throws Error where it is of another schema
 */
export function parseEvaluation(text: string): Evaluation {
  const e = JSON.parse(text, (key, value) => (value === null && MEASURED.test(key) ? Number.NaN : value)) as Evaluation
  if (e?.schema !== 1)
    throw new Error(
      `This is no evaluation that can be read here: it is of schema ${e?.schema}, not of 1. Evaluate again.`,
    )
  return e
}
