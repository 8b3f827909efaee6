import type { Profile } from '@mastery/infra/config/profile.ts'
import { GenerationStages, type StageLike } from '@mastery/infra/runtime/generation-stages.ts'
import { Generations } from '@mastery/infra/runtime/generations.ts'
import { untoldTenants } from '@mastery/infra/runtime/ops-rules.ts'
import { foldStage, type RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import { Together } from '@mastery/infra/runtime/together.ts'
import { alertingStage } from '@mastery/topology/stages/alerting/stage.ts'
import { classesStage } from '@mastery/topology/stages/classes/stage.ts'
import { watchingStage } from '@mastery/topology/stages/watching/stage.ts'
import { UntoldRules } from './untold-rules.ts'

/**
 * The alerting service, for every generation: rules about students, mastery.scores to mastery.alerts, mastery.notices and
 * mastery.classes, rules about whole classes, mastery.classes to mastery.alerts and mastery.notices, and rules about the
 * system itself, ops.metrics to these two.
 */
export function alertsService(parts: RuntimeParts, profile: Profile, onFailure: (e: Error) => void): StageLike {
  const { batch, cachedStudents } = profile
  const options = { batch: batch.alerts, cachedStates: cachedStudents, onFailure }
  return new Together('alerts', [
    new GenerationStages(
      'alerts',
      parts,
      (g, { output }) =>
        foldStage(parts, alertingStage({ generation: g.id }), {
          ...options,
          generation: g.id,
          // Notices go by their recipients' keys, parts of classes by these, and time to every partition of theirs.
          partitions: { input: output, output },
        }),
      onFailure,
    ),
    new GenerationStages(
      'classes',
      parts,
      (g, { output }) =>
        foldStage(parts, classesStage({ generation: g.id, sources: output }), {
          ...options,
          generation: g.id,
          partitions: { input: output, output },
        }),
      onFailure,
    ),
    new GenerationStages(
      'watching',
      parts,
      (g, { input, output }) =>
        foldStage(parts, watchingStage({ generation: g.id, sourcesBefore: 2 * output }), {
          ...options,
          generation: g.id,
          // ops.metrics has as many partitions as learning.events; what is decided goes by keys.
          partitions: { input, output },
          joinsLate: true,
        }),
      onFailure,
    ),
    new UntoldRules(async () => {
      const generations = new Generations(parts.log, parts.codec)
      await generations.refresh()
      return untoldTenants({ ...parts, generations })
    }, parts.telemetry),
  ])
}
