import type { AnswerLog } from '../../evaluation/answer-log.ts'
import { rapidThreshold } from '../../items/rapid.ts'
import { TimeHistogram } from '../../items/time-histogram.ts'
import { type Table, table } from '../artefact.ts'

/** Times from which answers count as given in earnest, and the median time (`usual`), milliseconds. */
export interface Thresholds {
  items: Table<'ms' | 'usual'>
  topics: Table<'ms' | 'usual'>
  /** Of answers to neither; null: no times at all. */
  other: number | null
  otherUsual: number | null
}

/** What tells a rapid guess from others. */
type Limits = { items: Table<'ms'>; topics: Table<'ms'>; other: number | null }

const RESPONSE = 'response_ms'

/**
 * Thresholds of items and topics by their answers' times, and of all of them together: an item with too few times has its
 * topic's.
 */
export function fitThresholds(log: AnswerLog): Thresholds {
  const times = log.extra.get(RESPONSE)
  const items = log.items.map(() => new TimeHistogram())
  const topics = log.topics.map(() => new TimeHistogram())
  const all = new TimeHistogram()
  for (let r = 0; r < log.size && times !== undefined; r++) {
    const ms = times[r]!
    const right = log.correct[r] === 1
    if (log.item[r]! >= 0) items[log.item[r]!]!.add(ms, right)
    for (let j = log.topicStart[r]!; j < log.topicStart[r + 1]!; j++) topics[log.topic[j]!]!.add(ms, right)
    all.add(ms, right)
  }
  const tabled = (names: readonly string[], of: readonly TimeHistogram[]) => {
    const found = of.map((h) => rapidThreshold(h).chosen)
    const usual = (i: number) => Math.round(of[i]!.n === 0 ? 0 : of[i]!.quantile(0.5))
    return table(names, { ms: (i) => found[i]!, usual }, (i) => found[i] !== null)
  }
  return {
    items: tabled(log.items, items),
    topics: tabled(log.topics, topics),
    other: rapidThreshold(all).chosen,
    otherUsual: all.n === 0 ? null : Math.round(all.quantile(0.5)),
  }
}

/** As the stream keeps topics, whatever their order in the row. */
function firstByName(log: AnswerLog, r: number): number {
  let first = log.topic[log.topicStart[r]!]!
  for (let j = log.topicStart[r]! + 1; j < log.topicStart[r + 1]!; j++)
    if (log.topics[log.topic[j]!]! < log.topics[first]!) first = log.topic[j]!
  return first
}

/** 1 per row, and `weight` where the answer took less than the threshold of its item, or else of its topic, of several the first by name. */
export function effortWeights(log: AnswerLog, thresholds: Limits, weight: number): Float64Array {
  const out = new Float64Array(log.size).fill(1)
  const times = log.extra.get(RESPONSE)
  if (times === undefined) return out
  const byName = ({ name, ms }: Pick<Table<'ms'>, 'name' | 'ms'>) => new Map(name.map((n, i) => [n, ms[i]!]))
  const ofItem = byName(thresholds.items)
  const ofTopic = byName(thresholds.topics)
  const items = log.items.map((name) => ofItem.get(name) ?? null)
  const topics = log.topics.map((name) => ofTopic.get(name) ?? thresholds.other)
  for (let r = 0; r < log.size; r++) {
    const i = log.item[r]!
    const threshold = (i < 0 ? null : items[i]!) ?? topics[firstByName(log, r)]!
    if (threshold !== null && times[r]! > 0 && times[r]! < threshold) out[r] = weight
  }
  return out
}
