import { ITEM_MODELS } from '@mastery/topology/items/parameters.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import { NOT_SERVED } from '@mastery/topology/served/served.ts'
import type { InForce } from '../training/versions.ts'

/** A version of a model with parameters of items. */
export interface ItemVersion {
  model: string
  version: string
  /** JSON; null: the model's defaults, which know no item. */
  parameters: string | null
}

const FILE = 'parameters.json'

/** Parameters of a version; null where it was never trained here, as the version before any fit. */
export async function parametersOf(
  artefacts: ArtefactStore,
  model: string,
  version: string,
  inForce: ReadonlyMap<string, InForce>,
): Promise<string | null> {
  const active = inForce.get(model)
  if (active?.version === version) return textOf(active.parameters)
  const known = await artefacts.list(model)
  if (!known.some((m) => m.version === version)) return null
  const { files } = await artefacts.read(model, version)
  const bytes = files.get(FILE)
  return textOf(bytes ?? null)
}

const textOf = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('utf8'))

/** What is in force of the models that know items, the most telling first. */
export function itemVersionsInForce(inForce: ReadonlyMap<string, InForce>): ItemVersion[] {
  return ITEM_MODELS.flatMap((model) => {
    const v = inForce.get(model)
    if (v === undefined || v.version === NOT_SERVED) return []
    return [{ model, version: v.version, parameters: textOf(v.parameters) }]
  })
}
