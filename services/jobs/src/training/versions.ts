import type { ProvideFiles } from '@mastery/infra/runtime/artefacts.ts'
import { fileOf } from '@mastery/topology/models/parameters.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { StateStore } from '@mastery/topology/ports/state-store.ts'
import { type ActiveModel, SCORE_META, type ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import { STREAMING } from './payload.ts'

/** A version that partitions of the scoring stage have in force. */
export interface InForce {
  model: string
  version: string
  /** Bytes of the parameters or the artefact; null: the model's defaults, or a trained model that is not in force. */
  parameters: Uint8Array | null
  /** Partitions that score with it, and how many there are. They differ for as long as a switch is under way. */
  partitions: number
  of: number
}

export interface VersionParts {
  log: Pick<EventLog, 'partitions'>
  state: Pick<StateStore, 'peek'>
  artefacts: ArtefactStore
  provide: ProvideFiles
  generation: number
}

/** The scoring stage's own record per partition: which versions are active and prepared there. */
export async function scoringMetas(parts: Pick<VersionParts, 'log' | 'state' | 'generation'>): Promise<ScoreMeta[]> {
  const { log, state, generation } = parts
  const topic = topicAt('learning.features', generation)
  const partitions = await log.partitions(topic)
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const found = await state.peek({ stage: 'scoring', generation, topic, partition })
      return found?.meta ? SCORE_META.decode(found.meta, '') : SCORE_META.empty('')
    }),
  )
}

/** Of every model of the stream the version that most partitions have in force. */
export async function versionsInForce(parts: VersionParts): Promise<Map<string, InForce>> {
  const metas = await scoringMetas(parts)
  const out = new Map<string, InForce>()
  for (const model of STREAMING) {
    const counted = new Map<string, { active: ActiveModel; partitions: number }>()
    for (const meta of metas) {
      const active = meta.active.get(model.id) ?? { version: model.defaultVersion, payload: null }
      const known = counted.get(active.version)
      if (known) known.partitions++
      else counted.set(active.version, { active, partitions: 1 })
    }
    const [most] = [...counted.values()].sort((a, b) => b.partitions - a.partitions)
    if (!most) continue
    out.set(model.id, {
      model: model.id,
      version: most.active.version,
      parameters: await parametersIn(parts.artefacts, most.active.payload),
      partitions: most.partitions,
      of: metas.length,
    })
  }
  return out
}

async function parametersIn(store: ArtefactStore, payload: string | null): Promise<Uint8Array | null> {
  const f = fileOf(payload)
  if (f === null) return payload === null ? null : Buffer.from(payload)
  const { files } = await store.read(f.model, f.version)
  return files.get(f.file)!
}
