import type { Learner } from '../../evaluation/learner.ts'
import type { TensorRuntime } from '../../ports/tensor-runtime.ts'
import type { TrainingSettings } from '../sequence/fit.ts'
import { type SequenceArtefact, type SequenceKind, sequenceLearner } from '../sequence/learner.ts'
import { DKT_SETTINGS, DktNetwork, type DktSettings } from './network.ts'

export type DktArtefact = SequenceArtefact<DktSettings>

export const DKT_TRAINING: TrainingSettings = {
  epochs: 7,
  rate: 0.004,
  decay: 0.7,
  patience: 2,
  validation: 0.1,
  clip: 1,
}

export const DKT: SequenceKind<DktSettings> = {
  id: 'dkt',
  about: 'Deep knowledge tracing: a recurrent network over what was asked and whether the answer was right',
  settings: DKT_SETTINGS,
  training: DKT_TRAINING,
  network: (settings, v, answers) => new DktNetwork(settings, v.items.length + 1, v.topics.length + 1, answers),
}

export const dktLearner = (
  runtime: () => Promise<TensorRuntime>,
  kind: SequenceKind<DktSettings> = DKT,
): Learner<DktArtefact> => sequenceLearner(kind, runtime)
