import type { Profile } from '@mastery/infra/config/profile.ts'
import { GenerationStages } from '@mastery/infra/runtime/generation-stages.ts'
import { foldStage, type RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import { scoringStage } from '@mastery/topology/stages/scoring/stage.ts'

/** The scoring service: learning.features to mastery.scores, in micro-batches by count and by time, for every generation. */
export function scoringService(parts: RuntimeParts, profile: Profile, onFailure: (e: Error) => void): GenerationStages {
  const { batch, windows, cachedStudents } = profile
  return new GenerationStages(
    'scoring',
    parts,
    (g) =>
      foldStage(
        parts,
        scoringStage({
          ring: windows.ring,
          generation: g.id,
          pinned: { models: g.models, until: g.createdAt },
          ...(parts.servers ? { servers: parts.servers } : {}),
        }),
        { generation: g.id, batch: batch.scoring, cachedStates: cachedStudents, onFailure },
      ),
    onFailure,
  )
}
