import type { AnswerLog } from './answer-log.ts'

/** What a student had done before each row, in earlier bundles. */
export interface History {
  /** Per row: number of earlier answers of the student. */
  readonly answers: Int32Array
  /**
   * Per row: number of earlier answers on its topic; where it has several, on the one with the fewest. 0: a first
   * encounter, at which a model knows nothing of the student on that topic.
   */
  readonly opportunities: Int32Array
}

export function historyOf(log: AnswerLog): History {
  const answers = new Int32Array(log.size)
  const opportunities = new Int32Array(log.size)
  const seen = new Int32Array(log.topics.length)
  const touched: number[] = []
  let student = -1
  let first = 0
  for (let r = 0; r < log.size; ) {
    if (log.student[r] !== student) {
      student = log.student[r]!
      first = r
      for (const t of touched) seen[t] = 0
      touched.length = 0
    }
    let end = r + 1
    while (end < log.size && log.student[end] === student && log.bundle[end] === log.bundle[r]) end++
    for (let q = r; q < end; q++) {
      answers[q] = r - first
      let fewest = Number.POSITIVE_INFINITY
      for (let k = log.topicStart[q]!; k < log.topicStart[q + 1]!; k++) fewest = Math.min(fewest, seen[log.topic[k]!]!)
      opportunities[q] = fewest
    }
    for (let k = log.topicStart[r]!; k < log.topicStart[end]!; k++) {
      const t = log.topic[k]!
      if (seen[t] === 0) touched.push(t)
      seen[t]!++
    }
    r = end
  }
  return { answers, opportunities }
}
