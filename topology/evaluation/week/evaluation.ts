import type { DataFacts, Difference, Protocol } from '../evaluation.ts'
import type { Clock, Scope, WeekCounts } from './target.ts'

/** What was found out about forecasts of the accuracy over the next week. All means are weighted by the answers of the week. */
export interface WeekEvaluation {
  schema: 1
  target: 'week'
  task: string
  protocol: Protocol & { days: number; scope: Scope; clock: Clock }
  data: { train: DataFacts | null; test: DataFacts; students_in_both: number }
  /** What became of the rows; null: parts of the measured ones are fitted on. */
  rows: { train: WeekCounts | null; test: WeekCounts }
  measured: {
    rows: number
    students: number
    /** Answers of all weeks together: an answer counts in the week of each row that it follows. */
    week_answers: number
    /** Share of right answers, and the standard deviation of the weeks' shares. */
    share: number
    deviation: number
    /** Log loss of whoever knew each share: what no forecast goes below. */
    least_log_loss: number
  }
  models: Record<string, WeekModel>
  /** Each against each, first less second, on the same draws. */
  comparisons: { first: string; second: string; rmse: Difference; log_loss: Difference; r2: Difference }[]
  slices: { history: WeekSlice[]; seen_after: WeekSlice[] }
}

export interface WeekModel {
  about: string
  rmse: number
  rmse_low: number
  rmse_high: number
  log_loss: number
  log_loss_low: number
  log_loss_high: number
  /** 1 less the squared errors over those of the measured rows' own mean. */
  r2: number
  r2_low: number
  r2_high: number
  mean_p: number
  /** Mean distance of expected and observed over the deciles. */
  ece: number
  /** By deciles of the forecast, ascending. */
  calibration: WeekDecile[]
  fit_seconds: number | null
  predict_seconds: number | null
}

export interface WeekDecile {
  rows: number
  week_answers: number
  expected: number
  observed: number
}

export interface WeekSlice {
  name: string
  rows: number
  students: number
  week_answers: number
  share: number
  models: Record<string, { rmse: number; log_loss: number; mean_p: number }>
}

/** What the text of an evaluation says of the week; null where it is one of the next answer. */
export function weekEvaluationIn(text: string): WeekEvaluation | null {
  const e = JSON.parse(text) as Partial<WeekEvaluation> | null
  return e?.schema === 1 && e.target === 'week' ? (e as WeekEvaluation) : null
}

/** What a forecast of a week answers. */
export const weekTask = (scope: Scope): string =>
  `What share of the student's answers over the next week${scope === 'all' ? '' : " on the row's topics"} is right, given the earlier answers of the student?`
