import { createHash } from 'node:crypto'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { opsPartition } from '@mastery/topology/ops/place.ts'
import { policyName } from '@mastery/topology/stages/alerting/markers.ts'
import { type AlertMeta, alertMeta, type Version } from '@mastery/topology/stages/alerting/meta.ts'
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

const WHAT = ['rosters', 'policies'] as const

/** What holds of one thing of a tenant: what ops.metrics was told, where a partition of the students has it too. */
function holding(metas: readonly AlertMeta[], told: AlertMeta, what: (typeof WHAT)[number], tenant: string) {
  const own = told[what].get(tenant)
  const there: (Version & { seq?: number })[] = metas.flatMap((m) => m[what].get(tenant) ?? [])
  // A partition that is behind has an older one, and does not bring it back.
  if (own !== undefined && there.some((v) => v.payload === own.payload)) return { version: own, told: true }
  // Markers reach ops.metrics at once and partitions behind features and scoring: what all of these lack is on its way.
  const seqs = there.map((v) => v.seq ?? 0)
  if (own !== undefined && what === 'policies' && (own as { seq?: number }).seq! >= Math.max(0, ...seqs))
    return { version: own, told: true }
  const newest = there.reduce<(typeof there)[number] | null>((a, b) => ((b.seq ?? 0) >= (a?.seq ?? 0) ? b : a), null)
  return { version: newest ?? own ?? null, told: newest === null || newest.payload === '' }
}

const tenantsOf = (metas: readonly AlertMeta[], what: (typeof WHAT)[number]) =>
  [...new Set(metas.flatMap((m) => [...m[what].keys()]))].sort()

/**
 * What is in force for students and has never been told to ops.metrics, because an older build put it there or the log
 * has let go of it: by tenant.
 */
export async function untoldTenants(parts: Omit<Parts, 'codec'>): Promise<string[]> {
  const { inForce } = await watchMeta(parts)
  const metas = await alertMetas(parts)
  const untold = WHAT.flatMap((what) =>
    tenantsOf(metas, what).filter((tenant) => !holding(metas, inForce, what, tenant).told),
  )
  return [...new Set(untold)].sort()
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
    v: string,
    payload: string | null,
  ) => {
    const said = JSON.stringify([action, subject, name, v, payload, now])
    const marker_id = createHash('sha256').update(said).digest('hex').slice(0, 32)
    markers.push({ marker_id, action, subject, name, version: v, payload, issued_at: now })
  }
  const { active } = parts.generations
  if (active.id > 0) add('activate', 'generation', 'pipeline', String(active.id), null)
  const { inForce } = await watchMeta(parts)
  const metas = await alertMetas(parts)
  for (const what of WHAT)
    for (const tenant of tenantsOf(metas, what)) {
      const { version: v } = holding(metas, inForce, what, tenant)
      if (v === null) continue
      const [subject, name] =
        what === 'rosters' ? (['roster', tenant] as const) : (['policy', policyName(tenant)] as const)
      add('prepare', subject, name, v.version, v.payload)
      add('activate', subject, name, v.version, null)
    }
  await appendOps(
    parts.log,
    parts.codec,
    markers.map((value) => ({ subject: 'marker', value, at: now })),
  )
  return markers.length
}
