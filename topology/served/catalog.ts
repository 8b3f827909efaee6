import { IRT } from '../models/irt/model.ts'
import { DKT } from './dkt.ts'
import { SAKT } from './sakt.ts'
import type { AnyServed } from './served.ts'
import { servedSlots } from './slots.ts'
import { FITTED_BLEND, TREES } from './stack.ts'
import { WD_IRT } from './wd-irt.ts'

/** Every trained model that the scoring stage can serve beside the folded ones, in the order in which scores list them. */
export const SERVED: readonly AnyServed[] = [
  servedSlots(IRT, 'weighed by how hard the items were'),
  DKT,
  SAKT,
  WD_IRT,
  TREES,
]

/** The same, and last the model that takes the place of the plain mean where a version of it is in force. */
export const SERVED_AND_BLEND: readonly AnyServed[] = [...SERVED, FITTED_BLEND]
