import { EVENT_KINDS } from '../../events/kinds.ts'
import { type MasteryModel, numberIn } from '../model.ts'

export interface RuleParams {
  /** Mastery before any evidence. */
  prior: number
  /** How much evidence the prior is worth, in full answers. */
  priorWeight: number
  /** Evidence counts exp(-age / scaleDays) of what it did when fresh. */
  scaleDays: number
  /** Weight of an answer by kind of event. */
  weights: Record<string, number>
  /** Credit that each hint takes from an answer, and the most that hints can take. */
  hintCost: number
  hintCostMax: number
}

const DAY_MS = 86_400_000

/** Share of a score that is left after hints. */
export function hintCredit(p: RuleParams, hints: number): number {
  return 1 - Math.min(p.hintCostMax, p.hintCost * hints)
}

/**
 * The baseline that a teacher can check with a pencil: a weighted mean of the scores, older ones counting less, hints
 * taking credit, pulled towards the prior while there is little evidence:
 * (prior * priorWeight + sum w g s c) / (priorWeight + sum w g), g = exp(-age / scale), c = hint credit.
 * Topic slots: sum w g s c, sum w g, sum w g s (without hint costs), time of the last answer.
 */
export const RULE: MasteryModel<RuleParams> = {
  id: 'rule',
  about: 'Weighted mean of the scores, older ones counting less, hints taking credit.',
  studentSlots: 0,
  topicSlots: 4,
  // Half-way between two times of the last answer would age all evidence: the answer's own weight is halved instead.
  weighs: true,
  defaults: {
    prior: 0.5,
    priorWeight: 2,
    scaleDays: 30,
    weights: {
      quiz_attempt: 1,
      assignment_submission: 1,
      practice_attempt: 0.7,
      tutor_interaction: 0.5,
      teacher_feedback: 1.5,
      video_interaction: 0.3,
      other: 0.5,
    },
    hintCost: 0.2,
    hintCostMax: 0.6,
  },
  defaultVersion: 'rule-default-1',
  parse(json) {
    const weights: Record<string, number> = {}
    const given = (json as { weights?: Record<string, number> }).weights ?? {}
    for (const kind of EVENT_KINDS) weights[kind] = numberIn({ ...RULE.defaults.weights, ...given }, kind, 0, 100)
    return {
      prior: numberIn(json, 'prior', 0, 1),
      priorWeight: numberIn(json, 'priorWeight', 0.001, 1000),
      scaleDays: numberIn(json, 'scaleDays', 0.01, 10_000),
      hintCost: numberIn(json, 'hintCost', 0, 1),
      hintCostMax: numberIn(json, 'hintCostMax', 0, 1),
      weights,
    }
  },
  initStudent() {},
  initTopic(_p, _name, topic, at) {
    topic.fill(0, at, at + 4)
  },
  predict(p, _student, _s, topic, t, o) {
    const g = topic[t + 1] === 0 ? 0 : Math.exp(-(o.at - topic[t + 3]!) / (p.scaleDays * DAY_MS))
    return (p.prior * p.priorWeight + topic[t]! * g) / (p.priorWeight + topic[t + 1]! * g)
  },
  learnTopic(p, _student, _s, topic, t, o) {
    const g = topic[t + 1] === 0 ? 0 : Math.exp(-(o.at - topic[t + 3]!) / (p.scaleDays * DAY_MS))
    const w = p.weights[EVENT_KINDS[o.kind]!]! * o.weight
    topic[t] = topic[t]! * g + w * o.score * hintCredit(p, o.hints)
    topic[t + 1] = topic[t + 1]! * g + w
    topic[t + 2] = topic[t + 2]! * g + w * o.score
    topic[t + 3] = o.at
  },
  learnStudent() {},
  mastery(p, _student, _s, topic, t) {
    return (p.prior * p.priorWeight + topic[t]!) / (p.priorWeight + topic[t + 1]!)
  },
  explain(p, _name, _student, _s, topic, t, _opportunities, out) {
    const weight = topic[t + 1]!
    if (weight === 0) return
    const unhinted = (p.prior * p.priorWeight + topic[t + 2]!) / (p.priorWeight + weight)
    out.push({ code: 'recent_answers', value: topic[t + 2]! / weight, effect: unhinted - p.prior })
    if (topic[t + 2]! > topic[t]!)
      out.push({
        code: 'hints',
        value: (topic[t + 2]! - topic[t]!) / weight,
        effect: (topic[t]! - topic[t + 2]!) / (p.priorWeight + weight),
      })
  },
}
