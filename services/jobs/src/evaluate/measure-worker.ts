import { runInWorker, type WorkerContext } from '@mastery/infra/runtime/worker-thread.ts'
import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import { evaluate, type Measured, type Predictions } from '@mastery/topology/evaluation/evaluate.ts'
import { byColumn } from '@mastery/topology/evaluation/slices.ts'
import { type Predictor, predictWith } from '../training/predictor.ts'

export interface MeasureTask {
  log: AnswerLog
  /** Predictions as they are, and versions that predict first. */
  given: readonly Predictions[]
  predictors: readonly (Predictor & { id: string; about: string })[]
  /** By name of a column: its text in each source row. */
  columns: readonly (readonly [name: string, values: readonly string[]])[]
  seed: number
  draws: number
  level: number
  bins: number
}

/** Predicts and measures in a thread of its own. */
export function measureInThread(
  task: MeasureTask,
  options: { signal?: AbortSignal; onProgress(fraction: number, message: string): void },
): Promise<Measured> {
  return runInWorker<Measured>(new URL('./measure-worker.ts', import.meta.url), task, options)
}

/** Of all that is to be done, the predictions, where some are to be made. */
const PREDICTING = 0.5

export async function work(task: MeasureTask, context: WorkerContext): Promise<Measured> {
  const { log, predictors, seed, draws, level, bins } = task
  const calledOff = () => {
    if (context.cancelled()) throw new Error('The measuring was called off.')
  }
  const predictions = [...task.given]
  for (const [i, predictor] of predictors.entries()) {
    calledOff()
    context.progress((PREDICTING * i) / predictors.length, `${predictor.id} predicts`)
    const began = performance.now()
    const p = await predictWith(predictor, log, { seed })
    predictions.push({
      id: predictor.id,
      about: predictor.about,
      source: 'loaded',
      p,
      fold: null,
      fit_seconds: null,
      predict_seconds: (performance.now() - began) / 1000,
      artefact_sha256: null,
      artefact_bytes: predictor.by.kind === 'artefact' ? predictor.by.bytes.length : null,
    })
  }
  const groups = new Map(task.columns.map(([name, values]) => [name, byColumn(log, values)]))
  const steps = evaluate(log, predictions, { seed, draws, level, bins, groups })
  const from = predictors.length === 0 ? 0 : PREDICTING
  let step = steps.next()
  for (; !step.done; step = steps.next()) {
    calledOff()
    context.progress(from + (1 - from) * step.value, `${draws} draws of students`)
  }
  return step.value
}
