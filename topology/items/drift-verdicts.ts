import { benjaminiHochberg } from '../drift/comparison.ts'
import { chiSquareTail } from '../numeric/special.ts'
import { type ItemWindow, median, robustZ } from './drift.ts'

/**
 * drift: by itself, in two of the item's last three compared windows. suspect: in this one. stable: not. insufficient:
 * not compared.
 */
export type ItemVerdict = 'drift' | 'suspect' | 'stable' | 'insufficient'

/** What a window says of an item, beside the other items of the window. */
export interface ItemFinding {
  robustZ: number | null
  /** What all items of the window moved by, logits: another population, or another scale of abilities. */
  populationShift: number | null
  /** Lord's, of the difficulty alone (one degree of freedom), the population's shift taken off. */
  lordChiSquare: number | null
  /** Of the chi-square over what those of the window's items are inflated by; corrected over the items. */
  pAdjusted: number | null
  /** Cumulative sums of standardised residuals, towards harder and towards easier. */
  cusumHarder: number
  cusumEasier: number
  verdict: ItemVerdict
}

/** Logits from which a shift matters (0.3 is called moderate, 0.5 is for review). */
const FLOOR = 0.3
const FALSE_DISCOVERY = 0.05
/** Veerkamp & Glas, Journal of Educational and Behavioral Statistics 25, 2000: reference value and decision interval. */
const CUSUM_K = 0.5
const CUSUM_H = 5
const LEAST_ITEMS = 5
/** Median of a chi-square variable with one degree of freedom. */
const MEDIAN_CHI = 0.4549364231195724

export const NOT_COMPARED: ItemFinding = {
  robustZ: null,
  populationShift: null,
  lordChiSquare: null,
  pAdjusted: null,
  cusumHarder: 0,
  cusumEasier: 0,
  verdict: 'insufficient',
}

/** Answers after which what an item was like before stays as it is: a drift must not become its own reference. */
const BASELINE = 150

interface Baseline {
  residual: number
  answers: number
}

interface Memory {
  /** Null until there are enough answers: all before the window until then. */
  baseline: Baseline | null
  harder: number
  easier: number
  shown: boolean[]
}

/** Verdicts on a tenant's items over its windows of one period; to be asked in the order of time. */
export class ItemVerdicts {
  private readonly memory = new Map<string, Memory>()

  /** `windows`: all items that were compared in one window. */
  judge(windows: readonly (ItemWindow & { item: string })[]): ItemFinding[] {
    const z = robustZ(windows.map((w) => w.change!.value))
    const shift = windows.length >= LEAST_ITEMS ? median(windows.map((w) => w.change!.value)) : 0
    const lord = windows.map(({ change }) => {
      const own = (change!.value - shift) / change!.se
      return own * own
    })
    const inflation = windows.length >= LEAST_ITEMS ? Math.max(1, median(lord) / MEDIAN_CHI) : 1
    const adjusted = benjaminiHochberg(lord.map((x) => chiSquareTail(x / inflation, 1)))
    const residuals = beyondOthers(
      windows,
      windows.map((w) => this.baseline(w)),
    )
    return windows.map((w, i) => {
      const m = this.of(w.item)
      // A right answer less than predicted makes the residual smaller: harder.
      m.harder = Math.max(0, m.harder - residuals[i]! / Math.sqrt(inflation) - CUSUM_K)
      m.easier = Math.max(0, m.easier + residuals[i]! / Math.sqrt(inflation) - CUSUM_K)
      const large = Math.abs(w.change!.value - shift) >= FLOOR
      const sure = adjusted[i]! <= FALSE_DISCOVERY || Math.max(m.harder, m.easier) > CUSUM_H
      m.shown = [...m.shown, large && sure].slice(-3)
      const often = m.shown.filter((s) => s).length >= 2
      return {
        robustZ: z[i]!,
        populationShift: shift,
        lordChiSquare: lord[i]!,
        pAdjusted: adjusted[i]!,
        cusumHarder: m.harder,
        cusumEasier: m.easier,
        verdict: large && sure ? (often ? 'drift' : 'suspect') : 'stable',
      }
    })
  }

  private baseline(w: ItemWindow & { item: string }): Baseline {
    const m = this.of(w.item)
    if (m.baseline !== null) return m.baseline
    const now = { residual: w.residualBefore!, answers: w.answersBefore }
    if (w.answersBefore >= BASELINE) m.baseline = now
    return now
  }

  private of(item: string): Memory {
    let m = this.memory.get(item)
    if (m === undefined) this.memory.set(item, (m = { baseline: null, harder: 0, easier: 0, shown: [] }))
    return m
  }
}

/**
 * How far each item's mean residual has moved from what it was before the window, less what the window's other items have
 * moved by, in standard errors: students who have become better or worse move all items.
 */
function beyondOthers(windows: readonly ItemWindow[], before: readonly Baseline[]): number[] {
  const moved = windows.map((w, i) => w.meanResidual - before[i]!.residual)
  const weights = windows.map((w) => w.answers)
  const sum = weights.reduce((s, n, i) => s + n * moved[i]!, 0)
  const n = weights.reduce((s, x) => s + x, 0)
  return windows.map((w, i) => {
    const others = n > weights[i]! ? (sum - weights[i]! * moved[i]!) / (n - weights[i]!) : 0
    const variance = w.residualVariance * (1 / w.answers + 1 / before[i]!.answers)
    return variance > 0 ? (moved[i]! - others) / Math.sqrt(variance) : 0
  })
}
