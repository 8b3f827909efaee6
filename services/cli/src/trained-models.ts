import type { VersionParts } from '@mastery/jobs/src/training/versions.ts'
import type { Manifest } from '@mastery/topology/ports/artefact-store.ts'
import type { Host } from './command.ts'
import { table } from './tables.ts'

export function versionParts(host: Host): VersionParts {
  const { log, state, artefacts, provide, generations } = host.installation
  return { log, state, artefacts, provide, generation: generations.active.id }
}

const fixed = (x: number | undefined, digits: number) => (x === undefined || Number.isNaN(x) ? '-' : x.toFixed(digits))

/** Versions with what was measured; `inForce`: of each model, the version that is scored with. */
export function manifestTable(manifests: readonly Manifest[], inForce?: ReadonlyMap<string, string>): string {
  return table(
    [
      'model',
      'version',
      ...(inForce ? ['in force'] : []),
      'answers',
      'AUC',
      'from',
      'to',
      'log loss',
      'calibration error',
      'gain',
      'low',
      'high',
    ],
    manifests.map(({ model, version, training, metrics: m }) => [
      model,
      version,
      ...(inForce ? [inForce.get(model) === version ? 'yes' : ''] : []),
      training.answers.toLocaleString('en'),
      fixed(m['auc'], 4),
      fixed(m['auc_low'], 4),
      fixed(m['auc_high'], 4),
      fixed(m['log_loss'], 4),
      fixed(m['ece'], 4),
      fixed(m['gain_log_loss'], 4),
      fixed(m['gain_log_loss_low'], 4),
      fixed(m['gain_log_loss_high'], 4),
    ]),
  )
}
