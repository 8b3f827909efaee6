import type { Encoded } from './network.ts'

/**
 * Answers of the topic's rate that are added to an item's own. Training sees rates that hold its own answers: with less
 * shrinkage it comes to trust them more than new answers warrant.
 */
const SHRINKAGE = 20

/** Where training begins: what topics and items add to the logit of a right answer. */
export interface Offsets {
  base: number
  /** Per topic row of the tables (0: none), and per item row (0: any). */
  topic: Float32Array
  item: Float32Array
}

/**
 * Log-odds of the rates of right answers of `students`, those of items shrunk to their topics'. Networks that begin here
 * need not spend their first epochs, in which they also learn items by heart, on finding out which are hard.
 */
export function offsetsOf(data: Encoded, students: readonly number[], items: number, topics: number): Offsets {
  const { log, kinds, rows } = data
  const wanted = new Set(students)
  const right = { item: new Float64Array(items), topic: new Float64Array(topics) }
  const asked = { item: new Float64Array(items), topic: new Float64Array(topics) }
  let all = 1
  let allRight = 0.5
  const primary = new Int32Array(items)
  for (let r = 0; r < log.size; r++) {
    if (!wanted.has(log.student[r]!)) continue
    const kind = kinds[r]!
    const item = rows.item[kind]!
    const topic = rows.topic[kind * rows.slots]!
    const y = log.correct[r]!
    primary[item] = topic
    asked.item[item]!++
    asked.topic[topic]!++
    right.item[item]! += y
    right.topic[topic]! += y
    all++
    allRight += y
  }
  const logOdds = (p: number) => Math.log(p / (1 - p))
  const shrunk = (y: number, n: number, to: number) => (y + SHRINKAGE * to) / (n + SHRINKAGE)
  const mean = allRight / all
  const ofTopic = Float64Array.from(asked.topic, (n, t) => shrunk(right.topic[t]!, n, mean))
  const item = Float32Array.from(asked.item, (n, i) => {
    const rate = ofTopic[primary[i]!]!
    return i === 0 ? 0 : logOdds(shrunk(right.item[i]!, n, rate)) - logOdds(rate)
  })
  const topic = Float32Array.from(ofTopic, (p, t) => (t === 0 ? 0 : logOdds(p) - logOdds(mean)))
  return { base: logOdds(mean), topic, item }
}
