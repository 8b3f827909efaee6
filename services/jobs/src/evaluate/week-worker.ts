import type { WorkerContext } from '@mastery/infra/runtime/worker-thread.ts'
import type { AnyLearner } from '@mastery/topology/evaluation/learner.ts'
import type { Scope } from '@mastery/topology/evaluation/week/target.ts'
import { weekBaselines } from '@mastery/topology/learners/week/baselines.ts'
import { weekLearner } from '@mastery/topology/learners/week/learner.ts'
import { learnerNamed } from '../learners.ts'
import { type FitOutcome, type FitTask, fitted } from './fit-worker.ts'

/** One forecast: `learner` is `week`, `mean`, `share-so-far`, or `next-` and the id of a model of the next answer. */
export interface WeekTask extends FitTask {
  scope: Scope
}

export const NEXT = 'next-'

export function forecasterNamed(id: string, scope: Scope): AnyLearner {
  if (id.startsWith(NEXT)) return learnerNamed(id.slice(NEXT.length))
  const { mean, shareSoFar } = weekBaselines(scope)
  const known: AnyLearner[] = [mean, shareSoFar]
  return known.find((l) => l.id === id) ?? weekLearner(scope)
}

export function work(task: WeekTask, context: WorkerContext): Promise<FitOutcome> {
  return fitted(forecasterNamed(task.learner, task.scope), task, context)
}
