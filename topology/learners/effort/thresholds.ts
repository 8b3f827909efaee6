import type { AnswerLog } from '../../evaluation/answer-log.ts'
import { rapidThreshold } from '../../items/rapid.ts'
import { TimeHistogram } from '../../items/time-histogram.ts'
import { type Table, table } from '../artefact.ts'

/** Times from which answers count as given in earnest, milliseconds. */
export interface Thresholds {
  items: Table<'ms'>
  topics: Table<'ms'>
  /** Of answers to neither; null: no times at all. */
  other: number | null
}

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
    return table(names, { ms: (i) => found[i]! }, (i) => found[i] !== null)
  }
  return { items: tabled(log.items, items), topics: tabled(log.topics, topics), other: rapidThreshold(all).chosen }
}

/** 1 per row, and `weight` where the answer took less than the threshold of its item, or else of its first topic. */
export function effortWeights(log: AnswerLog, thresholds: Thresholds, weight: number): Float64Array {
  const out = new Float64Array(log.size).fill(1)
  const times = log.extra.get(RESPONSE)
  if (times === undefined) return out
  const byName = ({ name, ms }: Table<'ms'>) => new Map(name.map((n, i) => [n, ms[i]!]))
  const ofItem = byName(thresholds.items)
  const ofTopic = byName(thresholds.topics)
  const items = log.items.map((name) => ofItem.get(name) ?? null)
  const topics = log.topics.map((name) => ofTopic.get(name) ?? thresholds.other)
  for (let r = 0; r < log.size; r++) {
    const i = log.item[r]!
    const threshold = (i < 0 ? null : items[i]!) ?? topics[log.topic[log.topicStart[r]!]!]!
    if (threshold !== null && times[r]! > 0 && times[r]! < threshold) out[r] = weight
  }
  return out
}
