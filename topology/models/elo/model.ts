import { hash53 } from '../../events/hash.ts'
import { rowsOf } from '../columns.ts'
import { type MasteryModel, numberIn, sigmoid } from '../model.ts'

export interface EloParams {
  /** Step of the ability after n answers: ability / (1 + decay n). */
  ability: number
  abilityDecay: number
  topic: number
  topicDecay: number
  /** Fitted item difficulties by item hash, in logits; an item that is not here has 0. */
  difficulty: ReadonlyMap<number, number>
  /** Where the ability of a topic starts, by topic name: how easy the topic is, in logits. */
  starts: ReadonlyMap<string, number>
  /** The same for a topic that is not listed. */
  start: number
}

const startOf = (p: EloParams, topic: string): number =>
  p.starts.size === 0 ? p.start : (p.starts.get(topic) ?? p.start)

const LOGIT = 100

const LOGITS = { low: -LOGIT, high: LOGIT }

/**
 * Elo rating of students against fixed item difficulties: P(correct) = sigmoid(theta + theta_topic - difficulty), and
 * both thetas move by step * (score - P), with steps that shrink as answers come in (Pelanek, Applications of the Elo
 * rating system in adaptive educational systems, Computers & Education 98, 2016). The general theta moves once per
 * opportunity, by the mean over its topics. A topic's theta starts at the topic's easiness, so that difficulties are
 * against the other items of the topic, and an item that was never seen counts as the topic's usual one.
 * Student slots: theta, answers. Topic slots: theta, answers.
 */
export const ELO: MasteryModel<EloParams> = {
  id: 'elo',
  about: 'Elo rating: ability overall and on the topic against the difficulty of the items answered.',
  studentSlots: 2,
  topicSlots: 2,
  defaults: {
    ability: 0.4,
    abilityDecay: 0.05,
    topic: 0.6,
    topicDecay: 0.05,
    difficulty: new Map(),
    starts: new Map(),
    start: 0,
  },
  defaultVersion: 'elo-default-1',
  parse(json) {
    const items = (json as { difficulty?: Record<string, unknown> }).difficulty ?? {}
    const difficulty = new Map<number, number>()
    for (const item of Object.keys(items)) {
      if (!/^\d+$/.test(item) || !Number.isSafeInteger(Number(item)))
        throw new Error(`Field "difficulty" is keyed by item hashes, which are whole numbers; it has "${item}".`)
      difficulty.set(Number(item), numberIn(items, item, -LOGIT, LOGIT))
    }
    for (const [name, row] of rowsOf(json, 'items', { difficulty: LOGITS }))
      difficulty.set(hash53(name), row.difficulty)
    const starts = new Map<string, number>()
    for (const [name, row] of rowsOf(json, 'topics', { start: LOGITS })) starts.set(name, row.start)
    return {
      ability: numberIn(json, 'ability', 0, 10),
      abilityDecay: numberIn(json, 'abilityDecay', 0, 10),
      topic: numberIn(json, 'topic', 0, 10),
      topicDecay: numberIn(json, 'topicDecay', 0, 10),
      difficulty,
      starts,
      start: (json as { start?: unknown }).start === undefined ? 0 : numberIn(json, 'start', -LOGIT, LOGIT),
    }
  },
  initStudent(_p, student, at) {
    student[at] = 0
    student[at + 1] = 0
  },
  initTopic(p, name, topic, at) {
    topic[at] = startOf(p, name)
    topic[at + 1] = 0
  },
  predict(p, student, s, topic, t, o) {
    const b = p.difficulty.size === 0 ? 0 : (p.difficulty.get(o.item) ?? 0)
    return sigmoid(student[s]! + topic[t]! - b)
  },
  learnTopic(p, _student, _s, topic, t, o, predicted) {
    const m = topic[t + 1]!
    topic[t] = topic[t]! + (p.topic / (1 + p.topicDecay * m)) * (o.score - predicted)
    topic[t + 1] = m + 1
  },
  learnStudent(p, student, s, o, predicted) {
    const n = student[s + 1]!
    student[s] = student[s]! + (p.ability / (1 + p.abilityDecay * n)) * (o.score - predicted)
    student[s + 1] = n + 1
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
