import type { AnswerLog } from '../answer-log.ts'

/** A student's rows on one topic, ascending, and how many right answers come before each and in all. */
interface OnTopic {
  rows: number[]
  right: number[]
}

/** One student's answers by topic: how many within a stretch of rows share a topic with a row, and how many are right. */
export class TopicAnswers {
  private readonly log: AnswerLog
  private readonly topics = new Map<number, OnTopic>()

  /** Of the rows `from` up to, not including, `to`. */
  constructor(log: AnswerLog, from: number, to: number) {
    this.log = log
    for (let r = from; r < to; r++)
      for (let k = log.topicStart[r]!; k < log.topicStart[r + 1]!; k++) {
        const topic = log.topic[k]!
        let on = this.topics.get(topic)
        if (!on) {
          on = { rows: [], right: [0] }
          this.topics.set(topic, on)
        }
        // A topic may be named twice in a row.
        if (on.rows.at(-1) === r) continue
        on.rows.push(r)
        on.right.push(on.right.at(-1)! + log.correct[r]!)
      }
  }

  /** Of rows `first` up to, not including, `after` those that share a topic with `row`, each once. */
  within(row: number, first: number, after: number): { answers: number; right: number } {
    const { topic, topicStart, correct } = this.log
    const [begin, end] = [topicStart[row]!, topicStart[row + 1]!]
    if (end - begin === 1) {
      const { rows, right } = this.topics.get(topic[begin]!)!
      const low = placeOf(rows, first)
      const high = Math.max(low, placeOf(rows, after))
      return { answers: high - low, right: right[high]! - right[low]! }
    }
    const counted = new Set<number>()
    let right = 0
    for (let k = begin; k < end; k++) {
      const { rows } = this.topics.get(topic[k]!)!
      for (let i = placeOf(rows, first); i < rows.length && rows[i]! < after; i++) {
        if (counted.has(rows[i]!)) continue
        counted.add(rows[i]!)
        right += correct[rows[i]!]!
      }
    }
    return { answers: counted.size, right }
  }
}

/** First place whose row is `row` or a later one. */
function placeOf(rows: readonly number[], row: number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]! < row) low = middle + 1
    else high = middle
  }
  return low
}
