import type { Manifest } from '../../ports/artefact-store.ts'
import type { Evaluation, ModelEvaluation } from '../evaluation.ts'

/** A version with what is known of it. */
export interface Described {
  /** As it is published, or about to be. */
  manifest: Omit<Manifest, 'files'>
  /** The learner in one sentence. */
  about: string
  /** Of the version on answers that its fit did not see; null where none is kept, as for versions of early builds. */
  evaluation: Evaluation | null
}

export interface Measured extends Described {
  evaluation: Evaluation
  /** The version's own figures. */
  own: ModelEvaluation
}

/** Learner that made a version: several may make versions of one model. */
export function learnerOf({ model, settings }: Pick<Manifest, 'model' | 'settings'>): string {
  return typeof settings['learner'] === 'string' ? settings['learner'] : model
}
