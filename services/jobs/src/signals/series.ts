import type { OpsSignal } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import type { Metric } from '@mastery/topology/drift/comparison.ts'
import type { SeriesKind } from '@mastery/topology/drift/series.ts'
import { dataSubjects, modelSubjects, signalOf, type WatchedSeries, wasJudged } from '@mastery/topology/ops/signals.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'

/** Weeks before the newest window in which the begin of a drift is looked for. */
const WEEKS = 26

interface Row {
  tenant: string
  kind: SeriesKind
  name: string
  model: string
  version: string
  window_kind: 'week' | 'count'
  to: number
  state: string
  names: string[]
  values: number[]
  floors: (number | null)[]
}

const SERIES_SQL = `SELECT tenant, kind, name, model, model_version AS version, window_kind,
    toUnixTimestamp64Milli(window_to) AS to, state, if(state = 'drift', metrics, []) AS names,
    if(state = 'drift', metric_values, []) AS values, if(state = 'drift', metric_floors, []) AS floors
  FROM v_feature_drift AS d
  JOIN (SELECT tenant, max(window_to) AS newest FROM v_feature_drift GROUP BY tenant) AS n USING (tenant)
  WHERE window_to > newest - toIntervalWeek(${WEEKS})
  ORDER BY tenant, kind, name, model, version, window_from`

/** What the drift service found, as it stands: of models, and of the data. Nothing of a tenant that it has not watched. */
export async function seriesSignals(gold: Pick<GoldStore, 'query'>, at: number): Promise<OpsSignal[]> {
  const tenants = new Map<string, Map<string, WatchedSeries & { windows: WatchedSeries['windows'][number][] }>>()
  for (const { tenant, names, values, floors, window_kind, to, state, ...series } of await gold.query<Row>(
    SERIES_SQL,
  )) {
    let own = tenants.get(tenant)
    if (!own) tenants.set(tenant, (own = new Map()))
    const key = [series.kind, series.name, series.model, series.version].join('\n')
    let s = own.get(key)
    if (!s) own.set(key, (s = { ...series, windows: [] }))
    const metrics = names.map(
      (name, i): Metric => ({
        name,
        value: values[i]!,
        floor: floors[i]!,
        critical: null,
        error: null,
      }),
    )
    s.windows.push({ window_kind, to: Number(to), state, metrics })
  }
  return [...tenants].flatMap(([tenant, own]) => {
    const all = [...own.values()]
    const asOf = Math.max(...all.flatMap((s) => s.windows.map((w) => w.to)))
    const isModel = (s: WatchedSeries) => s.kind === 'quality' || s.kind === 'score'
    const models = all.filter(isModel)
    const data = all.filter((s) => !isModel(s))
    const looked = (of: readonly WatchedSeries[]) => ({
      tenant,
      at,
      asOf,
      lookedAt: of.filter((s) => wasJudged(s, asOf)).length,
    })
    return [
      ...(models.length > 0 ? [signalOf('model_drift', looked(models), modelSubjects(models, asOf))] : []),
      ...(data.length > 0 ? [signalOf('data_drift', looked(data), dataSubjects(data, asOf))] : []),
    ]
  })
}
