import type { AnswerLog } from './answer-log.ts'
import { DRAWN, type Draws, differenceInterval, interval, StudentBootstrap } from './bootstrap.ts'
import { brierParts, calibrationError, equalMass, equalWidth, reliabilityCurve } from './calibration.ts'
import type { Comparison, Difference, Evaluation, Intervals, ModelEvaluation, SliceTable } from './evaluation.ts'
import { type History, historyOf } from './history.ts'
import { learningCurve } from './learning-curve.ts'
import { scores } from './metrics.ts'
import { auc, rank, rocCurve } from './ranking.ts'
import { byHistory, byTopic, type Slice, sliceRate, sliceScores, take, withoutFirstEncounters } from './slices.ts'

/** One set of predictions, as it came about. */
export interface Predictions
  extends Pick<
    ModelEvaluation,
    'about' | 'source' | 'fit_seconds' | 'predict_seconds' | 'artefact_sha256' | 'artefact_bytes' | 'training'
  > {
  id: string
  /** Per row of the log, in [0, 1]. */
  p: Float64Array
  /** In cross-validation: fold by row. */
  fold: Uint16Array | null
}

export interface EvaluateOptions {
  seed: number
  draws: number
  level: number
  bins: number
  /** Further slices by name of the column. */
  groups: ReadonlyMap<string, Slice[]>
}

/** Slices by topic that are listed, the largest ones. */
const TOPICS_LISTED = 200
/** Fewer rows than this are not listed. */
const LEAST_SLICE = 50
const TOPIC_CURVES = 6

export type Measured = Pick<Evaluation, 'models' | 'comparisons' | 'slices' | 'learning_curves'>

/**
 * Measures predictions of the same answers. A generator, since a thousand draws of many models take seconds: it gives
 * the share that is done, and in between its caller can look after other things.
 */
export function* evaluate(
  log: AnswerLog,
  predictions: readonly Predictions[],
  options: EvaluateOptions,
): Generator<number, Measured> {
  const history = historyOf(log)
  const { draws, seed, level } = options
  const bootstrap = (rows: Int32Array | null) => {
    const all = { student: log.student, correct: log.correct, ps: predictions.map((m) => m.p) }
    const part = rows && {
      student: Int32Array.from(rows, (r) => log.student[r]!),
      correct: Uint8Array.from(rows, (r) => log.correct[r]!),
      ps: all.ps.map((p) => take(log.correct, p, rows).q),
    }
    const { student, correct, ps } = part ?? all
    return new StudentBootstrap(student, correct, ps, { seed, draws })
  }
  const intervalSlices = [byHistory(history), ...options.groups.values()]
  const work = log.size + intervalSlices.flat().reduce((sum, s) => sum + s.rows.length, 0)
  let done = 0
  function* drawn(rows: Int32Array | null): Generator<number, Draws[]> {
    const b = bootstrap(rows)
    const size = rows?.length ?? log.size
    while (b.advance(20)) yield (done + (size * b.done) / draws) / work
    done += size
    return b.results()
  }

  const whole = yield* drawn(null)
  const models: Record<string, ModelEvaluation> = {}
  for (const [i, m] of predictions.entries()) {
    models[m.id] = measure(log, history, m, whole[i]!, options)
    yield done / work
  }
  const tables: SliceTable[] = []
  for (const slices of intervalSlices) {
    const table = sliceTable(log, predictions, slices, Number.POSITIVE_INFINITY)
    for (const listed of table.slices) {
      const d = yield* drawn(slices.find((s) => s.name === listed.name)!.rows)
      for (const [i, m] of predictions.entries()) {
        const { low, high } = interval(d[i]!.auc, level)
        Object.assign(listed.models[m.id]!, { auc_low: low, auc_high: high })
      }
    }
    tables.push(table)
  }
  const topics = byTopic(log)
  return {
    models,
    comparisons: compareAll(predictions, models, whole, level),
    slices: {
      history: tables[0]!,
      topic: sliceTable(log, predictions, topics, TOPICS_LISTED),
      groups: Object.fromEntries([...options.groups.keys()].map((name, i) => [name, tables[i + 1]!])),
    },
    learning_curves: curves(log, history, predictions, topics),
  }
}

