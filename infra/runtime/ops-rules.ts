import { createHash } from 'node:crypto'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { opsPartition } from '@mastery/topology/ops/place.ts'
import { policyName } from '@mastery/topology/stages/alerting/markers.ts'
import { type AlertMeta, alertMeta } from '@mastery/topology/stages/alerting/meta.ts'
import { WATCH_META, type WatchMeta } from '@mastery/topology/stages/watching/meta.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import type { Installation } from './installation.ts'
import { appendOps } from './ops/append.ts'

type Parts = Pick<Installation, 'log' | 'state' | 'generations' | 'codec'>

/** The alerting stage's own record per partition, in the generation that readers see. */
export async function alertMetas({ log, state, generations }: Omit<Parts, 'codec'>): Promise<AlertMeta[]> {
  const generation = generations.active.id
  const topic = topicAt('mastery.scores', generation)
  const codec = alertMeta()
  return Promise.all(
    Array.from({ length: await log.partitions(topic) }, async (_, partition) => {
      const found = await state.peek({ stage: 'alerts', generation, topic, partition })
      return found?.meta ? codec.decode(found.meta, '') : codec.empty('')
    }),
  )
}

/** The watching stage's own record, in the generation that readers see. */
export async function watchMeta({ log, state, generations }: Omit<Parts, 'codec'>): Promise<WatchMeta> {
  const topic = 'ops.metrics'
  const partition = opsPartition(await log.partitions(topic))
  const found = await state.peek({ stage: 'watching', generation: generations.active.id, topic, partition })
  return found?.meta ? WATCH_META.decode(found.meta, '') : WATCH_META.empty('')
}

/**
 * What is in force for students and has never been told to ops.metrics, because an older build put it there or the log
 * has let go of it: by tenant.
 */
export async function untoldTenants(parts: Omit<Parts, 'codec'>): Promise<string[]> {
  const { inForce } = await watchMeta(parts)
  const tenants = new Set<string>()
  for (const m of await alertMetas(parts))
    for (const what of ['policies', 'rosters'] as const)
      for (const [tenant, v] of m[what])
        if (v.payload !== '' && inForce[what].get(tenant)?.payload !== v.payload) tenants.add(tenant)
  return [...tenants].sort()
}

/**
 * Tells ops.metrics what is in force: the generation that readers see, rosters and rules. For a log that was never told,
 * and for a generation that begins where the log does. Told again, it changes nothing. Gives how many markers it took.
 */
export async function tellWhatIsInForce(parts: Parts, now: number): Promise<number> {
  const markers: Marker[] = []
  const add = (
    action: Marker['action'],
    subject: Marker['subject'],
    name: string,
    version: string,
    payload: string | null,
  ) => {
    const said = JSON.stringify([action, subject, name, version, payload, now])
    const marker_id = createHash('sha256').update(said).digest('hex').slice(0, 32)
    markers.push({ marker_id, action, subject, name, version, payload, issued_at: now })
  }
  const { active } = parts.generations
  if (active.id > 0) add('activate', 'generation', 'pipeline', String(active.id), null)
  const metas = await alertMetas(parts)
  const newest = <T extends { version: string; payload: string }>(of: (m: AlertMeta) => ReadonlyMap<string, T>) =>
    new Map(metas.flatMap((m) => [...of(m)]))
  for (const [tenant, r] of newest((m) => m.rosters)) {
    add('prepare', 'roster', tenant, r.version, r.payload)
    add('activate', 'roster', tenant, r.version, null)
  }
  for (const [tenant, p] of newest((m) => m.policies)) {
    add('prepare', 'policy', policyName(tenant), p.version, p.payload)
    add('activate', 'policy', policyName(tenant), p.version, null)
  }
  await appendOps(
    parts.log,
    parts.codec,
    markers.map((value) => ({ subject: 'marker', value, at: now })),
  )
  return markers.length
}
