import type { WeekEvaluation } from '@mastery/topology/evaluation/week/evaluation.ts'
import { weekTask } from '@mastery/topology/evaluation/week/evaluation.ts'
import { type Forecast, measureWeeks } from '@mastery/topology/evaluation/week/measure.ts'
import { noTarget, WEEK_MS, weekTarget } from '@mastery/topology/evaluation/week/target.ts'
import { WEEK_LEARNERS } from '@mastery/topology/learners/catalog.ts'
import { type CompareParts, type ComparePlan, sideBySide } from './compare.ts'
import { predictWith } from './predictor.ts'
import { TrainingError } from './train.ts'

/** Whether versions of these models forecast a week. @throws TrainingError where some do and others do not */
export function forecastWeeks(models: readonly string[]): boolean {
  const weeks = models.filter((id) => WEEK_LEARNERS.some((l) => l.id === id))
  if (weeks.length > 0 && weeks.length < models.length)
    throw new TrainingError(
      `${weeks[0]} forecasts the week after an answer, the others the next answer: compare its versions with one another.`,
    )
  return weeks.length > 0
}

/** `compareVersions` for versions that forecast the week. @throws TrainingError */
export async function compareWeekVersions(parts: CompareParts, plan: ComparePlan): Promise<WeekEvaluation> {
  const { predictors, ids, log, facts } = await sideBySide(parts, plan)
  const { week: scope } = WEEK_LEARNERS.find((l) => l.id === predictors[0]!.model)!
  const notTrained = predictors.findIndex((p) => p.by.kind !== 'artefact')
  if (notTrained >= 0)
    throw new TrainingError(`No version of ${predictors[notTrained]!.model} is in force: name those that were trained.`)
  const target = weekTarget(log, scope!)
  const wrong = noTarget(target)
  if (wrong !== null) throw new TrainingError(`The versions can't be compared. ${wrong}`)
  const forecasts: Forecast[] = []
  for (const [i, predictor] of predictors.entries()) {
    plan.progress((0.5 * i) / predictors.length, `${ids[i]} forecasts`)
    const p = await predictWith(predictor, log, { seed: plan.seed })
    forecasts.push({ id: ids[i]!, about: `Version ${predictor.version}.`, p, fit_seconds: null, predict_seconds: null })
  }
  const options = { seed: plan.seed, draws: plan.draws, level: 0.95, bins: 10 }
  const steps = measureWeeks(log, target, forecasts, options)
  let step = steps.next()
  for (; !step.done; step = steps.next()) plan.progress(0.5 + 0.5 * step.value, `${plan.draws} draws of students`)
  return {
    schema: 1,
    target: 'week',
    task: weekTask(scope!),
    protocol: {
      kind: plan.test ? 'train and test files' : 'students kept aside',
      ...{ folds: null, ...options, days: WEEK_MS / DAY, scope: scope!, clock: target.clock },
    },
    data: { train: null, test: facts, students_in_both: 0 },
    rows: { train: null, test: target.counts },
    ...step.value,
  }
}

const DAY = 86_400_000
