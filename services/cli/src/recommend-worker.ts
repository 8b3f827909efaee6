import type { WorkerContext } from '@mastery/infra/runtime/worker-thread.ts'
import {
  type EvaluationOptions,
  evaluateRecommendations,
  type RecommendationEvaluation,
} from '@mastery/topology/recommend/simulation/evaluate.ts'

export function work(options: EvaluationOptions, context: WorkerContext): RecommendationEvaluation {
  return evaluateRecommendations(options, (done, phase) => context.progress(done, phase))
}
