import type { Answer } from '../generators/answers-csv.ts'

/**
 * A second program for what the system computes, written from the definitions alone and sharing no code with it: lists,
 * sorting and loops, slow and plain. DESIGN.md sections 5 (windows) and 6 (fold order, predict before learning, BKT, Elo).
 */
const DAY = 86_400_000
const logistic = (x: number) => 1 / (1 + Math.exp(-x))

/** Fold order: event time, then the source's sequence, which is the line. */
export function inOrder(answers: readonly Answer[]): Answer[] {
  return [...answers].sort((a, b) => a.at - b.at || a.line - b.line)
}

export interface WindowNumbers {
  attempts: number
  correct: number
  score_micro: number
  response_ms: number
  response_n: number
  hinted: number
  hints: number
  revisits: number
  accuracy: number | null
  mean_response_ms: number | null
  hint_rate: number | null
  revisit_rate: number | null
}

/** Window (asOf - days, asOf] over the answers of one student on one topic, in fold order. */
export function windowOf(answers: readonly Answer[], asOf: number, days: number): WindowNumbers {
  const inside = answers.filter((a) => a.at > asOf - days * DAY && a.at <= asOf)
  const sum = (f: (a: Answer) => number) => inside.reduce((n, a) => n + f(a), 0)
  const timed = inside.filter((a) => a.responseMs !== null)
  const n = inside.length
  const w = {
    attempts: n,
    correct: sum((a) => (a.score >= 0.5 ? 1 : 0)),
    score_micro: sum((a) => Math.round(a.score * 1e6)),
    response_ms: sum((a) => a.responseMs ?? 0),
    response_n: timed.length,
    hinted: sum((a) => ((a.hints ?? 0) > 0 ? 1 : 0)),
    hints: sum((a) => a.hints ?? 0),
    revisits: inside.filter((a, i) => inside.slice(0, i).some((b) => b.item === a.item)).length,
  }
  return {
    ...w,
    accuracy: n === 0 ? null : w.score_micro / 1e6 / n,
    mean_response_ms: timed.length === 0 ? null : w.response_ms / timed.length,
    hint_rate: n === 0 ? null : w.hinted / n,
    revisit_rate: n === 0 ? null : w.revisits / n,
  }
}

/** Mean score weighted by exp(-age / 14 days) over 90 days. */
export function decayedAccuracy(answers: readonly Answer[], asOf: number): number {
  let above = 0
  let below = 0
  for (const a of answers) {
    if (a.at <= asOf - 90 * DAY) continue
    const weight = Math.exp(-(asOf - a.at) / (14 * DAY))
    above += weight * a.score
    below += weight
  }
  return above / below
}

export interface Estimate {
  bkt: number
  elo: number
  opportunities: number
  asOf: number
}

export interface Prediction {
  bkt: number
  elo: number
}

/** Everything known of one student after some answers. */
export class Learner {
  private readonly known = new Map<string, number>()
  private theta = 0
  private answered = 0
  private readonly topicTheta = new Map<string, { theta: number; answered: number }>()
  readonly estimates = new Map<string, Estimate>()

  predict(topics: readonly string[]): Prediction & { perTopic: number[] } {
    const perTopic = topics.map((t) => logistic(this.theta + (this.topicTheta.get(t)?.theta ?? 0)))
    const mean = (xs: number[]) => xs.reduce((a, b) => a + b, 0) / xs.length
    const bkt = mean(
      topics.map((t) => {
        const known = this.known.get(t) ?? 0.1
        return known * 0.9 + (1 - known) * 0.2
      }),
    )
    return { bkt, elo: mean(perTopic), perTopic }
  }

  /** Predicts for every topic, then every topic learns once, then the student. */
  learn(a: Answer): void {
    const { elo, perTopic } = this.predict(a.topics)
    a.topics.forEach((topic, i) => {
      const known = this.known.get(topic) ?? 0.1
      const right = a.score >= 0.5
      const seen = right ? known * 0.9 + (1 - known) * 0.2 : known * 0.1 + (1 - known) * 0.8
      const posterior = (known * (right ? 0.9 : 0.1)) / seen
      this.known.set(topic, posterior + (1 - posterior) * 0.2)
      const t = this.topicTheta.get(topic) ?? { theta: 0, answered: 0 }
      const step = 0.6 / (1 + 0.05 * t.answered)
      this.topicTheta.set(topic, { theta: t.theta + step * (a.score - perTopic[i]!), answered: t.answered + 1 })
    })
    this.theta += (0.4 / (1 + 0.05 * this.answered)) * (a.score - elo)
    this.answered++
    for (const topic of a.topics)
      this.estimates.set(topic, {
        bkt: this.known.get(topic)!,
        elo: logistic(this.theta + this.topicTheta.get(topic)!.theta),
        opportunities: this.topicTheta.get(topic)!.answered,
        asOf: a.at,
      })
  }
}

/** Current estimates per topic of one student. */
export function estimatesOf(answers: readonly Answer[]): Map<string, Estimate> {
  const learner = new Learner()
  for (const a of inOrder(answers)) if (a.topics.length > 0) learner.learn(a)
  return learner.estimates
}

/**
 * What the models said when each answer of one student first arrived: from the answers that had arrived by then and that
 * are strictly earlier in event time. In the order of arrival, answers without a topic left out.
 */
export function predictionsOnArrival(answers: readonly Answer[]): { answer: Answer; said: Prediction }[] {
  const graded = answers.filter((a) => a.topics.length > 0)
  return graded.map((answer, i) => {
    const learner = new Learner()
    for (const a of inOrder(graded.slice(0, i))) if (a.at < answer.at) learner.learn(a)
    return { answer, said: learner.predict(answer.topics) }
  })
}
