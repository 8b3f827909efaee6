import { IRT } from '../models/irt/model.ts'
import { DKT } from './dkt.ts'
import { SAKT } from './sakt.ts'
import type { AnyServed } from './served.ts'
import { servedSlots } from './slots.ts'

/** Every trained model that the scoring stage can serve, in the order in which scores list them. */
export const SERVED: readonly AnyServed[] = [servedSlots(IRT, 'weighed by how hard the items were'), DKT, SAKT]
