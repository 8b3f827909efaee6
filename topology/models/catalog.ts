import { BKT } from './bkt/model.ts'
import { ELO } from './elo/model.ts'
import type { AnyModel } from './model.ts'
import { RULE } from './rule/model.ts'

/** Every model that the scoring stage folds, in the order in which scores list them. The blend comes after them. */
export const MODELS: readonly AnyModel[] = [RULE, BKT, ELO]
