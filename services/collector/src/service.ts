import type { Profile } from '@mastery/infra/config/profile.ts'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { foldStage, type RunningStage } from '@mastery/infra/runtime/stage-runner.ts'
import { intakeStage } from '@mastery/topology/stages/intake/intake-stage.ts'

/** The collector's reader for producers that speak the log: learning.intake to learning.events. */
export function collectorService(
  installation: Installation,
  profile: Profile,
  onFailure: (e: Error) => void,
): RunningStage {
  const readers = new Map(installation.secrets.tenants.map((t) => [t.id, pseudonymiser(t)]))
  const tally = installation.meters.part('intake', profile.generation).tally
  const stage = intakeStage({
    tenants: [...readers.keys()],
    pseudonym: (tenant, id) => readers.get(tenant)!(id),
    noted: (tenant, accepted) => tally.came(tenant, 'intake', accepted ? 1 : 0, accepted ? 0 : 1),
  })
  return foldStage(installation, stage, {
    generation: profile.generation,
    batch: profile.batch.features,
    cachedStates: 1000,
    partitions: { input: profile.partitions, output: profile.partitions },
    onFailure,
  })
}
