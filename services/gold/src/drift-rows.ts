import type { DriftVerdict } from '@mastery/schemas/src/generated/drift-verdict.gen.ts'
import { fromOf, type Put } from './rows.ts'

export function verdictRow(v: DriftVerdict, put: Put): void {
  put('feature_drift', [
    v.tenant,
    v.kind,
    v.name,
    v.model,
    v.version,
    v.window_kind,
    v.window_from,
    v.window_to,
    v.state,
    v.changed,
    v.reference,
    v.reference_from,
    v.reference_to,
    v.phase,
    v.rows,
    v.reference_rows,
    v.independent_rows,
    v.dispersion,
    v.p,
    v.p_adjusted,
    v.series_in_round,
    v.metrics.map((m) => m.name),
    v.metrics.map((m) => m.value),
    v.metrics.map((m) => m.floor),
    v.metrics.map((m) => m.critical),
    v.metrics.map((m) => m.error),
    v.detected,
    v.scale,
    v.labels,
    v.counts,
    v.reference_counts,
    ...fromOf(v),
  ])
}
