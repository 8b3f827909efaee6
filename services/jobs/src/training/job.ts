import type { Manifest } from '@mastery/topology/ports/artefact-store.ts'
import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { TRAINED } from '../learners.ts'
import { MOST_ANSWERS } from './most-answers.ts'
import type { TrainParts } from './train.ts'
import { TrainingError, trainFromGold } from './train.ts'

/** What a run takes. */
type Payload = {
  models: string[]
  seed?: number
}

/** `because`: why nothing was trained. */
type Trained = {
  because?: string
  /** A forecast of the week has no AUC. */
  versions: { model: string; version: string; auc: number | null; gain_low: number | null }[]
}

/**
 * Fits on what gold has and keeps the outcome as versions; activating one takes a person. The fits run in threads of
 * their own. A run that was cut off is done again; what it had published by then is published under the same name.
 */
export function trainJob(open: (signal: AbortSignal) => Promise<TrainParts>): JobHandler<Payload, Trained> {
  const known = TRAINED.map((l) => l.id)
  return {
    name: 'train',
    about: 'Fits models on the answers in gold, measures them on students kept aside, and keeps them as versions.',
    exclusive: true,
    attempts: 2,
    backoffMs: 300_000,
    parse(payload) {
      const { models, seed, ...more } = (payload ?? {}) as { models?: unknown; seed?: unknown }
      const unknown = Array.isArray(models) ? models.filter((m) => !known.includes(m)) : []
      if (!Array.isArray(models) || models.length === 0 || unknown.length > 0 || Object.keys(more).length > 0)
        throw new Error(`It takes {"models": ["bkt"], "seed": 1}, with models out of ${known.join(', ')}.`)
      if (seed !== undefined && !(Number.isInteger(seed) && (seed as number) >= 0))
        throw new Error('seed must be a whole number of 0 or more.')
      return { models: models as string[], ...(seed === undefined ? {} : { seed: seed as number }) }
    },
    async run({ models, seed }, { signal, progress }) {
      const parts = await open(signal)
      let manifests: Manifest[]
      try {
        manifests = await trainFromGold(
          { ...parts, signal },
          { learners: models, seed: seed ?? 1, folds: 5, draws: 1000, maxAnswers: MOST_ANSWERS, progress },
        )
      } catch (e) {
        // A young installation has too few students for weeks: that is no failure of the night.
        if (!(e instanceof TrainingError)) throw e
        return { because: e.message, versions: [] }
      }
      return {
        versions: manifests.map(({ model, version, metrics }) => ({
          model,
          version,
          auc: metrics['auc'] ?? null,
          gain_low: metrics['gain_log_loss_low'] ?? null,
        })),
      }
    },
  }
}
