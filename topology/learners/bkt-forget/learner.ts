import { bktLearner } from '../bkt/learner.ts'

/** The same model, search and artefact as `bkt`, with the chance to lose the skill fitted as well. */
export const BKT_FORGET_LEARNER = bktLearner(
  'bkt-forget',
  'Bayesian knowledge tracing with forgetting, five parameters per topic by penalised EM with restarts.',
  { forgetting: true },
)
