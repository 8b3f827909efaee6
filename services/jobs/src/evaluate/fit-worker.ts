import type { WorkerContext } from '@mastery/infra/runtime/worker-thread.ts'
import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import type { AnyLearner, FitRun, TrainingPoint } from '@mastery/topology/evaluation/learner.ts'
import { splitByStudent } from '@mastery/topology/evaluation/split.ts'
import { learnerNamed } from '../learners.ts'

/** One model, fitted or read, and asked for its predictions. */
export interface FitTask {
  learner: string
  seed: number
  /** What is predicted: a log, or one part of the students of a log while the others are fitted. */
  data:
    | { kind: 'files'; train: AnswerLog | null; test: AnswerLog }
    | { kind: 'fold'; log: AnswerLog; folds: number; fold: number }
  /** Bytes of an artefact that is used instead of a fit. */
  artefact: Uint8Array | null
}

export interface FitOutcome {
  /** Source row and probability, pair by pair. */
  rows: Int32Array
  p: Float64Array
  fitSeconds: number | null
  predictSeconds: number
  artefact: Uint8Array
  training: TrainingPoint[]
}

export function work(task: FitTask, context: WorkerContext): Promise<FitOutcome> {
  return fitted(learnerNamed(task.learner), task, context)
}

/** What `learner` makes of the task. */
export async function fitted(learner: AnyLearner, task: FitTask, context: WorkerContext): Promise<FitOutcome> {
  const { train, test } =
    task.data.kind === 'files' ? task.data : splitByStudent(task.data.log, task.data.folds, task.data.fold, task.seed)
  const stop = new AbortController()
  const training: TrainingPoint[] = []
  const run: FitRun = {
    seed: task.seed,
    signal: stop.signal,
    curve: (point) => void training.push(point),
    progress({ phase, done, total, loss }) {
      if (context.cancelled()) stop.abort()
      context.progress(done / Math.max(1, total), loss === undefined ? phase : `${phase}, log loss ${loss.toFixed(4)}`)
    },
  }
  const began = performance.now()
  const artefact = task.artefact ? learner.parse(task.artefact) : await learner.fit(train!, run)
  const ready = performance.now()
  const p = await learner.predict(artefact, test, run)
  const predicted = performance.now()
  check(learner.id, p, test)
  return {
    rows: Int32Array.from(test.row),
    p,
    fitSeconds: task.artefact ? null : (ready - began) / 1000,
    predictSeconds: (predicted - ready) / 1000,
    artefact: learner.encode(artefact),
    training,
  }
}

function check(id: string, p: Float64Array, log: AnswerLog): void {
  if (p.length !== log.size) throw new Error(`Model ${id} gave ${p.length} predictions for ${log.size} answers.`)
  const wrong = p.findIndex((x) => !(x >= 0 && x <= 1))
  if (wrong >= 0)
    throw new Error(
      `Model ${id} gave ${p[wrong]} for row ${log.row[wrong]}, which is no probability; it can't be evaluated.`,
    )
}
