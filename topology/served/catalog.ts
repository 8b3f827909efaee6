import { IRT } from '../models/irt/model.ts'
import { DKT } from './dkt.ts'
import { SAKT } from './sakt.ts'
import type { AnyServed } from './served.ts'
import { servedSlots } from './slots.ts'
import { FITTED_BLEND, TREES, TREES_WEEK } from './stack.ts'
import { WD_IRT } from './wd-irt.ts'

/** Trained models of the next answer, which are parts of the plain mean where a version of them is in force. */
export const MIXED: readonly AnyServed[] = [
  servedSlots(IRT, 'weighed by how hard the items were'),
  DKT,
  SAKT,
  WD_IRT,
  TREES,
]

/** What says something else than mastery of a topic: the share of right answers to be expected over the next week. */
export const FORECASTS: readonly AnyServed[] = [TREES_WEEK]

/**
 * Every trained model that the scoring stage can serve beside the folded ones, in the order in which scores list them. The
 * forecasts are a row's scores like the others, and no part of any mean.
 */
export const SERVED: readonly AnyServed[] = [...MIXED, ...FORECASTS]

/** The same, and last the model that takes the place of the plain mean where a version of it is in force. */
export const SERVED_AND_BLEND: readonly AnyServed[] = [...SERVED, FITTED_BLEND]
