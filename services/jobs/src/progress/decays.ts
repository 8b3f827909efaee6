import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { shrink } from '@mastery/topology/progress/shrink.ts'
import type { Decays } from '@mastery/topology/recommend/view.ts'

/**
 * How fast each tenant's topics are forgotten, by the last run: the decays that it fitted, each drawn towards their mean
 * as far as it is inexact. Nothing is taken to be remembered better with time.
 */
export async function decaysOf(gold: Pick<GoldStore, 'query'>): Promise<Map<string, Decays>> {
  const rows = await gold.query<{ tenant: string; topic_id: string; decay: number; se: number }>(
    `SELECT toString(tenant) AS tenant, toString(topic_id) AS topic_id, decay, decay_se AS se FROM retention_fits FINAL
     WHERE basis = 'ratio' AND decay_se > 0 ORDER BY tenant, topic_id`,
  )
  const byTenant = Map.groupBy(rows, (r) => r.tenant)
  return new Map(
    [...byTenant].map(([tenant, fits]) => {
      const { mean, values } = shrink(fits.map((r) => ({ value: r.decay, se: r.se })))
      const topics = new Map(fits.map((r, i) => [r.topic_id, Math.max(0, values[i]!)]))
      return [tenant, { usual: Math.max(0, mean), topics }]
    }),
  )
}
