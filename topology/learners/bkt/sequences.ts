import type { AnswerLog } from '../../evaluation/answer-log.ts'

/**
 * Answer sequences as the tree of their prefixes. What the filter knows after a prefix is the same for everybody who
 * answered that prefix, and the smoother's counts add up over them, so that one visit to a node does the work for all:
 * exact, and the fewer nodes the shorter the sequences are. Node 0 is the empty prefix; parents come before children.
 */
export interface PrefixTree {
  /** Number of nodes, the root among them. */
  size: number
  parent: Int32Array
  /** The answer that leads to the node, 1 for correct; the root's means nothing. */
  correct: Uint8Array
  /** Sequences that go through the node. */
  through: Float64Array
  /** Sequences that end at it. */
  ends: Float64Array
  attempts: number
  students: number
}

/** Every topic's sequences, one per student who answered on it; answers with several topics stand in each of them. */
export function sequencesByTopic(log: AnswerLog): TopicSequences[] {
  const n = log.topics.length
  const count = new Int32Array(n)
  for (let i = 0; i < log.topic.length; i++) count[log.topic[i]!]!++
  const all = log.topics.map((name, t): TopicSequences => ({ name, answers: new Uint8Array(count[t]!), starts: [] }))
  const filled = new Int32Array(n)
  const owner = new Int32Array(n).fill(-1)
  for (let r = 0; r < log.size; r++)
    for (let j = log.topicStart[r]!; j < log.topicStart[r + 1]!; j++) {
      const t = log.topic[j]!
      if (owner[t] !== log.student[r]) {
        owner[t] = log.student[r]!
        all[t]!.starts.push(filled[t]!)
      }
      all[t]!.answers[filled[t]!++] = log.correct[r]!
    }
  return all
}

export interface TopicSequences {
  name: string
  /** One after the other, 1 for correct. */
  answers: Uint8Array
  /** Where each student's sequence begins. */
  starts: number[]
}

/** @param every takes each `every`-th sequence alone: a sample whose size is bounded */
export function prefixTree(topics: readonly TopicSequences[], every = 1): PrefixTree {
  let room = 1
  for (const { answers } of topics) room += answers.length
  const parent = new Int32Array(room)
  const correct = new Uint8Array(room)
  const through = new Float64Array(room)
  const ends = new Float64Array(room)
  const child = new Int32Array(room * 2)
  let size = 1
  let attempts = 0
  let students = 0
  let seen = 0
  for (const { answers, starts } of topics)
    for (let s = 0; s < starts.length; s++) {
      if (seen++ % every !== 0) continue
      const end = starts[s + 1] ?? answers.length
      let at = 0
      through[0]!++
      for (let i = starts[s]!; i < end; i++) {
        const y = answers[i]!
        let next = child[at * 2 + y]!
        if (next === 0) {
          next = size++
          child[at * 2 + y] = next
          parent[next] = at
          correct[next] = y
        }
        at = next
        through[at]!++
      }
      ends[at]!++
      attempts += end - starts[s]!
      students++
    }
  return {
    size,
    parent: parent.slice(0, size),
    correct: correct.slice(0, size),
    through: through.slice(0, size),
    ends: ends.slice(0, size),
    attempts,
    students,
  }
}

/** Of sequences written out, one array per student. */
export function treeOf(sequences: readonly (readonly number[])[]): PrefixTree {
  const starts: number[] = []
  let at = 0
  for (const s of sequences) {
    starts.push(at)
    at += s.length
  }
  return prefixTree([{ name: '', answers: Uint8Array.from(sequences.flat()), starts }])
}
