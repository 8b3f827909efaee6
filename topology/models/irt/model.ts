import { hash53 } from '../../events/hash.ts'
import { rowsOf } from '../columns.ts'
import { type MasteryModel, numberIn, sigmoid } from '../model.ts'

export interface IrtItem {
  /** Against the other items of its topics, in logits. */
  difficulty: number
  discrimination: number
  /** Chance to answer right without the ability, below 1. */
  guessing: number
}

export interface IrtParams {
  /** Variance of the general ability before any answer, logits squared. */
  abilityVariance: number
  /** The same of the topic's part of it. */
  topicVariance: number
  /** What an answer adds to the variances, since students change. */
  abilityDrift: number
  topicDrift: number
  /** Fisher information of an answer to an item of discrimination 1; p (1 - p) where it is usually asked. */
  information: number
  /** By item hash; other items have difficulty 0, discrimination 1, guessing 0. */
  items: ReadonlyMap<number, IrtItem>
  /** Where the ability of a topic starts, by topic name: how easy the topic is, in logits. */
  starts: ReadonlyMap<string, number>
  start: number
}

const UNKNOWN: IrtItem = { difficulty: 0, discrimination: 1, guessing: 0 }
const itemOf = (p: IrtParams, item: number): IrtItem => (p.items.size === 0 ? UNKNOWN : (p.items.get(item) ?? UNKNOWN))
const startOf = (p: IrtParams, topic: string): number =>
  p.starts.size === 0 ? p.start : (p.starts.get(topic) ?? p.start)

/**
 * d log P(answer) / d ability of the three-parameter logistic model, at predicted probability `p`:
 * a (p - c) / ((1 - c) p) (score - p). Without guessing that is a (score - p).
 */
export function irtGradient({ discrimination: a, guessing: c }: IrtItem, p: number, score: number): number {
  return c === 0 ? a * (score - p) : ((a * (p - c)) / ((1 - c) * p)) * (score - p)
}

const LOGIT = 100

const LOGITS = { low: -LOGIT, high: LOGIT }
const ITEM = {
  difficulty: LOGITS,
  discrimination: { low: 0, high: 20 },
  guessing: { low: 0, high: 0.99, otherwise: 0 },
}

/**
 * Item response theory with fitted items and abilities that are estimated answer by answer:
 * P = c + (1 - c) sigmoid(k a (theta + theta_topic - b)), c guessing, a discrimination, b difficulty, and
 * k = 1 / sqrt(1 + pi a^2 v / 8) for the ability's variance v, which takes the mean over the ability instead of the
 * value at its mean (MacKay, The evidence framework applied to classification networks, Neural Computation 4, 1992).
 * An answer is a Laplace step: v' = 1 / (1 / v + a^2 information), theta' = theta + v' gradient, then v' grows by the
 * drift. The information is taken at its usual value, not at P: else somebody whose early answers were better could end
 * up rated lower, because their variance shrank less.
 * Student slots: theta, its variance. Topic slots: theta, its variance.
 */
export const IRT: MasteryModel<IrtParams> = {
  id: 'irt',
  about: 'Item response theory: ability overall and on the topic against difficulty, discrimination and guessing.',
  studentSlots: 2,
  topicSlots: 2,
  defaults: {
    abilityVariance: 1,
    topicVariance: 0.2,
    abilityDrift: 0.0035,
    topicDrift: 0.01,
    information: 0.2,
    items: new Map(),
    starts: new Map(),
    start: 0,
  },
  defaultVersion: 'irt-default-1',
  parse(json) {
    const items = new Map<number, IrtItem>()
    for (const [name, item] of rowsOf(json, 'items', ITEM)) items.set(hash53(name), item)
    const starts = new Map<string, number>()
    for (const [name, row] of rowsOf(json, 'topics', { start: LOGITS })) starts.set(name, row.start)
    return {
      abilityVariance: numberIn(json, 'abilityVariance', 0, 100),
      topicVariance: numberIn(json, 'topicVariance', 0, 100),
      abilityDrift: numberIn(json, 'abilityDrift', 0, 10),
      topicDrift: numberIn(json, 'topicDrift', 0, 10),
      information: numberIn(json, 'information', 0, 1),
      items,
      starts,
      start: numberIn(json, 'start', -LOGIT, LOGIT),
    }
  },
  initStudent(p, student, at) {
    student[at] = 0
    student[at + 1] = p.abilityVariance
  },
  initTopic(p, name, topic, at) {
    topic[at] = startOf(p, name)
    topic[at + 1] = p.topicVariance
  },
  predict(p, student, s, topic, t, o) {
    const { difficulty: b, discrimination: a, guessing: c } = itemOf(p, o.item)
    const v = student[s + 1]! + topic[t + 1]!
    const k = 1 / Math.sqrt(1 + (Math.PI / 8) * a * a * v)
    return c + (1 - c) * sigmoid(k * a * (student[s]! + topic[t]! - b))
  },
  learnTopic(p, _student, _s, topic, t, o, predicted) {
    const item = itemOf(p, o.item)
    const v = topic[t + 1]!
    const after = v / (1 + v * item.discrimination * item.discrimination * p.information)
    topic[t] = topic[t]! + after * irtGradient(item, predicted, o.score)
    topic[t + 1] = after + p.topicDrift
  },
  learnStudent(p, student, s, o, predicted) {
    const item = itemOf(p, o.item)
    const v = student[s + 1]!
    const after = v / (1 + v * item.discrimination * item.discrimination * p.information)
    student[s] = student[s]! + after * irtGradient(item, predicted, o.score)
    student[s + 1] = after + p.abilityDrift
  },
  mastery(_p, student, s, topic, t) {
    return sigmoid(student[s]! + topic[t]!)
  },
  explain(p, name, student, s, topic, t, _opportunities, out) {
    const all = sigmoid(student[s]! + topic[t]!)
    const start = startOf(p, name)
    out.push({ code: 'overall_ability', value: student[s]!, effect: all - sigmoid(topic[t]!) })
    out.push({ code: 'topic_ability', value: topic[t]! - start, effect: all - sigmoid(student[s]! + start) })
  },
}
