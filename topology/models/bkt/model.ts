import { type MasteryModel, numberIn } from '../model.ts'

export interface BktTopic {
  prior: number
  learn: number
  slip: number
  guess: number
  /** Chance to lose the skill between two opportunities; 0 in classic BKT. */
  forget: number
}

export interface BktParams {
  default: BktTopic
  /** By topic name. */
  topics: ReadonlyMap<string, BktTopic>
}

const of = (p: BktParams, topic: string): BktTopic =>
  p.topics.size === 0 ? p.default : (p.topics.get(topic) ?? p.default)

function parseTopic(json: unknown): BktTopic {
  const t = {
    prior: numberIn(json, 'prior', 0, 1),
    learn: numberIn(json, 'learn', 0, 1),
    slip: numberIn(json, 'slip', 0, 1),
    guess: numberIn(json, 'guess', 0, 1),
    forget: (json as { forget?: unknown }).forget === undefined ? 0 : numberIn(json, 'forget', 0, 1),
  }
  if (t.slip + t.guess >= 1)
    throw new Error(
      `guess + slip must stay below 1, else a right answer would count against the student; they are ${t.guess} and ${t.slip}.`,
    )
  return t
}

/** P(correct) of a student who lacks the skill with probability `unknown`: (1 - unknown) (1 - slip) + unknown guess. */
export function bktPredict(p: BktTopic, unknown: number): number {
  return (1 - unknown) * (1 - p.slip) + unknown * p.guess
}

/**
 * One step of the two-state filter: Bayes' rule on the answer, then the transition.
 * Corbett and Anderson, Knowledge Tracing (User Modeling and User-Adapted Interaction 4, 1994), with a forgetting
 * probability added to the transition.
 *
 * Takes and gives the probability that the skill is NOT known: near certainty a double tells 1e-30 from 0, but not
 * 1 - 1e-30 from 1, so that a student who fails after two dozen right answers is let down by the filter as the
 * equations say, where the usual form would be stuck at 1 or thrown off by a rounding above it.
 */
export function bktLearn(p: BktTopic, unknown: number, correct: boolean): number {
  const known = 1 - unknown
  const lucky = unknown * (correct ? p.guess : 1 - p.guess)
  const seen = known * (correct ? 1 - p.slip : p.slip) + lucky
  const posterior = seen > 0 ? lucky / seen : unknown
  return posterior * (1 - p.learn) + (1 - posterior) * p.forget
}

/** Bayesian knowledge tracing. One slot per student and topic: the probability that the skill is not known. */
export const BKT: MasteryModel<BktParams> = {
  id: 'bkt',
  about: 'Bayesian knowledge tracing: the probability that the student has the skill, allowing for slips and guesses.',
  studentSlots: 0,
  topicSlots: 1,
  defaults: { default: { prior: 0.1, learn: 0.2, slip: 0.1, guess: 0.2, forget: 0 }, topics: new Map() },
  defaultVersion: 'bkt-default-1',
  parse(json) {
    const j = json as { default?: unknown; topics?: Record<string, unknown> }
    const topics = new Map<string, BktTopic>()
    for (const [name, t] of Object.entries(j.topics ?? {})) topics.set(name, parseTopic(t))
    return { default: j.default === undefined ? BKT.defaults.default : parseTopic(j.default), topics }
  },
  initStudent() {},
  initTopic(p, name, topic, at) {
    topic[at] = 1 - of(p, name).prior
  },
  predict(p, _student, _s, topic, t, o) {
    return bktPredict(of(p, o.topicName), topic[t]!)
  },
  learnTopic(p, _student, _s, topic, t, o) {
    topic[t] = bktLearn(of(p, o.topicName), topic[t]!, o.correct)
  },
  learnStudent() {},
  mastery(_p, _student, _s, topic, t) {
    return 1 - topic[t]!
  },
  explain(p, name, _student, _s, topic, t, opportunities, out) {
    out.push({ code: 'practice', value: opportunities, effect: 1 - topic[t]! - of(p, name).prior })
  },
}
