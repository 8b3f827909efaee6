import { FileCheckpoint } from '@mastery/infra/adapters/files/checkpoint.ts'
import type { WorkerContext } from '@mastery/infra/runtime/worker-thread.ts'
import { referenceText, trainingReference } from '@mastery/topology/drift/training-reference.ts'
import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import { differenceInterval, StudentBootstrap } from '@mastery/topology/evaluation/bootstrap.ts'
import { evaluate, type Measured, type Predictions } from '@mastery/topology/evaluation/evaluate.ts'
import type { DataFacts } from '@mastery/topology/evaluation/evaluation.ts'
import type { FitRun, TrainingPoint } from '@mastery/topology/evaluation/learner.ts'
import { scores } from '@mastery/topology/evaluation/metrics.ts'
import { auc } from '@mastery/topology/evaluation/ranking.ts'
import { byColumn, take } from '@mastery/topology/evaluation/slices.ts'
import { splitByStudent } from '@mastery/topology/evaluation/split.ts'
import { factsOf } from '../evaluate/read-answers.ts'
import { learnerNamed } from '../learners.ts'
import { type Predictor, predictWith, unseenStudents } from './predictor.ts'
import { type MeasuredWeek, measureWeek } from './week-measure.ts'

export interface FitTask {
  learner: string
  log: AnswerLog
  /** Measured on these; null: on one student of `log` in so many, who is not fitted on. */
  test: AnswerLog | null
  seed: number
  folds: number
  draws: number
  /** By name of a column: its text in each source row of the answers that are measured on. */
  columns: readonly (readonly [name: string, values: readonly string[]])[]
  /** What the version would replace. */
  champion: Predictor | null
  labels: NonNullable<FitRun['labels']> | null
  /** File that the fit keeps its place in. */
  checkpoint: string | null
}

export interface FitResult {
  bytes: Uint8Array
  metrics: Record<string, number>
  /** Null: a forecast of the week, which is in `week`. */
  measured: Measured | null
  week: MeasuredWeek | null
  /** How well the held out students were predicted, by week, as drift compares it; null where they have no clock. */
  reference: string | null
  fitSeconds: number
  /** Numbers only: what they were read from is for the caller to fill in. */
  fitted: DataFacts
  heldOut: DataFacts
}

const LEVEL = 0.95
const BINS = 10
/** Of all that is to be done, the fit. */
const FIT_SHARE = 0.9

/**
 * Fits, and measures on students that the fit did not see: the new version, and what it would replace on the same answers
 * and the same draws, of students that neither saw. Gains are the champion's log loss and 1 - AUC minus the challenger's,
 * so that more is better.
 */
export async function work(task: FitTask, context: WorkerContext): Promise<FitResult> {
  const learner = learnerNamed(task.learner)
  const { train, test } = task.test
    ? { train: task.log, test: task.test }
    : splitByStudent(task.log, task.folds, 0, task.seed)
  const training: TrainingPoint[] = []
  const calledOff = () => {
    if (context.cancelled()) throw new Error('The training was called off.')
  }
  const run: FitRun = {
    seed: task.seed,
    curve: (point) => void training.push(point),
    progress: (p) => {
      calledOff()
      const loss = p.loss === undefined ? '' : `, log loss ${p.loss.toFixed(4)}`
      context.progress((FIT_SHARE * p.done) / Math.max(1, p.total), `${p.phase}${loss}`)
    },
    ...(task.labels === null ? {} : { labels: task.labels }),
    ...(task.checkpoint === null ? {} : { checkpoint: new FileCheckpoint(task.checkpoint) }),
  }
  const began = performance.now()
  const artefact = await learner.fit(train, run)
  const fitSeconds = (performance.now() - began) / 1000
  context.progress(FIT_SHARE, 'measuring')
  const p = await learner.predict(artefact, test, run)
  const done = {
    bytes: learner.encode(artefact),
    fitSeconds,
    fitted: factsOf('', [], { log: train, untagged: 0, rejected: 0 }),
    heldOut: factsOf('', [], { log: test, untagged: 0, rejected: 0 }),
  }
  if (learner.week !== undefined) {
    const { metrics, week } = await measureWeek(task, learner, { train, test, p, training }, run, calledOff)
    return { ...done, metrics, measured: null, reference: null, week }
  }
  const { champion } = task
  const q = champion && (await predictWith(champion, test, run))
  const neither = champion ? unseenStudents(test, [champion.unseen]) : () => false
  const rows = Int32Array.from(test.student.keys()).filter((r) => neither(test.student[r]!))

  const predictions = [predicted(learner.id, learner.about, p, training)]
  if (champion && q && rows.length === test.size) {
    const name = `${champion.model} ${champion.version}`
    predictions.push(predicted(name, 'What the version would replace.', q, []))
  }
  const groups = new Map(task.columns.map(([name, values]) => [name, byColumn(test, values)]))
  const steps = evaluate(test, predictions, { seed: task.seed, draws: task.draws, level: LEVEL, bins: BINS, groups })
  let step = steps.next()
  for (; !step.done; step = steps.next()) {
    calledOff()
    context.progress(FIT_SHARE + (1 - FIT_SHARE) * step.value, 'measuring')
  }
  const measured = step.value
  const own = measured.models[learner.id]!
  const reference = trainingReference(test, p)
  const { n, mean_p, accuracy, rmse, log_loss, brier, auc_low, auc_high, ece } = own
  return {
    ...done,
    metrics: {
      ...{ n, mean_p, accuracy, rmse, log_loss, brier, auc: own.auc, auc_low, auc_high, ece },
      ...(q ? gains(task, test, rows, p, q) : {}),
    },
    measured,
    reference: reference.length > 0 ? referenceText(reference) : null,
    week: null,
  }
}

function predicted(id: string, about: string, p: Float64Array, training: TrainingPoint[]): Predictions {
  return {
    id,
    about,
    source: 'fitted',
    p,
    fold: null,
    // Times would make the files of two equal fits differ; the manifest has them.
    fit_seconds: null,
    predict_seconds: null,
    artefact_sha256: null,
    artefact_bytes: null,
    ...(training.length > 0 ? { training } : {}),
  }
}

/** Nothing where no two students are left that neither was fitted on. */
function gains(
  task: Pick<FitTask, 'seed' | 'draws'>,
  test: AnswerLog,
  rows: Int32Array,
  mine: Float64Array,
  champions: Float64Array,
): Record<string, number> {
  const student = Int32Array.from(rows, (r) => test.student[r]!)
  if (new Set(student).size < 2) return {}
  const { y, q: p } = take(test.correct, mine, rows)
  const { q } = take(test.correct, champions, rows)
  const bootstrap = new StudentBootstrap(student, y, [p, q], task)
  while (bootstrap.advance(task.draws));
  const [own, other] = bootstrap.results()
  const auced = differenceInterval(own!.auc, other!.auc)
  const lost = differenceInterval(other!.log_loss, own!.log_loss)
  const before = { auc: auc(y, q), log_loss: scores(y, q).log_loss }
  return {
    champion_auc: before.auc,
    champion_log_loss: before.log_loss,
    gain_students: new Set(student).size,
    gain_auc: auc(y, p) - before.auc,
    gain_auc_low: auced.low,
    gain_auc_high: auced.high,
    gain_log_loss: before.log_loss - scores(y, p).log_loss,
    gain_log_loss_low: lost.low,
    gain_log_loss_high: lost.high,
  }
}
