import { type AnswerLog, studentsOf } from '@mastery/topology/evaluation/answer-log.ts'
import type { AnyLearner, FitRun, TrainingPoint } from '@mastery/topology/evaluation/learner.ts'
import type { WeekEvaluation } from '@mastery/topology/evaluation/week/evaluation.ts'
import { type Forecast, measureWeeks, type WeekMeasured } from '@mastery/topology/evaluation/week/measure.ts'
import { type Clock, noTarget, type Scope, WEEK_MS, weekTarget } from '@mastery/topology/evaluation/week/target.ts'
import { weekBaselines } from '@mastery/topology/learners/week/baselines.ts'
import { type Predictor, predictWith, unseenStudents } from './predictor.ts'

/** What was found out about a forecast of the week on students whom its fit did not see. */
export interface MeasuredWeek extends WeekMeasured {
  scope: Scope
  clock: Clock
  days: number
  rows: WeekEvaluation['rows']
  training: TrainingPoint[]
}

const LEVEL = 0.95
const BINS = 10
const DAY = 86_400_000

/** What a first version is compared with: there is no mean of models that would forecast a week. */
const SO_FAR = 'share-so-far'

interface Settings {
  seed: number
  draws: number
  /** What the version would replace. */
  champion: Predictor | null
}

interface Made {
  train: AnswerLog
  test: AnswerLog
  /** Per row of `test`. */
  p: Float64Array
  training: TrainingPoint[]
}

/**
 * Measures a fit against the weeks of `test`, beside the share so far, and its paired gain over the version in force,
 * or over the share so far where none is. Gains are the other's log loss minus its own, so that more is better.
 * @throws Error where no answer of `test` has a week
 */
export async function measureWeek(
  task: Settings,
  learner: AnyLearner,
  { train, test, p, training }: Made,
  run: FitRun,
  alive: () => void,
): Promise<{ metrics: Record<string, number>; week: MeasuredWeek }> {
  const scope = learner.week!
  const { shareSoFar } = weekBaselines(scope)
  const soFar = await shareSoFar.predict(await shareSoFar.fit(train, run), test, run)
  const own: Forecast = { id: learner.id, about: learner.about, p, fit_seconds: null, predict_seconds: null }
  const usual: Forecast = { ...own, id: SO_FAR, about: shareSoFar.about, p: Float64Array.from(soFar) }
  const target = weekTarget(test, scope)
  const wrong = noTarget(target)
  if (wrong !== null) throw new Error(`The forecast can't be measured on the students kept aside. ${wrong}`)
  const measured = measureAll(test, scope, [own, usual], task, alive)
  const found = measured.models[learner.id]!
  const { rmse, log_loss, log_loss_low, log_loss_high, r2, mean_p, ece } = found
  return {
    metrics: {
      ...{ n: measured.measured.rows, week_answers: measured.measured.week_answers, mean_p, rmse, log_loss },
      ...{ log_loss_low, log_loss_high, r2, ece, share_so_far_log_loss: measured.models[SO_FAR]!.log_loss },
      ...(task.champion ? await gains(task, task.champion, test, scope, own, usual, run, alive) : {}),
    },
    week: {
      ...measured,
      ...{ scope, clock: target.clock, days: WEEK_MS / DAY, training },
      rows: { train: weekTarget(train, scope).counts, test: target.counts },
    },
  }
}

function measureAll(
  log: AnswerLog,
  scope: Scope,
  forecasts: readonly Forecast[],
  { seed, draws }: Settings,
  alive: () => void,
): WeekMeasured {
  const steps = measureWeeks(log, weekTarget(log, scope), forecasts, { seed, draws, level: LEVEL, bins: BINS })
  let step = steps.next()
  for (; !step.done; step = steps.next()) alive()
  return step.value
}

/** Nothing where no two students with a week are left that neither was fitted on. */
async function gains(
  task: Settings,
  champion: Predictor,
  test: AnswerLog,
  scope: Scope,
  own: Forecast,
  usual: Forecast,
  run: FitRun,
  alive: () => void,
): Promise<Record<string, number>> {
  const trained = champion.by.kind === 'artefact'
  const neither = trained ? unseenStudents(test, [champion.unseen]) : () => true
  const log = studentsOf(test, neither)
  const target = weekTarget(log, scope)
  if (new Set(Array.from(target.rows, (r) => log.student[r]!)).size < 2) return {}
  const kept = Int32Array.from(test.student.keys()).filter((r) => neither(test.student[r]!))
  const of = (f: Forecast): Forecast => ({ ...f, p: Float64Array.from(kept, (r) => f.p[r]!) })
  const other = trained ? { ...of(own), id: 'champion', p: await predictWith(champion, log, run) } : of(usual)
  const { models, comparisons, measured } = measureAll(log, scope, [of(own), other], task, alive)
  const { difference, low, high } = comparisons[0]!.log_loss
  return {
    champion_log_loss: models[other.id]!.log_loss,
    gain_students: measured.students,
    gain_log_loss: -difference,
    gain_log_loss_low: -high,
    gain_log_loss_high: -low,
  }
}