function measure(log: AnswerLog, history: History, m: Predictions, drawn: Draws, o: EvaluateOptions): ModelEvaluation {
  const { correct } = log
  const { id: _, p, fold, ...facts } = m
  const ranking = rank(p)
  const wide = equalWidth(p, o.bins)
  const massed = equalMass(p, o.bins, ranking)
  const reliability = {
    equal_width: reliabilityCurve(correct, p, wide),
    equal_mass: reliabilityCurve(correct, p, massed),
  }
  const later = withoutFirstEncounters(history)
  const laterRows = take(correct, p, later.rows)
  const intervals: Record<string, number> = {}
  for (const metric of DRAWN) {
    const { low, high } = interval(drawn[metric], o.level)
    intervals[`${metric}_low`] = low
    intervals[`${metric}_high`] = high
  }
  const { n, mean_p, accuracy, rmse, log_loss, brier } = scores(correct, p)
  return {
    ...facts,
    n,
    mean_p,
    auc: auc(correct, p, ranking),
    accuracy,
    rmse,
    log_loss,
    brier,
    ...(intervals as unknown as Intervals),
    brier_parts: brierParts(correct, p, massed),
    ece: calibrationError(reliability.equal_width),
    ece_equal_mass: calibrationError(reliability.equal_mass),
    auc_without_first_encounters: auc(laterRows.y, laterRows.q),
    n_without_first_encounters: later.rows.length,
    folds: fold && foldScores(correct, p, fold),
    reliability,
    roc: rocCurve(correct, p, ranking),
  }
}

function foldScores(correct: Uint8Array, p: Float64Array, fold: Uint16Array): NonNullable<ModelEvaluation['folds']> {
  const folds = [...new Set(fold)].sort((a, b) => a - b)
  return folds.map((f) => {
    const rows = Int32Array.from(fold.keys()).filter((r) => fold[r] === f)
    const { y, q } = take(correct, p, rows)
    return { fold: f + 1, n: rows.length, auc: auc(y, q) }
  })
}

function compareAll(
  predictions: readonly Predictions[],
  models: Record<string, ModelEvaluation>,
  draws: readonly Draws[],
  level: number,
): Comparison[] {
  const out: Comparison[] = []
  for (const [i, first] of predictions.entries())
    for (const [j, second] of predictions.entries()) {
      if (j <= i) continue
      const of = (metric: 'auc' | 'rmse' | 'log_loss'): Difference => {
        const { low, high } = differenceInterval(draws[i]![metric], draws[j]![metric], level)
        const difference = models[first.id]![metric] - models[second.id]![metric]
        return { difference, low, high, clear_of_zero: low > 0 || high < 0 }
      }
      out.push({ first: first.id, second: second.id, auc: of('auc'), rmse: of('rmse'), log_loss: of('log_loss') })
    }
  return out
}

function sliceTable(
  log: AnswerLog,
  predictions: readonly Predictions[],
  slices: readonly Slice[],
  most: number,
): SliceTable {
  const listed = slices.filter((s) => s.rows.length >= LEAST_SLICE).slice(0, most)
  const out = slices.filter((s) => !listed.includes(s))
  return {
    slices: listed.map((s) => ({
      name: s.name,
      n: s.rows.length,
      students: new Set(s.rows.map((r) => log.student[r]!)).size,
      rate: sliceRate(log.correct, s),
      models: Object.fromEntries(
        predictions.map((m) => [
          m.id,
          { ...sliceScores(log.correct, m.p, s), auc_low: Number.NaN, auc_high: Number.NaN },
        ]),
      ),
    })),
    left_out: { slices: out.length, rows: out.reduce((sum, s) => sum + s.rows.length, 0) },
  }
}

function curves(
  log: AnswerLog,
  history: History,
  predictions: readonly Predictions[],
  topics: readonly Slice[],
): Evaluation['learning_curves'] {
  const ps = predictions.map((m) => m.p)
  const named = (name: string, rows?: Int32Array) => ({
    name,
    points: learningCurve(log, history, ps, rows ? { rows } : {}).map(({ predicted, ...point }) => ({
      ...point,
      predicted: Object.fromEntries(predicted.map((e, i) => [predictions[i]!.id, e])),
    })),
  })
  return [named('all topics'), ...topics.slice(0, TOPIC_CURVES).map((t) => named(t.name, t.rows))].filter(
    (c) => c.points.length > 1,
  )
}
