import { setImmediate as breathe } from 'node:timers/promises'
import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import { LoadError } from '@mastery/topology/evaluation/loaders/load-error.ts'
import { type WeekEvaluation, weekTask } from '@mastery/topology/evaluation/week/evaluation.ts'
import { type Forecast, measureWeeks } from '@mastery/topology/evaluation/week/measure.ts'
import { noTarget, type Scope, WEEK_MS, type WeekTarget, weekTarget } from '@mastery/topology/evaluation/week/target.ts'
import { inThreads } from '../worker-pool.ts'
import type { FitOutcome, FitTask } from './fit-worker.ts'
import type { ReadAnswers } from './read-answers.ts'
import { common, type EvaluationPlan, readBoth } from './run.ts'
import { sharedLog } from './shared-log.ts'
import { forecasterNamed, NEXT, type WeekTask } from './week-worker.ts'

export interface WeekPlan
  extends Pick<
    EvaluationPlan,
    'train' | 'test' | 'folds' | 'models' | 'seed' | 'draws' | 'threads' | 'signal' | 'onProgress'
  > {
  scope: Scope
}

export interface WeekResult {
  evaluation: WeekEvaluation
  log: AnswerLog
  target: WeekTarget
  forecasts: Forecast[]
}

const LEVEL = 0.95
const BINS = 10
const DAY_MS = 86_400_000

/**
 * Fits forecasts of the accuracy over the next week and measures them beside `models`, whose chance of the next answer is
 * taken for one.
 * @throws LoadError for files that can't be used, and for answers that have no next week
 */
export async function runWeekEvaluation(plan: WeekPlan): Promise<WeekResult> {
  const { train, test } = await readBoth(plan)
  const facts = test ?? train!
  const fittedOn = test ? checked(train!, plan.scope) : null
  const target = checked(facts, plan.scope)
  const log = sharedLog(facts.log)
  const forecasts = await fitAll(plan, test ? sharedLog(train!.log) : null, log)
  const options = { seed: plan.seed, draws: plan.draws, level: LEVEL, bins: BINS }
  const measuring = measureWeeks(log, target, forecasts, options)
  let step = measuring.next()
  for (; !step.done; step = measuring.next()) {
    plan.onProgress('measuring', step.value, `${plan.draws} draws of students`)
    await breathe()
    plan.signal.throwIfAborted()
  }
  const { scope, clock } = target
  const evaluation: WeekEvaluation = {
    schema: 1,
    target: 'week',
    task: weekTask(scope),
    protocol: {
      kind: test ? 'train and test files' : 'cross-validation',
      folds: test ? null : plan.folds,
      ...options,
      days: WEEK_MS / DAY_MS,
      scope,
      clock,
    },
    data: {
      train: train?.facts ?? null,
      test: facts.facts,
      students_in_both: test ? common(train!.log, test.log) : 0,
    },
    rows: { train: fittedOn?.counts ?? null, test: target.counts },
    ...step.value,
  }
  return { evaluation, log, target, forecasts }
}

function checked({ log, facts }: ReadAnswers, scope: Scope): WeekTarget {
  const target = weekTarget(log, scope)
  const wrong = noTarget(target)
  if (wrong !== null) throw new LoadError(facts.files.map((f) => f.name).join(', '), {}, wrong)
  return target
}

async function fitAll(plan: WeekPlan, train: AnswerLog | null, test: AnswerLog): Promise<Forecast[]> {
  const ids = ['week', 'share-so-far', 'mean', ...plan.models.map((id) => `${NEXT}${id}`)]
  const parts = train ? 1 : plan.folds
  const place = new Map(Array.from(test.row, (row, r) => [row, r]))
  const tasks = ids.flatMap((learner, model) =>
    Array.from({ length: parts }, (_, fold) => {
      const data: FitTask['data'] = train
        ? { kind: 'files', train, test }
        : { kind: 'fold', log: test, folds: parts, fold }
      const input: WeekTask = { learner, scope: plan.scope, seed: plan.seed, data, artefact: null }
      return { model, name: parts > 1 ? `${learner} fold ${fold + 1}` : learner, input }
    }),
  )
  const outcomes = await inThreads<FitOutcome>(new URL('./week-worker.ts', import.meta.url), tasks, {
    threads: plan.threads,
    signal: plan.signal,
    onProgress: (share, detail) => plan.onProgress('fitting', share, detail),
  })
  const forecasts = ids.map((id): Forecast & { fit_seconds: number; predict_seconds: number } => {
    const { about } = forecasterNamed(id, plan.scope)
    const said = id.startsWith(NEXT) ? `The chance of the next answer, taken for the week. ${about}` : about
    return { id, about: said, p: new Float64Array(test.size), fit_seconds: 0, predict_seconds: 0 }
  })
  for (const [i, { model }] of tasks.entries()) {
    const f = forecasts[model]!
    const o = outcomes[i]!
    o.rows.forEach((row, k) => {
      f.p[place.get(row)!] = o.p[k]!
    })
    f.fit_seconds += o.fitSeconds ?? 0
    f.predict_seconds += o.predictSeconds
  }
  return forecasts
}

/** CSV of row, answers, share, model, forecast: rows with a target alone, by their number in the source. */
export function forecastsCsv({ log, target, forecasts }: Omit<WeekResult, 'evaluation'>): string {
  const order = [...target.rows.keys()].sort((a, b) => log.row[target.rows[a]!]! - log.row[target.rows[b]!]!)
  const lines = ['row,week_answers,week_share,model,p']
  for (const { id, p } of forecasts)
    for (const i of order) {
      const r = target.rows[i]!
      lines.push(`${log.row[r]},${target.answers[i]},${target.share[i]},${id},${p[r]}`)
    }
  lines.push('')
  return lines.join('\n')
}
