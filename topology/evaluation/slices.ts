import type { AnswerLog } from './answer-log.ts'
import type { History } from './history.ts'
import { scores } from './metrics.ts'
import { auc } from './ranking.ts'

/** Rows that are looked at by themselves. */
export interface Slice {
  name: string
  rows: Int32Array
}

/** Quality of one model within a slice; `auc` is NaN where its answers are all alike. */
export interface SliceScores {
  auc: number
  accuracy: number
  rmse: number
  log_loss: number
  mean_p: number
}

export function sliceScores(correct: Uint8Array, p: Float64Array, { rows }: Slice): SliceScores {
  const { y, q } = take(correct, p, rows)
  const { accuracy, rmse, log_loss, mean_p } = scores(y, q)
  return { auc: auc(y, q), accuracy, rmse, log_loss, mean_p }
}

/** Share of correct answers in a slice. */
export function sliceRate(correct: Uint8Array, { rows }: Slice): number {
  return rows.reduce((sum, r) => sum + correct[r]!, 0) / rows.length
}

/** Answers and predictions of these rows, in their order. */
export function take(correct: Uint8Array, p: Float64Array, rows: Int32Array): { y: Uint8Array; q: Float64Array } {
  return { y: Uint8Array.from(rows, (r) => correct[r]!), q: Float64Array.from(rows, (r) => p[r]!) }
}

/** Where the next stretch of history begins, in earlier answers of the student. */
const STRETCHES = [0, 1, 5, 10, 20, 50, 100, 200, 500]

/** Rows by how many answers of the student came before; stretches without a row are left out. */
export function byHistory({ answers }: History): Slice[] {
  const of = Int32Array.from(answers, (n) => STRETCHES.findLastIndex((from) => from <= n))
  const name = (i: number) => {
    const from = STRETCHES[i]!
    const next = STRETCHES[i + 1]
    return next === undefined ? `${from} or more` : next === from + 1 ? String(from) : `${from} to ${next - 1}`
  }
  return STRETCHES.map((_, i) => ({ name: name(i), rows: rowsWhere(of.length, (r) => of[r] === i) })).filter(
    (s) => s.rows.length > 0,
  )
}

/** Rows at which no topic is met for the first time. */
export function withoutFirstEncounters({ opportunities }: History): Slice {
  return { name: 'without first encounters', rows: rowsWhere(opportunities.length, (r) => opportunities[r]! > 0) }
}

/** Rows by topic, largest first; a row with several topics is in the slice of each. */
export function byTopic(log: AnswerLog): Slice[] {
  const rows: number[][] = log.topics.map(() => [])
  for (let r = 0; r < log.size; r++)
    for (let k = log.topicStart[r]!; k < log.topicStart[r + 1]!; k++) rows[log.topic[k]!]!.push(r)
  return largestFirst(rows.map((list, t) => ({ name: log.topics[t]!, rows: Int32Array.from(list) })))
}

/** Rows by what stands in a column of the source, largest group first. `values` holds one text for each source row. */
export function byColumn(log: AnswerLog, values: readonly string[]): Slice[] {
  const groups = new Map<string, number[]>()
  for (let r = 0; r < log.size; r++) {
    const value = values[log.row[r]!] ?? ''
    const list = groups.get(value)
    if (list) list.push(r)
    else groups.set(value, [r])
  }
  return largestFirst([...groups].map(([name, rows]) => ({ name, rows: Int32Array.from(rows) })))
}

function largestFirst(slices: Slice[]): Slice[] {
  return slices
    .filter((s) => s.rows.length > 0)
    .sort((a, b) => b.rows.length - a.rows.length || (a.name < b.name ? -1 : 1))
}

function rowsWhere(size: number, holds: (r: number) => boolean): Int32Array {
  const rows: number[] = []
  for (let r = 0; r < size; r++) if (holds(r)) rows.push(r)
  return Int32Array.from(rows)
}
