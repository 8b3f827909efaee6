import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { Found, FoundItem, FoundSeries, FoundWindow } from '@mastery/topology/drift/report/found.ts'

type Row = Omit<FoundSeries, 'windows'> &
  Omit<FoundWindow, 'metrics'> & {
    metrics: string[]
    metric_values: number[]
    metric_floors: (number | null)[]
    metric_criticals: (number | null)[]
    metric_errors: (number | null)[]
  }

const ms = (column: string) => `toUnixTimestamp64Milli(${column})`

/** Everything that was found of a tenant, in windows that ended within the last `weeks` weeks of what there is. */
export async function foundDrift(gold: ClickHouseGold, tenant: string, weeks: number): Promise<Found> {
  const rows = await gold.query<Row>(
    `SELECT kind, name, model, model_version AS version, scale, labels, window_kind, ${ms('window_from')} AS from,
      ${ms('window_to')} AS to, state, changed, reference, ${ms('reference_from')} AS reference_from,
      ${ms('reference_to')} AS reference_to, phase, rows, reference_rows, independent_rows, dispersion, p, p_adjusted,
      series_in_round, metrics, metric_values, metric_floors, metric_criticals, metric_errors, detected, counts,
      reference_counts
    FROM v_feature_drift WHERE tenant = {tenant:String}
      AND window_to > (SELECT max(window_to) FROM v_feature_drift WHERE tenant = {tenant:String}) - INTERVAL {weeks:UInt32} WEEK
    ORDER BY kind, name, model, version, from`,
    { tenant, weeks },
  )
  const series = new Map<string, FoundSeries>()
  for (const r of rows) {
    const { kind, name, model, version, scale, labels } = r
    const key = [kind, name, model, version].join('\n')
    let s = series.get(key)
    if (s === undefined) series.set(key, (s = { kind, name, model, version, scale, labels, windows: [] }))
    s.windows.push(windowOf(r))
  }
  return { tenant, series: [...series.values()], items: await driftingItems(gold, tenant) }
}

const number = (x: unknown) => Number(x)
const orNull = (x: unknown) => (x === null ? null : Number(x))

function windowOf(r: Row): FoundWindow {
  return {
    window_kind: r.window_kind,
    from: number(r.from),
    to: number(r.to),
    state: r.state,
    changed: r.changed,
    reference: r.reference,
    reference_from: orNull(r.reference_from),
    reference_to: orNull(r.reference_to),
    phase: r.phase,
    rows: number(r.rows),
    reference_rows: number(r.reference_rows),
    independent_rows: r.independent_rows,
    dispersion: r.dispersion,
    p: r.p,
    p_adjusted: r.p_adjusted,
    series_in_round: r.series_in_round,
    metrics: r.metrics.map((name, i) => ({
      name,
      value: r.metric_values[i]!,
      floor: r.metric_floors[i]!,
      critical: r.metric_criticals[i]!,
      error: r.metric_errors[i]!,
    })),
    detected: r.detected,
    counts: r.counts.map(number),
    reference_counts: r.reference_counts.map(number),
  }
}

/** Windows in which an item drifts by itself, newest first. */
async function driftingItems(gold: ClickHouseGold, tenant: string): Promise<FoundItem[]> {
  const rows = await gold.query<FoundItem>(
    `SELECT item, period, ${ms('starts_at')} AS from, verdict, answers, difficulty_shift AS shift, robust_z,
      p_adjusted FROM v_item_drift WHERE tenant = {tenant:String} AND verdict IN ('drift', 'suspect')
    ORDER BY starts_at DESC, p_adjusted LIMIT 50`,
    { tenant },
  )
  return rows.map((r) => ({ ...r, from: number(r.from), answers: number(r.answers) }))
}
