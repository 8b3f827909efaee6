import type { DriftRow, ItemKey } from '@mastery/topology/items/fold.ts'
import type { ItemHealth } from '@mastery/topology/items/item-health.ts'
import type { ItemParameters } from '@mastery/topology/items/parameters.ts'
import type { Stamp } from './messages.ts'

const known = (x: number): number | null => (Number.isFinite(x) ? x : null)

/** A row of item_health. */
export function healthRow({ tenant, item }: ItemKey, h: ItemHealth, exposure: number, s: Stamp): unknown[] {
  const { parameters: p, fit, raw, threshold } = h
  return [
    tenant,
    item,
    h.status,
    h.flags.map((f) => f.code),
    h.flags.map((f) => f.reason),
    s.source,
    s.version,
    h.answers,
    h.students,
    exposure,
    h.firstAt,
    h.lastAt,
    h.pValue,
    h.pValueFirst,
    h.meanResidual,
    p?.difficulty ?? null,
    p?.difficultySe ?? null,
    p?.discrimination ?? null,
    p?.discriminationSe ?? null,
    p?.guessing ?? null,
    h.observed.value,
    h.observed.se,
    h.pointBiserial,
    h.upperLower,
    fit.infit,
    fit.infitZ,
    fit.outfit,
    fit.outfitZ,
    raw.infit,
    raw.outfit,
    h.timed,
    h.medianMs,
    threshold.chosen,
    threshold.rule,
    threshold.normative,
    threshold.mixture,
    threshold.why,
    h.rapidRate,
    h.rapidRateNormative,
    h.rapidRateMixture,
    h.rapidRight,
    h.options.map((o) => o.option),
    h.options.map((o) => o.answers),
    h.options.map((o) => o.key),
    h.options.map((o) => known(o.pointBiserial)),
    s.generation,
    s.runId,
    s.asOf,
  ]
}

/** A row of item_drift. */
export function driftRow(d: DriftRow, s: Stamp): unknown[] {
  return [
    d.tenant,
    d.item,
    d.period,
    d.startsAt,
    d.change === null ? 'insufficient' : 'compared',
    d.answers,
    d.pValue,
    d.meanResidual,
    d.difficulty.value,
    d.difficulty.se,
    d.change?.value ?? null,
    d.change?.se ?? null,
    d.robustZ,
    d.populationShift,
    d.lordChiSquare,
    d.pAdjusted,
    d.cusumHarder,
    d.cusumEasier,
    d.verdict,
    s.source,
    s.generation,
    s.runId,
    s.asOf,
  ]
}

/** A row of item_params. */
export function parameterRow(item: string, model: string, version: string, p: ItemParameters, asOf: number): unknown[] {
  return [
    item,
    model,
    version,
    p.difficulty,
    p.difficultySe,
    p.discrimination,
    p.discriminationSe,
    p.guessing,
    p.guessingSe,
    p.answers,
    asOf,
  ]
}
