import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'

export interface ModelMetrics {
  n: number
  auc: number | null
  log_loss: number
  brier: number
  ece: number
  sum_p: number
}

/**
 * Prequential quality per model over the opportunities of a tenant, optionally only those whose feature records stand
 * at or after given offsets, so that an import reports its own.
 */
export async function modelMetrics(
  gold: GoldStore,
  tenant: string,
  from: number[] | null,
): Promise<Record<string, ModelMetrics>> {
  const where = from ? `AND src_offset >= arrayElement({from:Array(UInt64)}, src_partition + 1)` : ''
  const rows = await gold.query<ModelMetrics & { score_source: string }>(
    `WITH x AS (SELECT score_source, p, correct FROM next_correct_predictions WHERE tenant = {tenant:String} ${where})
     SELECT m.score_source AS score_source, n, auc, log_loss, brier, ece, sum_p FROM
      (SELECT score_source, count() AS n, sumKahan(p) AS sum_p,
        sumKahan(-if(correct, log(greatest(p, 1e-15)), log(greatest(1 - p, 1e-15)))) / n AS log_loss,
        avg((p - correct) * (p - correct)) AS brier,
        if(uniqExact(correct) = 2, arrayROCAUC(groupArray(p), groupArray(toUInt8(correct))), NULL) AS auc FROM x GROUP BY score_source) AS m
     JOIN (SELECT score_source, sum(w * gap) / sum(w) AS ece FROM
        (SELECT score_source, least(floor(p * 10), 9) AS bin, count() AS w, abs(avg(p) - avg(correct)) AS gap FROM x GROUP BY score_source, bin)
        GROUP BY score_source) AS c USING (score_source) ORDER BY score_source`,
    { tenant, ...(from ? { from } : {}) },
  )
  return Object.fromEntries(rows.map(({ score_source, ...m }) => [score_source, m]))
}
