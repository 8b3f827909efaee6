import { randomUUID } from 'node:crypto'
import { broadcast } from '@mastery/infra/runtime/broadcast.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { referenceName } from '@mastery/topology/drift/training-reference.ts'
import { ArtefactMissing, type ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import type { RepairParts } from '../rebuild/parts.ts'
import { DRIFT_REFERENCE } from './publish.ts'

/**
 * Tells the drift stage, in every partition, how well a version predicted when it was trained, so that its first weeks
 * are compared with that. A version that brings nothing of the kind, as the ones that no training made, has to do with these.
 */
export async function sendReference(
  parts: RepairParts & { artefacts: ArtefactStore },
  model: string,
  version: string,
): Promise<void> {
  const kept = await parts.artefacts.read(model, version).catch((e: Error) => {
    if (e instanceof ArtefactMissing) return null
    throw e
  })
  const bytes = kept?.files.get(DRIFT_REFERENCE)
  if (bytes === undefined) return
  const marker: Marker = {
    marker_id: randomUUID(),
    action: 'activate',
    subject: 'policy',
    name: referenceName(model),
    version,
    payload: Buffer.from(bytes).toString('utf8'),
    issued_at: parts.now(),
  }
  const value = parts.codec.encode('marker', marker)
  await broadcast(parts.log, 'learning.events', { key: 'marker', value, timestamp: marker.issued_at })
}
