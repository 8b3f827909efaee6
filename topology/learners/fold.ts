import type { AnswerLog } from '../evaluation/answer-log.ts'
import { hash53 } from '../events/hash.ts'
import { kindIndex } from '../events/kinds.ts'
import type { MasteryModel, Opportunity } from '../models/model.ts'
import { learnStudentPart, learnTopicPart } from '../models/part.ts'

/**
 * A streaming model's predictions for every row of a log, in the log's order: the same calls in the same order as the
 * scoring stage makes, so the same doubles. A row is predicted by the mean over its topics, from earlier bundles alone;
 * then the rows of the bundle are learned one by one, each topic once. Rows without a clock are taken as answered at 0.
 * @param seen is told each row and the student's slots that it is predicted from
 * @param weights per row how much it teaches, 0 to 1: states move so much of the way; left out, all of it
 */
export function foldLog<P>(
  model: MasteryModel<P>,
  params: P,
  log: AnswerLog,
  seen?: (row: number, student: Float64Array) => void,
  weights?: Float64Array,
): Float64Array {
  const { studentSlots, topicSlots } = model
  const { topicStart, topic, bundle, student } = log
  const hints = log.extra.get('hints')
  const items = Float64Array.from(log.items, (name) => hash53(name))
  const mine = new Float64Array(Math.max(1, studentSlots))
  const slots = new Float64Array(Math.max(1, log.topics.length * topicSlots))
  /** Student for whom a topic's slots were set up last, so that nothing has to be cleared between students. */
  const owner = new Int32Array(log.topics.length).fill(-1)
  const perTopic = new Float64Array(mostTopics(log))
  const out = new Float64Array(log.size)
  const o: Opportunity = {
    at: 0,
    topicName: '',
    item: 0,
    kind: kindIndex('practice_attempt'),
    hints: 0,
    score: 0,
    correct: false,
    weight: 1,
  }

  const ask = (r: number): number => {
    const at = log.at[r]!
    const item = log.item[r]!
    const given = hints?.[r]
    o.at = Number.isNaN(at) ? 0 : at
    o.item = item < 0 ? 0 : items[item]!
    o.hints = given === undefined || Number.isNaN(given) ? 0 : given
    o.correct = log.correct[r] === 1
    o.score = log.correct[r]!
    const from = topicStart[r]!
    const to = topicStart[r + 1]!
    let sum = 0
    for (let j = from; j < to; j++) {
      const t = topic[j]!
      o.topicName = log.topics[t]!
      if (owner[t] !== student[r]) {
        owner[t] = student[r]!
        model.initTopic(params, o.topicName, slots, t * topicSlots)
      }
      const p = model.predict(params, mine, 0, slots, t * topicSlots, o)
      perTopic[j - from] = p
      sum += p
    }
    return sum / (to - from)
  }

  let r = 0
  while (r < log.size) {
    if (r === 0 || student[r] !== student[r - 1]) model.initStudent(params, mine, 0)
    let end = r + 1
    while (end < log.size && bundle[end] === bundle[r] && student[end] === student[r]) end++
    for (let i = r; i < end; i++) {
      out[i] = ask(i)
      seen?.(i, mine)
    }
    const alone = end === r + 1
    for (; r < end; r++) {
      const p = alone ? out[r]! : ask(r)
      const from = topicStart[r]!
      o.weight = weights === undefined ? 1 : weights[r]!
      for (let j = from; j < topicStart[r + 1]!; j++) {
        const at = topic[j]! * topicSlots
        o.topicName = log.topics[topic[j]!]!
        learnTopicPart(model, params, mine, 0, slots, at, o, perTopic[j - from]!)
      }
      learnStudentPart(model, params, mine, 0, o, p)
    }
  }
  return out
}

/** The most topics that a row names. */
export function mostTopics(log: AnswerLog): number {
  let most = 1
  for (let r = 0; r < log.size; r++) most = Math.max(most, log.topicStart[r + 1]! - log.topicStart[r]!)
  return most
}
