import type { AnyLearner } from '../evaluation/learner.ts'
import { BKT_LEARNER } from './bkt/learner.ts'
import { BKT_FORGET_LEARNER } from './bkt-forget/learner.ts'
import { BLEND } from './blend/learner.ts'
import { BKT_EFFORT, ELO_EFFORT } from './effort/learner.ts'
import { ELO_LEARNER } from './elo/learner.ts'
import { IRT_LEARNER } from './irt/learner.ts'
import { ITEM_RATE } from './item-rate/learner.ts'
import { PFA } from './pfa/learner.ts'
import { TREES } from './trees/learner.ts'
import { TREES_WEEK } from './week/learner.ts'

/** Everything that can be fitted to the next answer, once: a line per learner, whoever writes it. */
export const LEARNERS: readonly AnyLearner[] = [
  BKT_LEARNER,
  BKT_FORGET_LEARNER,
  ELO_LEARNER,
  BKT_EFFORT,
  ELO_EFFORT,
  IRT_LEARNER,
  ITEM_RATE,
  PFA,
  TREES,
  BLEND,
]

/** What can be fitted to the week after an answer. */
export const WEEK_LEARNERS: readonly AnyLearner[] = [TREES_WEEK]
