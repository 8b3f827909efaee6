import type { AnswerLog } from '../../evaluation/answer-log.ts'

/**
 * What an answer was given to, as one number: a known item with its topics, or an item unknown to the training answers
 * as any item of its first known topic. Kind 0 knows neither; kind 1 + t is any item of topic t.
 */
export interface Vocabulary {
  readonly items: readonly string[]
  readonly topics: readonly string[]
  /** Per item, indices of its topics as most of its answers name them; without items, per combination of topics. */
  readonly itemTopics: readonly (readonly number[])[]
}

/** Topics to a kind at most; the rest of an item's topics is not looked at. */
export const TOPICS_MOST = 4

/** A combination of topics where the source names no items: a kind of its own. */
const combined = (topics: readonly string[]) => JSON.stringify([...topics].sort())

export function vocabularyOf(log: AnswerLog): Vocabulary {
  const named = new Map<string, Map<string, number>>()
  for (let r = 0; r < log.size; r++) {
    const name = nameOf(log, r)
    if (name === null) continue
    const topics = topicNames(log, r)
    const key = JSON.stringify(topics)
    const counts = named.get(name) ?? new Map<string, number>()
    counts.set(key, (counts.get(key) ?? 0) + 1)
    named.set(name, counts)
  }
  const index = new Map(log.topics.map((t, i) => [t, i]))
  const itemTopics = [...named.values()].map((counts) => {
    let best = ''
    for (const [key, n] of counts) if (best === '' || n > counts.get(best)!) best = key
    return (JSON.parse(best) as string[]).slice(0, TOPICS_MOST).map((t) => index.get(t)!)
  })
  return { items: [...named.keys()], topics: log.topics, itemTopics }
}

const topicNames = (log: AnswerLog, r: number) =>
  [...log.topic.subarray(log.topicStart[r], log.topicStart[r + 1])].map((t) => log.topics[t]!)

/** Null for one topic without an item: that is the topic's own kind. */
function nameOf(log: AnswerLog, r: number): string | null {
  if (log.item[r]! >= 0) return `item ${log.items[log.item[r]!]!}`
  const topics = topicNames(log, r)
  return topics.length === 1 ? null : `topics ${combined(topics)}`
}

export const kindCount = (v: Vocabulary) => 1 + v.topics.length + v.items.length
export const kindOfTopic = (topic: number) => 1 + topic

/** Kind of each row. */
export function kindsOf(v: Vocabulary, log: AnswerLog): Int32Array {
  const find = kindFinder(v)
  const kinds = new Int32Array(log.size)
  for (let r = 0; r < log.size; r++)
    kinds[r] = find(log.item[r]! < 0 ? null : log.items[log.item[r]!]!, topicNames(log, r))
  return kinds
}

/** Kind of an answer by the names of its item (null: none) and topics. */
export function kindFinder(v: Vocabulary): (item: string | null, topics: readonly string[]) => number {
  const items = new Map(v.items.map((name, i) => [name, 1 + v.topics.length + i]))
  const own = new Map(v.topics.map((name, i) => [name, kindOfTopic(i)]))
  return (item, topics) => {
    const name = item !== null ? `item ${item}` : topics.length === 1 ? null : `topics ${combined(topics)}`
    const known = name === null ? undefined : items.get(name)
    if (known !== undefined) return known
    for (const t of topics) if (own.has(t)) return own.get(t)!
    return 0
  }
}

/** Rows of the embedding tables per kind: item rows are 1 + item (0: any), topic rows 1 + topic (0: none). */
export interface KindRows {
  /** Topics to a kind. */
  slots: number
  item: Int32Array
  /** [kinds, slots] */
  topic: Int32Array
  /** [kinds, slots]: one over the number of topics, 0 in empty slots. */
  share: Float32Array
}

export function kindRows(v: Vocabulary): KindRows {
  const kinds = kindCount(v)
  const slots = v.itemTopics.reduce((most, t) => Math.max(most, t.length), 1)
  const rows = {
    slots,
    item: new Int32Array(kinds),
    topic: new Int32Array(kinds * slots),
    share: new Float32Array(kinds * slots),
  }
  const fill = (kind: number, topics: readonly number[]) =>
    topics.forEach((t, s) => {
      rows.topic[kind * slots + s] = 1 + t
      rows.share[kind * slots + s] = 1 / topics.length
    })
  v.topics.forEach((_, t) => {
    fill(kindOfTopic(t), [t])
  })
  v.itemTopics.forEach((topics, i) => {
    const kind = 1 + v.topics.length + i
    rows.item[kind] = 1 + i
    fill(kind, topics)
  })
  return rows
}
