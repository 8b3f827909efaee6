import type { Profile } from '@mastery/infra/config/profile.ts'
import { GenerationStages, type StageLike } from '@mastery/infra/runtime/generation-stages.ts'
import { foldStage, type RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import { Together } from '@mastery/infra/runtime/together.ts'
import type { DriftPolicy } from '@mastery/topology/drift/policy.ts'
import { partitionsOf } from '@mastery/topology/generations/generation.ts'
import { driftStage } from '@mastery/topology/stages/drift/stage.ts'
import { driftFeaturesStage, driftScoresStage } from '@mastery/topology/stages/drift-sources/stage.ts'

/**
 * The drift service, for every generation: what features and scores look like, learning.features and mastery.scores to
 * drift.partials, and whether that has changed, drift.partials to drift.verdicts.
 */
export function driftService(
  parts: RuntimeParts,
  profile: Profile,
  policy: DriftPolicy,
  onFailure: (e: Error) => void,
): StageLike {
  const batch = profile.batch.scoring
  // Added to an installation that has run for a while, it watches from where the log begins.
  const none = { cachedStates: 0, batch, onFailure, joinsLate: true }
  const source = (stage: typeof driftFeaturesStage | typeof driftScoresStage, name: string) =>
    new GenerationStages(
      name,
      parts,
      (g, { input }) => {
        const count = partitionsOf(g, input)
        return foldStage(parts, stage({ policy, generation: g.id, sources: count }), {
          ...none,
          generation: g.id,
          partitions: { input: count, output: count },
        })
      },
      onFailure,
    )
  return new Together('drift', [
    source(driftFeaturesStage, 'drift-features'),
    source(driftScoresStage, 'drift-scores'),
    new GenerationStages(
      'drift',
      parts,
      (g) => foldStage(parts, driftStage({ policy, generation: g.id }), { ...none, generation: g.id }),
      onFailure,
    ),
  ])
}
