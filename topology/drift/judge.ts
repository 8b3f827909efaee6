import { phaseOf } from './calendar.ts'
import { compare } from './compare.ts'
import { benjaminiHochberg, type Comparison, hasEffect } from './comparison.ts'
import type { DriftPolicy } from './policy.ts'
import {
  countReference,
  NO_REFERENCES,
  type Reference,
  type References,
  trainedOf,
  weekReference,
} from './reference.ts'
import type { SeriesState, WindowKind } from './series-state.ts'
import type { ClosedWindow } from './window.ts'

/**
 * stable: no effect that is large and sure enough. suspect: one in this window. drift: in two of the last three.
 * insufficient: too few rows. no_reference: nothing to compare with yet. between_terms: not compared.
 */
export type DriftState = 'stable' | 'suspect' | 'drift' | 'insufficient' | 'no_reference' | 'between_terms'

export interface Verdict {
  series: SeriesState
  kind: WindowKind
  window: ClosedWindow
  reference: Reference
  comparison: Comparison | null
  pAdjusted: number | null
  state: DriftState
  /** Whether the series was drifting before. */
  before: boolean
}

/** Windows that the rule of two out of three looks at. */
const LOOKS_AT = 3

/**
 * Verdicts on the windows of one round, all series of a tenant whose windows of this kind ended together; remembers in
 * the states what each window showed. A window counts only with an effect above its floor and its critical value, and a
 * p that stands up among all of the round.
 */
export function judge(
  policy: DriftPolicy,
  kind: WindowKind,
  round: readonly { series: SeriesState; window: ClosedWindow }[],
  references: References = NO_REFERENCES,
): Verdict[] {
  const verdicts = round.map(({ series, window }): Verdict => {
    const past = series.of(kind).past
    const trained = trainedOf(references, series.series, window)
    const reference =
      kind === 'week'
        ? weekReference(policy, series.series.kind, past, window.from, trained)
        : countReference(policy, series.series.kind, past, trained)
    const blank = {
      series,
      kind,
      window,
      reference,
      comparison: null,
      pAdjusted: null,
      before: series.of(kind).drifting,
    }
    if (kind === 'week' && phaseOf(policy.terms, window.from).term === null) return { ...blank, state: 'between_terms' }
    const volume = series.series.kind === 'volume'
    if (!volume && window.n < policy.leastRows) return { ...blank, state: 'insufficient' }
    if (reference.windows.length === 0) return { ...blank, state: 'no_reference' }
    const comparison = compare(policy, series.series, window, reference.windows)
    const few = !volume && comparison.independentRows < policy.leastIndependent
    return { ...blank, comparison, state: few ? 'insufficient' : 'stable' }
  })
  const tested = verdicts.filter((v) => v.state === 'stable')
  const adjusted = benjaminiHochberg(tested.map((v) => v.comparison!.p))
  tested.forEach((v, i) => {
    v.pAdjusted = adjusted[i]!
    const shows = v.pAdjusted <= policy.falseDiscovery && hasEffect(v.comparison!)
    const held = v.series.of(v.kind)
    held.shown = [...held.shown, shows].slice(-LOOKS_AT)
    const often = held.shown.filter((s) => s).length >= 2
    v.state = shows && often ? 'drift' : shows ? 'suspect' : 'stable'
    held.drifting = often
  })
  return verdicts
}
