import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { FitRun } from '../../evaluation/learner.ts'
import { fourDecimals, type Table, table } from '../artefact.ts'
import { mostTopics } from '../fold.ts'

export interface EloOptions {
  /** Steps of the abilities after n answers: ability / (1 + abilityDecay n), and the topic's likewise. */
  ability: number
  abilityDecay: number
  topic: number
  topicDecay: number
  /** Variance of items' difficulties around 0 and of topics' easiness around their mean, logits squared. */
  itemVariance: number
  topicVariance: number
  /** Passes over the answers at most; two of them that lower the mean log loss by less than `tolerance` are the last. */
  passes: number
  tolerance: number
}

/** Steps and variances by coordinate search over the log loss of a three-fold cross-validation over students of ASSISTments 2009. */
export const ELO_OPTIONS: EloOptions = {
  ability: 0.64,
  abilityDecay: 0.05,
  topic: 0.24,
  topicDecay: 0.002,
  itemVariance: 0.5,
  topicVariance: 1,
  passes: 20,
  tolerance: 1e-4,
}

export interface EloFit {
  /** Where the ability of a topic that was not seen starts. */
  start: number
  /** Where each topic's ability starts, its easiness in logits, with standard errors. */
  topics: Table<'start' | 'se' | 'answers'>
  /** Each item's difficulty against the other items of its topics, logits, with standard errors. */
  items: Table<'difficulty' | 'se' | 'answers'>
  passes: number
  /** Mean log loss of the predictions before the answers in the last pass. */
  logLoss: number
}

/**
 * Difficulties under which the online filter's predictions are right on average, item by item and topic by topic. Each
 * pass runs the filter over all students from their first answer on, and then moves every estimate by its gradient over
 * its precision, (sum of p - y, shrunk) / (sum of p (1 - p) + 1 / variance): a step whose size falls with the answers as
 * alpha / (1 + beta n) does, with alpha the prior variance. The standard error is the root of that step's size.
 */
export function fitElo(log: AnswerLog, o: EloOptions, run: FitRun): EloFit {
  const { topicStart, topic, student, item, correct } = log
  const nT = log.topics.length
  const nI = log.items.length
  const start = new Float64Array(nT)
  const difficulty = new Float64Array(nI)
  const topicGain = new Float64Array(nT)
  const topicInfo = new Float64Array(nT)
  const topicCount = new Float64Array(nT)
  const itemGain = new Float64Array(nI)
  const itemInfo = new Float64Array(nI)
  const itemCount = new Float64Array(nI)
  const theta = new Float64Array(nT)
  const met = new Float64Array(nT)
  const owner = new Int32Array(nT)
  const perTopic = new Float64Array(mostTopics(log))
  let centre = 0
  let loss = Number.POSITIVE_INFINITY
  let before = Number.POSITIVE_INFINITY
  let pass = 0

  const walk = (): number => {
    let general = 0
    let answers = 0
    let sum = 0
    owner.fill(-1)
    for (let r = 0; r < log.size; r++) {
      const s = student[r]!
      if (r === 0 || s !== student[r - 1]) {
        general = 0
        answers = 0
      }
      const i = item[r]!
      const y = correct[r]!
      const b = i < 0 ? 0 : difficulty[i]!
      const from = topicStart[r]!
      const count = topicStart[r + 1]! - from
      let p = 0
      for (let j = 0; j < count; j++) {
        const t = topic[from + j]!
        if (owner[t] !== s) {
          owner[t] = s
          theta[t] = start[t]!
          met[t] = 0
        }
        const q = 1 / (1 + Math.exp(b - general - theta[t]!))
        perTopic[j] = q
        p += q
      }
      p /= count
      for (let j = 0; j < count; j++) {
        const t = topic[from + j]!
        const q = perTopic[j]!
        theta[t] = theta[t]! + (o.topic / (1 + o.topicDecay * met[t]!)) * (y - q)
        met[t]!++
        topicGain[t]! += y - q
        topicInfo[t]! += q * (1 - q)
      }
      general += (o.ability / (1 + o.abilityDecay * answers)) * (y - p)
      answers++
      if (i >= 0) {
        itemGain[i]! += p - y
        itemInfo[i]! += p * (1 - p)
      }
      sum -= Math.log(y === 1 ? p : 1 - p)
    }
    return log.size === 0 ? 0 : sum / log.size
  }

  for (let r = 0; r < log.size; r++) {
    if (item[r]! >= 0) itemCount[item[r]!]!++
    for (let j = topicStart[r]!; j < topicStart[r + 1]!; j++) topicCount[topic[j]!]!++
  }
  for (; pass < o.passes; pass++) {
    run.signal?.throwIfAborted()
    topicGain.fill(0)
    topicInfo.fill(0)
    itemGain.fill(0)
    itemInfo.fill(0)
    const now = walk()
    run.progress?.({ phase: 'passes', done: pass + 1, total: o.passes, loss: now })
    const last = before - now < o.tolerance
    before = loss
    loss = now
    if (last) break
    // In turns: an item's shift and its topic's do the same to a prediction, and both at once would go twice too far.
    if (pass % 2 === 0) centre = move(start, topicGain, topicInfo, o.topicVariance, centre)
    else move(difficulty, itemGain, itemInfo, o.itemVariance, 0)
  }
  const se = (info: Float64Array, variance: number) => (i: number) => 1 / Math.sqrt(info[i]! + 1 / variance)
  return {
    start: fourDecimals(centre),
    topics: table(
      log.topics,
      { start: (t) => start[t]!, se: se(topicInfo, o.topicVariance), answers: (t) => topicCount[t]! },
      (t) => topicCount[t]! > 0,
    ),
    items: table(
      log.items,
      { difficulty: (i) => difficulty[i]!, se: se(itemInfo, o.itemVariance), answers: (i) => itemCount[i]! },
      (i) => itemCount[i]! > 0,
    ),
    passes: pass,
    logLoss: loss,
  }
}

/** One Fisher step of every estimate, drawn towards `centre`. @returns the estimates' mean, weighted by their precision */
function move(at: Float64Array, gain: Float64Array, info: Float64Array, variance: number, centre: number): number {
  let sum = 0
  let weight = 0
  for (let i = 0; i < at.length; i++) {
    at[i] = at[i]! + (gain[i]! - (at[i]! - centre) / variance) / (info[i]! + 1 / variance)
    if (info[i]! === 0) continue
    const w = 1 / (variance + 1 / info[i]!)
    sum += w * at[i]!
    weight += w
  }
  return weight === 0 ? centre : sum / weight
}
