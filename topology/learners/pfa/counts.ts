import type { AnswerLog } from '../../evaluation/answer-log.ts'

/** log(1 + n): the tenth success tells less than the first. */
const LOGS = Float64Array.from({ length: 4096 }, (_, n) => Math.log(1 + n))
export const logOf = (n: number): number => LOGS[n] ?? Math.log(1 + n)

/** Right and wrong answers of one student so far. */
export interface Counts {
  right: number
  wrong: number
  topicRight: Int32Array
  topicWrong: Int32Array
  itemRight: Int32Array
  itemWrong: Int32Array
}

/**
 * Calls `row` for each row with the student's counts over earlier bundles: all rows of a bundle are seen before any of
 * them counts.
 */
export function walk(log: AnswerLog, row: (r: number, counts: Counts) => void): void {
  const c: Counts = {
    right: 0,
    wrong: 0,
    topicRight: new Int32Array(log.topics.length),
    topicWrong: new Int32Array(log.topics.length),
    itemRight: new Int32Array(log.items.length),
    itemWrong: new Int32Array(log.items.length),
  }
  for (let first = 0; first < log.size; ) {
    const student = log.student[first]
    let r = first
    while (r < log.size && log.student[r] === student) {
      let end = r
      while (end < log.size && log.student[end] === student && log.bundle[end] === log.bundle[r]) row(end++, c)
      for (; r < end; r++) count(log, r, c)
    }
    c.right = c.wrong = 0
    for (; first < r; first++) forget(log, first, c)
  }
}

function count(log: AnswerLog, r: number, c: Counts): void {
  const right = log.correct[r] === 1
  if (right) c.right++
  else c.wrong++
  const topics = right ? c.topicRight : c.topicWrong
  for (let k = log.topicStart[r]!; k < log.topicStart[r + 1]!; k++) topics[log.topic[k]!]!++
  const item = log.item[r]!
  if (item >= 0) (right ? c.itemRight : c.itemWrong)[item]!++
}

function forget(log: AnswerLog, r: number, c: Counts): void {
  for (let k = log.topicStart[r]!; k < log.topicStart[r + 1]!; k++)
    c.topicRight[log.topic[k]!] = c.topicWrong[log.topic[k]!] = 0
  const item = log.item[r]!
  if (item >= 0) c.itemRight[item] = c.itemWrong[item] = 0
}
