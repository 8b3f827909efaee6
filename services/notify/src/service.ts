import type { Profile } from '@mastery/infra/config/profile.ts'
import { GenerationStages } from '@mastery/infra/runtime/generation-stages.ts'
import { foldStage, type RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import { notifyingStage } from '@mastery/topology/stages/notifying/stage.ts'

/** The notify service: mastery.notices to mastery.deliveries, for every generation. */
export function notifyService(parts: RuntimeParts, profile: Profile, onFailure: (e: Error) => void): GenerationStages {
  const { batch, cachedStudents } = profile
  // Notices come from both stages of the alerting service, and each has as many partitions.
  return new GenerationStages(
    'notify',
    parts,
    (g, partitions) =>
      foldStage(parts, notifyingStage({ generation: g.id, sources: 2 * partitions.output }), {
        generation: g.id,
        batch: batch.scoring,
        cachedStates: cachedStudents,
        onFailure,
      }),
    onFailure,
  )
}
