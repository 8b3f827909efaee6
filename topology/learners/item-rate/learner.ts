import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { Learner } from '../../evaluation/learner.ts'
import { encodeJson, type Fitted, parseJson } from '../artefact.ts'
import { type ByName, checkByName } from '../weights-by-name.ts'

/** What is known of difficulty alone: rates of correct answers, drawn to those of the group above. */
export interface ItemRates extends Fitted {
  overall: number
  topics: ByName
  items: ByName
}

/** Answers that the rate of the group above is worth. */
const PRIOR_ANSWERS = 5

const ID = 'item-rate'

/**
 * A rate of s correct answers of n under a prior rate m is (s + k m) / (n + k), the mean of a Beta posterior whose prior
 * is worth k answers. Topics are drawn to the overall rate, items to the mean of their topics.
 */
export const ITEM_RATE: Learner<ItemRates> = {
  id: ID,
  about: 'The share of correct answers to the item, whoever answers: what knowing nothing of the student gives.',

  fit(train, run) {
    const right = train.correct.reduce((sum, y) => sum + y, 0)
    const overall = (right + 1) / (train.size + 2)
    const topicRates = new Float64Array(train.topics.length)
    const topics = new Tally(train.topics.length)
    const items = new Tally(train.items.length)
    for (let r = 0; r < train.size; r++)
      for (let k = train.topicStart[r]!; k < train.topicStart[r + 1]!; k++)
        topics.count(train.topic[k]!, train.correct[r]!, overall)
    topics.rates((t, rate) => {
      topicRates[t] = rate
    })
    for (let r = 0; r < train.size; r++)
      if (train.item[r]! >= 0) items.count(train.item[r]!, train.correct[r]!, topicMean(train, r, topicRates))
    const ofTopics: [string, number][] = []
    const ofItems: [string, number][] = []
    topics.rates((t, rate) => ofTopics.push([train.topics[t]!, rate]))
    items.rates((i, rate) => ofItems.push([train.items[i]!, rate]))
    return {
      model: ID,
      learner: ID,
      seed: run.seed,
      answers: train.size,
      students: train.students.length,
      overall,
      topics: ofTopics,
      items: ofItems,
    }
  },

  predict({ overall, topics, items }, log) {
    const byTopic = new Map(topics)
    const byItem = new Map(items)
    const ofItem = log.items.map((name) => byItem.get(name))
    const ofTopic = Float64Array.from(log.topics, (name) => byTopic.get(name) ?? overall)
    return Float64Array.from(log.item, (item, r) => ofItem[item] ?? topicMean(log, r, ofTopic))
  },

  encode: encodeJson,

  parse: (bytes) =>
    parseJson<ItemRates>(ID, bytes, ({ overall, topics, items }) => {
      if (!(overall > 0 && overall < 1))
        throw new Error(`The artefact of learner "${ID}" is damaged: "overall" is no rate. Fit it again.`)
      checkByName(ID, 'topics', topics)
      checkByName(ID, 'items', items)
    }),
}

class Tally {
  private readonly n: Float64Array
  private readonly right: Float64Array
  private readonly prior: Float64Array

  constructor(size: number) {
    this.n = new Float64Array(size)
    this.right = new Float64Array(size)
    this.prior = new Float64Array(size)
  }

  /** `prior`: the rate above it; the mean over its answers is taken. */
  count(index: number, correct: number, prior: number): void {
    this.n[index]!++
    this.right[index]! += correct
    this.prior[index]! += prior
  }

  /** Of those that were counted. */
  rates(each: (index: number, rate: number) => void): void {
    for (let i = 0; i < this.n.length; i++) {
      const n = this.n[i]!
      if (n > 0) each(i, (this.right[i]! + PRIOR_ANSWERS * (this.prior[i]! / n)) / (n + PRIOR_ANSWERS))
    }
  }
}

function topicMean(log: AnswerLog, r: number, rates: Float64Array): number {
  let sum = 0
  for (let k = log.topicStart[r]!; k < log.topicStart[r + 1]!; k++) sum += rates[log.topic[k]!]!
  return sum / (log.topicStart[r + 1]! - log.topicStart[r]!)
}
