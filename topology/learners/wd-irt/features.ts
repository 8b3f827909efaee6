import type { AnswerLog } from '../../evaluation/answer-log.ts'

/** A column of the answer log, made comparable: (log(1 + x) - mean) / deviation, as the training answers have it. */
export interface Feature {
  column: string
  mean: number
  deviation: number
}

/** Columns about how an answer came about that the deep part looks at, where the log has them. */
export const COLUMNS = ['response_ms', 'hints', 'attempts'] as const

export function featuresOf(log: AnswerLog): Feature[] {
  const found: Feature[] = []
  for (const column of COLUMNS) {
    const values = log.extra.get(column)
    if (values === undefined) continue
    let n = 0
    let sum = 0
    let squares = 0
    for (const v of values) {
      if (!(v >= 0)) continue
      const x = Math.log1p(v)
      n++
      sum += x
      squares += x * x
    }
    if (n === 0) continue
    const mean = sum / n
    found.push({ column, mean, deviation: Math.sqrt(Math.max(1e-6, squares / n - mean * mean)) })
  }
  return found
}

/** Two numbers per feature: the value, at most 3 deviations away, 0 where unknown; and 1 where it is known. */
export function readFeatures(features: readonly Feature[], log: AnswerLog, row: number, out: Float32Array, at: number) {
  features.forEach((f, i) => {
    normalised(f, log.extra.get(f.column)?.[row] ?? Number.NaN, out, at + 2 * i)
  })
}

/** The two numbers of one feature; `v` NaN or below 0 where it is unknown. */
export function normalised({ mean, deviation }: Feature, v: number, out: Float32Array, at: number): void {
  const known = v >= 0
  out[at] = known ? Math.max(-3, Math.min(3, (Math.log1p(v) - mean) / deviation)) : 0
  out[at + 1] = known ? 1 : 0
}
