import type { Profile } from '@mastery/infra/config/profile.ts'
import { GenerationStages } from '@mastery/infra/runtime/generation-stages.ts'
import { foldStage, type RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import { alertingStage } from '@mastery/topology/stages/alerting/stage.ts'

/** The alerting service: mastery.scores to mastery.alerts and mastery.notices, for every generation. */
export function alertsService(parts: RuntimeParts, profile: Profile, onFailure: (e: Error) => void): GenerationStages {
  const { batch, cachedStudents } = profile
  return new GenerationStages(
    'alerts',
    parts,
    (g, { output }) =>
      foldStage(parts, alertingStage({ generation: g.id }), {
        generation: g.id,
        batch: batch.alerts,
        cachedStates: cachedStudents,
        // Notices go by their recipients' keys, and time to every partition of theirs.
        partitions: { input: output, output },
        onFailure,
      }),
    onFailure,
  )
}
