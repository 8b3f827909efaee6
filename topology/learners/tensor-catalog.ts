import type { AnyLearner } from '../evaluation/learner.ts'
import type { TensorRuntime } from '../ports/tensor-runtime.ts'
import { dktLearner } from './dkt/learner.ts'
import { saktLearner } from './sakt/learner.ts'
import { wdIrtLearner } from './wd-irt/learner.ts'

/** Learners that compute on tensors: a line each. The runtime is opened when the first of them computes. */
export const tensorLearners = (runtime: () => Promise<TensorRuntime>): readonly AnyLearner[] => [
  dktLearner(runtime),
  saktLearner(runtime),
  wdIrtLearner(runtime),
]
