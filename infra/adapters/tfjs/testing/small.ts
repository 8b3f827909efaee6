import { DKT, dktLearner } from '@mastery/topology/learners/dkt/learner.ts'
import { SAKT, saktLearner } from '@mastery/topology/learners/sakt/learner.ts'
import { WD_IRT, wdIrtLearner } from '@mastery/topology/learners/wd-irt/learner.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import type { TensorRuntime } from '@mastery/topology/ports/tensor-runtime.ts'
import { openTensorRuntime } from '../runtime.ts'

const SHAPE = { rows: 300, steps: 12, width: 16, hideItem: 0.05 }
const TRAINING = { ...DKT.training, epochs: 5, rate: 0.02, decay: 0.9, validation: 0.15 }

/** One runtime per process: its start is the dearest part of a small test. */
let opened: Promise<TensorRuntime> | undefined
export const wasm = (): Promise<TensorRuntime> =>
  (opened ??= openTensorRuntime({ telemetry: SILENT, backends: ['wasm'] }))

/** The tensor learners with networks that a test trains in a second. */
export const SMALL_DKT = dktLearner(wasm, {
  ...DKT,
  training: TRAINING,
  settings: { ...DKT.settings, ...SHAPE, embedding: 8, hidden: 16, readout: 8 },
})
export const SMALL_SAKT = saktLearner(wasm, {
  ...SAKT,
  training: TRAINING,
  settings: { ...SAKT.settings, ...SHAPE, embedding: 16, heads: 2, window: 10, readout: 8 },
})
export const SMALL_WD_IRT = wdIrtLearner(wasm, {
  ...WD_IRT,
  training: TRAINING,
  settings: { ...WD_IRT.settings, ...SHAPE, hidden: 8, ability: 8 },
})
