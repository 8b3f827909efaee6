import type { AnswerLog } from '../../evaluation/answer-log.ts'
import { fourDecimals } from '../artefact.ts'
import { once } from '../once.ts'

/** How items came out in training, as columns by name; rates in logits. */
export interface ItemStats {
  /** Rate of all answers. */
  mean: number
  topics: { name: string[]; rate: number[]; answers: number[] }
  items: { name: string[]; rate: number[]; answers: number[] }
  /**
   * Items right after other items: `logit` is what a right (1) or wrong (0) answer to `before` adds to the rate of `item`;
   * both are places in `items`. Pairs with few answers are left out.
   */
  after: { before: number[]; right: number[]; item: number[]; logit: number[] }
}

/** Imaginary answers at the rate of the topic, or of all, and at no difference. */
const SMOOTHING = 5
const PAIR_SMOOTHING = 10
const LEAST_PAIR = 3

export const logit = (p: number): number => Math.log(p / (1 - p))

/** Rates drawn towards those of the topic, and those towards that of all. */
export function itemStats(log: AnswerLog): ItemStats {
  const right = log.correct.reduce((a, b) => a + b, 0)
  const mean = (right + 1) / (log.size + 2)
  const topic = counter(log.topics.length)
  const item = counter(log.items.length)
  const prior = new Float64Array(log.items.length)
  for (let r = 0; r < log.size; r++)
    for (let k = log.topicStart[r]!; k < log.topicStart[r + 1]!; k++) count(topic, log.topic[k]!, log.correct[r]!)
  const topicRate = log.topics.map((_, t) => (topic.right[t]! + SMOOTHING * mean) / (topic.n[t]! + SMOOTHING))
  for (let r = 0; r < log.size; r++) {
    const i = log.item[r]!
    if (i < 0) continue
    count(item, i, log.correct[r]!)
    prior[i] = topicsMean(log, r, (t) => topicRate[t]!)
  }
  const itemRate = log.items.map((_, i) => (item.right[i]! + SMOOTHING * prior[i]!) / (item.n[i]! + SMOOTHING))
  const seen = log.items.flatMap((_, i) => (item.n[i]! > 0 ? [i] : []))
  const place = new Map(seen.map((i, at) => [i, at]))
  const met = log.topics.flatMap((_, t) => (topic.n[t]! > 0 ? [t] : []))
  return {
    mean: fourDecimals(logit(mean)),
    topics: {
      name: met.map((t) => log.topics[t]!),
      rate: met.map((t) => fourDecimals(logit(topicRate[t]!))),
      answers: met.map((t) => topic.n[t]!),
    },
    items: {
      name: seen.map((i) => log.items[i]!),
      rate: seen.map((i) => fourDecimals(logit(itemRate[i]!))),
      answers: seen.map((i) => item.n[i]!),
    },
    after: successions(log, itemRate, place),
  }
}

function successions(log: AnswerLog, rate: readonly number[], place: ReadonlyMap<number, number>): ItemStats['after'] {
  const sums = new Map<number, { n: number; error: number; information: number }>()
  let before = -1
  for (let r = 0; r < log.size; r++) {
    if (r === 0 || log.student[r] !== log.student[r - 1]) before = -1
    else if (log.bundle[r] !== log.bundle[r - 1]) before = r - 1
    const i = log.item[r]!
    if (before < 0 || i < 0 || log.item[before]! < 0) continue
    const key = (log.item[before]! * 2 + log.correct[before]!) * log.items.length + i
    const s = sums.get(key) ?? { n: 0, error: 0, information: 0 }
    s.n++
    s.error += log.correct[r]! - rate[i]!
    s.information += rate[i]! * (1 - rate[i]!)
    sums.set(key, s)
  }
  const after: ItemStats['after'] = { before: [], right: [], item: [], logit: [] }
  for (const [key, s] of sums) {
    if (s.n < LEAST_PAIR) continue
    const from = Math.floor(key / log.items.length)
    after.before.push(place.get(from >> 1)!)
    after.right.push(from & 1)
    after.item.push(place.get(key % log.items.length)!)
    after.logit.push(fourDecimals(s.error / (s.information + PAIR_SMOOTHING / 4)))
  }
  return after
}

