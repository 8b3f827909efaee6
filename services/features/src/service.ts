import type { Profile } from '@mastery/infra/config/profile.ts'
import { GenerationStages } from '@mastery/infra/runtime/generation-stages.ts'
import type { History } from '@mastery/infra/runtime/history.ts'
import { foldStage, type RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import { selectedStage } from '@mastery/topology/generations/generation.ts'
import { windowingStage } from '@mastery/topology/stages/windowing/stage.ts'

/**
 * The features service: learning.events to learning.features, for every generation. `history` gives the records that
 * the log no longer has.
 */
export function featuresService(
  parts: RuntimeParts,
  profile: Profile,
  onFailure: (e: Error) => void,
  history?: History,
): GenerationStages {
  const { batch, windows, cachedStudents } = profile
  return new GenerationStages(
    'features',
    parts,
    (g, partitions) =>
      foldStage(parts, selectedStage(windowingStage({ ...windows, generation: g.id }), g.selection), {
        generation: g.id,
        batch: batch.features,
        cachedStates: cachedStudents,
        rate: g.rate,
        partitions,
        onFailure,
        ...(history ? { history } : {}),
      }),
    onFailure,
  )
}
