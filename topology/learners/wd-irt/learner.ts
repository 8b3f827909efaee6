import type { Learner } from '../../evaluation/learner.ts'
import type { TensorRuntime } from '../../ports/tensor-runtime.ts'
import type { TrainingSettings } from '../sequence/fit.ts'
import { type SequenceArtefact, type SequenceKind, sequenceLearner } from '../sequence/learner.ts'
import { featuresOf } from './features.ts'
import { WD_IRT_SETTINGS, WdIrtNetwork, type WdIrtSettings } from './network.ts'

export type WdIrtArtefact = SequenceArtefact<WdIrtSettings>

export const WD_IRT_TRAINING: TrainingSettings = {
  epochs: 8,
  rate: 0.006,
  decay: 0.75,
  patience: 2,
  validation: 0.1,
  clip: 1,
}

export const WD_IRT: SequenceKind<WdIrtSettings> = {
  id: 'wd-irt',
  about: 'Wide and deep item response theory: difficulties of items against an ability read from every past answer',
  settings: WD_IRT_SETTINGS,
  training: WD_IRT_TRAINING,
  prepare: (settings, train) => ({ ...settings, features: featuresOf(train) }),
  network: (settings, v, answers) => new WdIrtNetwork(settings, v.items.length + 1, v.topics.length + 1, answers),
}

export const wdIrtLearner = (
  runtime: () => Promise<TensorRuntime>,
  kind: SequenceKind<WdIrtSettings> = WD_IRT,
): Learner<WdIrtArtefact> => sequenceLearner(kind, runtime)
