import { AbilityGrid, type Estimate } from './ability-grid.ts'
import { type ItemAnswer, within } from './answer.ts'

export type Period = 'week' | 'month'
export const PERIODS: readonly Period[] = ['week', 'month']

const DAY = 86_400_000
/** 1 January 1970 was a Thursday. */
const MONDAY = 4 * DAY
/** Answers that a window, and what came before it, must have to be compared. */
export const LEAST_WINDOW = 30
/** Items that changes of a window are compared among. */
const LEAST_ITEMS = 5

/** Begin of the window that holds an instant, UTC milliseconds: Monday, or the first of the month. */
export function windowOf(period: Period, at: number): number {
  if (period === 'week') return Math.floor((at - MONDAY) / (7 * DAY)) * 7 * DAY + MONDAY
  const d = new Date(at)
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), 1)
}

/** An item in a window. */
export interface ItemWindow {
  period: Period
  /** UTC milliseconds. */
  startsAt: number
  answers: number
  pValue: number
  /** Mean of answer less prediction. */
  meanResidual: number
  /** P (1 - P) of the predictions, mean: variance of one residual. */
  residualVariance: number
  /** Of all answers before the window; null and 0 where there is none. */
  residualBefore: number | null
  answersBefore: number
  /** Difficulty that fits the window's answers. */
  difficulty: Estimate
  /** Against all answers before the window, in logits with its standard error; null where either has too few. */
  change: Estimate | null
}

class Window {
  answers = 0
  right = 0
  predicted = 0
  variance = 0
  readonly grid = new AbilityGrid()
}

/** The answers of one item by window; those of parts of the answers merge. */
export class ItemWindows {
  private readonly windows = new Map<number, Window>()
  readonly period: Period

  constructor(period: Period) {
    this.period = period
  }

  add(a: ItemAnswer): void {
    const w = this.of(windowOf(this.period, a.at))
    w.answers++
    if (a.correct) w.right++
    const p = within(a.p)
    w.predicted += p
    w.variance += p * (1 - p)
    w.grid.add(a.ability, a.correct)
  }

  merge(other: ItemWindows): void {
    for (const [startsAt, o] of other.windows) {
      const w = this.of(startsAt)
      w.answers += o.answers
      w.right += o.right
      w.predicted += o.predicted
      w.variance += o.variance
      w.grid.merge(o.grid)
    }
  }

  /** In order of time. A window is compared with everything before it, so that slow drift adds up instead of passing unseen. */
  list(): ItemWindow[] {
    const before = new AbilityGrid()
    let answersBefore = 0
    let residuals = 0
    return [...this.windows]
      .sort(([a], [b]) => a - b)
      .map(([startsAt, w]) => {
        const difficulty = w.grid.difficulty()
        let change: Estimate | null = null
        if (w.answers >= LEAST_WINDOW && answersBefore >= LEAST_WINDOW) {
          const was = before.difficulty()
          change = {
            value: difficulty.value - was.value,
            se: Math.sqrt(difficulty.se * difficulty.se + was.se * was.se),
          }
        }
        const earlier = {
          answersBefore,
          residualBefore: answersBefore > 0 ? residuals / answersBefore : null,
        }
        before.merge(w.grid)
        answersBefore += w.answers
        residuals += w.right - w.predicted
        return {
          ...earlier,
          period: this.period,
          startsAt,
          answers: w.answers,
          pValue: w.right / w.answers,
          meanResidual: (w.right - w.predicted) / w.answers,
          residualVariance: w.variance / w.answers,
          difficulty,
          change,
        }
      })
  }

  private of(startsAt: number): Window {
    let w = this.windows.get(startsAt)
    if (w === undefined) this.windows.set(startsAt, (w = new Window()))
    return w
  }
}

/** Quantile between order statistics, linear (Hyndman & Fan's type 7), of ascending numbers. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const above = Math.min(sorted.length - 1, below + 1)
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!)
}

export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5)
}

/**
 * Robust z of changes among the items of one window: (d - median) / (0.74 IQR) (Huynh & Meyer, Practical Assessment,
 * Research & Evaluation 15, 2010). What moved all items alike, another population or another ability scale, drops out.
 * Null throughout for fewer than five items, or where most changes are the same.
 */
export function robustZ(changes: readonly number[]): (number | null)[] {
  const sorted = Float64Array.from(changes).sort()
  if (sorted.length < LEAST_ITEMS) return changes.map(() => null)
  const median = quantile(sorted, 0.5)
  const scale = 0.74 * (quantile(sorted, 0.75) - quantile(sorted, 0.25))
  return changes.map((d) => (scale > 0 ? (d - median) / scale : null))
}
