import type { DriftVerdict } from '@mastery/schemas/src/generated/drift-verdict.gen.ts'
import { phaseInWords, phaseOf } from '../../drift/calendar.ts'
import { qualityFigures } from '../../drift/compare-quality.ts'
import type { Verdict } from '../../drift/judge.ts'
import { pooled } from '../../drift/mean-test.ts'
import type { DriftPolicy } from '../../drift/policy.ts'

type Place = Pick<DriftVerdict, 'origin_partition' | 'origin_offset' | 'ordinal' | 'generation' | 'tenant'>

/** A verdict as it is written; what was detected in the meantime is told with it and then forgotten. */
export function verdictRecord(policy: DriftPolicy, place: Place, v: Verdict, inRound: number): DriftVerdict {
  const { kind, name, model, version, scale } = v.series.series
  const { windows } = v.reference
  const reference = windows.length > 0 ? pooled(windows) : null
  const detected = v.kind === 'week' ? (v.series.detectors?.found ?? []) : []
  if (v.kind === 'week' && v.series.detectors !== null) v.series.detectors.found = []
  const c = v.comparison
  return {
    ...place,
    kind,
    name,
    model,
    version,
    window_kind: v.kind,
    window_from: v.window.from,
    window_to: v.window.to,
    state: v.state,
    changed: v.pAdjusted !== null && v.before !== v.series.of(v.kind).drifting,
    reference: v.reference.kind,
    reference_from: reference?.from ?? null,
    reference_to: reference?.to ?? null,
    phase: v.kind === 'week' ? phaseInWords(phaseOf(policy.terms, v.window.from)) : '',
    rows: v.window.n,
    reference_rows: reference?.n ?? 0,
    independent_rows: c?.independentRows ?? null,
    dispersion: c?.dispersion ?? null,
    p: c?.p ?? null,
    p_adjusted: v.pAdjusted,
    series_in_round: inRound,
    metrics: c?.metrics ?? (kind === 'quality' ? qualityFigures(v.window) : []),
    detected,
    scale,
    labels: [...v.series.labels],
    counts: Array.from(v.window.counts),
    reference_counts: reference === null ? [] : Array.from(reference.counts),
  }
}
