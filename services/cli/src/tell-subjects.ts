import { randomUUID } from 'node:crypto'
import { broadcast } from '@mastery/infra/runtime/broadcast.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { subjectsName, subjectsText } from '@mastery/topology/drift/subjects.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'

/** Tells the drift stages, in every partition, which subjects a tenant's topics belong to, so that each is watched, too. */
export async function tellSubjects(
  { log, codec }: Installation,
  tenant: string,
  topics: readonly { id: string; subject: string }[],
  now: number,
): Promise<void> {
  const payload = subjectsText(topics)
  const marker: Marker = {
    marker_id: randomUUID(),
    action: 'activate',
    subject: 'policy',
    name: subjectsName(tenant),
    version: hash128(payload).slice(0, 16),
    payload,
    issued_at: now,
  }
  const value = codec.encode('marker', marker)
  await broadcast(log, 'learning.events', { key: 'marker', value, timestamp: now })
}
