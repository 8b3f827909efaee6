import type { AnswerLog } from './answer-log.ts'
import type { History } from './history.ts'

/** The n-th opportunity on a topic, over all students who came that far. */
export interface CurvePoint {
  /** 1 for the first. */
  opportunity: number
  n: number
  /** Share of wrong answers. */
  error: number
  /** Mean of 1 - p per set of predictions, in the order given. */
  predicted: number[]
}

/** Points of fewer rows are left out: they would be noise. */
const LEAST_ROWS = 30

/**
 * Error rate by opportunity, observed and predicted (Corbett & Anderson, User Modeling 4, 1995; Koedinger et al., DataShop,
 * 2010). Students stop practising what they know, so later points hold other students than earlier ones: the observed
 * curve is not the learning of one student, but a model that fits should follow it.
 * @param rows rows that count, or all of them
 */
export function learningCurve(
  log: AnswerLog,
  { opportunities }: History,
  predictions: readonly Float64Array[],
  { upTo = 20, rows }: { upTo?: number; rows?: Int32Array } = {},
): CurvePoint[] {
  const n = new Int32Array(upTo)
  const wrong = new Int32Array(upTo)
  const predicted = predictions.map(() => new Float64Array(upTo))
  const count = (r: number) => {
    const o = opportunities[r]!
    if (o >= upTo) return
    n[o]!++
    wrong[o]! += 1 - log.correct[r]!
    for (const [i, p] of predictions.entries()) predicted[i]![o]! += 1 - p[r]!
  }
  if (rows) for (const r of rows) count(r)
  else for (let r = 0; r < log.size; r++) count(r)
  const points: CurvePoint[] = []
  for (let o = 0; o < upTo; o++) {
    const m = n[o]!
    if (m < LEAST_ROWS) continue
    points.push({ opportunity: o + 1, n: m, error: wrong[o]! / m, predicted: predicted.map((p) => p[o]! / m) })
  }
  return points
}
