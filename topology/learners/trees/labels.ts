import { type AnswerLog, studentStarts } from '../../evaluation/answer-log.ts'
import type { MasteryLabel } from '../../evaluation/learner.ts'

/** What people judged, as questions on a topic that were never asked: each behind a copy of what its student had answered by then. */
export interface Asked {
  /** A student of its own for each label. */
  log: AnswerLog
  /** Per label: the student in the answers that it is about. */
  student: Int32Array
  /** Per label: what was judged, 0 to 1. */
  value: Float64Array
}

/** Copies of answers take memory: more rows than this are not made, and the labels behind them left out. */
const MOST_ROWS = 4_000_000

/**
 * A label is no answer: had it a row among those of its student, later rows would learn from it. Labels of students or
 * topics that the answers do not know, and those without a time, are left out.
 */
export function askedLog(log: AnswerLog, labels: readonly MasteryLabel[]): Asked {
  const students = new Map(log.students.map((name, s) => [name, s]))
  const topics = new Map(log.topics.map((name, t) => [name, t]))
  const starts = studentStarts(log)
  const made: { from: number; to: number; student: number; topic: number; at: number; value: number }[] = []
  let rows = 0
  let named = 0
  // From the newest on, since there may be too many; one with a long history does not keep out the others.
  for (const { student: name, topic: on, at, value } of labels.toReversed()) {
    const student = students.get(name)
    const topic = topics.get(on)
    if (student === undefined || topic === undefined || Number.isNaN(at)) continue
    const from = starts[student]!
    let to = from
    while (to < starts[student + 1]! && log.at[to]! < at) to++
    if (rows + to - from + 1 > MOST_ROWS) continue
    rows += to - from + 1
    named += log.topicStart[to]! - log.topicStart[from]! + 1
    made.push({ from, to, student, topic, at, value })
  }
  made.reverse()
  const out = {
    size: rows,
    students: made.map((_, i) => String(i)),
    items: log.items,
    topics: log.topics,
    student: new Int32Array(rows),
    item: new Int32Array(rows).fill(-1),
    topicStart: new Int32Array(rows + 1),
    topic: new Int32Array(named),
    correct: new Uint8Array(rows),
    at: new Float64Array(rows),
    bundle: new Int32Array(rows),
    row: Int32Array.from({ length: rows }, (_, i) => i),
    extra: new Map([...log.extra.keys()].map((c) => [c, new Float64Array(rows).fill(Number.NaN)])),
  }

  let r = 0
  let filled = 0
  let bundle = -1
  made.forEach(({ from, to, topic, at }, i) => {
    for (let k = from; k < to; k++, r++) {
      if (k === from || log.bundle[k] !== log.bundle[k - 1]) bundle++
      out.student[r] = i
      out.item[r] = log.item[k]!
      out.correct[r] = log.correct[k]!
      out.at[r] = log.at[k]!
      out.bundle[r] = bundle
      for (let t = log.topicStart[k]!; t < log.topicStart[k + 1]!; t++) out.topic[filled++] = log.topic[t]!
      out.topicStart[r + 1] = filled
      for (const [name, column] of log.extra) out.extra.get(name)![r] = column[k]!
    }
    out.student[r] = i
    out.at[r] = at
    out.bundle[r] = ++bundle
    out.topic[filled++] = topic
    out.topicStart[r + 1] = filled
    r++
  })
  return {
    log: out,
    student: Int32Array.from(made, (m) => m.student),
    value: Float64Array.from(made, (m) => m.value),
  }
}