/** Mean over a row's topics. */
export function topicsMean(log: AnswerLog, r: number, of: (topic: number) => number): number {
  const from = log.topicStart[r]!
  const to = log.topicStart[r + 1]!
  let sum = 0
  for (let k = from; k < to; k++) sum += of(log.topic[k]!)
  return sum / (to - from)
}

interface Counter {
  n: Float64Array
  right: Float64Array
}

const counter = (size: number): Counter => ({ n: new Float64Array(size), right: new Float64Array(size) })

function count(c: Counter, at: number, correct: number): void {
  c.n[at]!++
  c.right[at]! += correct
}

const pairKey = (before: number, right: number, item: number, items: number) => (before * 2 + right) * items + item

const namesOf = once((stats: ItemStats) => {
  const { before, right, item, logit: value } = stats.after
  const size = stats.items.name.length
  return {
    topics: new Map(stats.topics.name.map((name, i) => [name, stats.topics.rate[i]!])),
    items: new Map(stats.items.name.map((name, i) => [name, i])),
    after: new Map(value.map((v, k) => [pairKey(before[k]!, right[k]!, item[k]!, size), v])),
  }
})

/** The statistics of the items and topics of one log; those never seen take their topics' and the overall rate. */
export class StatsOfLog {
  readonly topicRate: Float64Array
  readonly itemRate: Float64Array
  readonly itemAnswers: Float64Array
  private readonly place: Int32Array
  private readonly after: ReadonlyMap<number, number>
  private readonly size: number

  constructor(stats: ItemStats, log: AnswerLog) {
    const { topics, items, after } = namesOf(stats)
    this.topicRate = Float64Array.from(log.topics, (name) => topics.get(name) ?? stats.mean)
    this.place = Int32Array.from(log.items, (name) => items.get(name) ?? -1)
    this.itemRate = Float64Array.from(this.place, (i) => (i < 0 ? Number.NaN : stats.items.rate[i]!))
    this.itemAnswers = Float64Array.from(this.place, (i) => (i < 0 ? 0 : stats.items.answers[i]!))
    this.size = stats.items.name.length
    this.after = after
  }

  /** In logits; the topics' where the item is unknown. */
  rateOf(log: AnswerLog, r: number): number {
    const item = log.item[r]!
    const known = item < 0 ? Number.NaN : this.itemRate[item]!
    return Number.isNaN(known) ? topicsMean(log, r, (t) => this.topicRate[t]!) : known
  }

  /** Logits that the answer to the item before adds; NaN where training did not tell. Items of the log, -1: none. */
  succession(before: number, right: number, item: number): number {
    if (before < 0 || item < 0) return Number.NaN
    const [b, i] = [this.place[before]!, this.place[item]!]
    if (b < 0 || i < 0) return Number.NaN
    return this.after.get(pairKey(b, right, i, this.size)) ?? Number.NaN
  }
}

/** @throws Error where the statistics do not fit together */
export function checkStats(what: string, s: ItemStats): void {
  const wrong = (field: string) =>
    new Error(`${what} is damaged: its item statistics' ${field} does not fit. Fit it again.`)
  if (!Number.isFinite(s?.mean)) throw wrong('mean')
  for (const table of ['topics', 'items', 'after'] as const) {
    const columns = Object.values(s[table] ?? {}) as unknown[]
    const n = (columns[0] as unknown[] | undefined)?.length
    const numbers = columns.slice(table === 'after' ? 0 : 1)
    if (columns.length !== (table === 'after' ? 4 : 3) || !columns.every((c) => Array.isArray(c) && c.length === n))
      throw wrong(table)
    if (!numbers.every((c) => (c as unknown[]).every(Number.isFinite))) throw wrong(table)
  }
}
