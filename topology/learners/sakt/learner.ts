import type { Learner } from '../../evaluation/learner.ts'
import type { TensorRuntime } from '../../ports/tensor-runtime.ts'
import type { TrainingSettings } from '../sequence/fit.ts'
import { type SequenceArtefact, type SequenceKind, sequenceLearner } from '../sequence/learner.ts'
import { SAKT_SETTINGS, SaktNetwork, type SaktSettings } from './network.ts'

export type SaktArtefact = SequenceArtefact<SaktSettings>

export const SAKT_TRAINING: TrainingSettings = {
  epochs: 7,
  rate: 0.004,
  decay: 0.7,
  patience: 2,
  validation: 0.1,
  clip: 1,
}

export const SAKT: SequenceKind<SaktSettings> = {
  id: 'sakt',
  about: 'Self-attentive knowledge tracing: a question looks back on the answers that matter for it',
  settings: SAKT_SETTINGS,
  training: SAKT_TRAINING,
  network: (settings, v, answers) => new SaktNetwork(settings, v.items.length + 1, v.topics.length + 1, answers),
}

export const saktLearner = (
  runtime: () => Promise<TensorRuntime>,
  kind: SequenceKind<SaktSettings> = SAKT,
): Learner<SaktArtefact> => sequenceLearner(kind, runtime)
