/**
 * One mastery model as a fold over a student's opportunities. State is plain doubles: `studentSlots` per student and
 * `topicSlots` per student and topic, so that states are stored, copied and compared as bytes.
 */
export interface MasteryModel<P> {
  id: string
  /** One sentence for people. */
  about: string
  studentSlots: number
  topicSlots: number
  /** It takes `weight` into account itself; left out: states go that part of the way (see part.ts). */
  weighs?: true
  /** How far two computations of a score may lie apart; left out: not at all, to the bit. For models on tensors. */
  tolerance?: number
  /** Parameters of the version that exists before anything was fitted. */
  defaults: P
  defaultVersion: string
  /** Reads fitted parameters. Throws an Error that names the field, where they do not fit. */
  parse(json: unknown): P
  initStudent(params: P, student: Float64Array, at: number): void
  initTopic(params: P, topicName: string, topic: Float64Array, at: number): void
  /** Probability of a correct answer before it is given, for one topic. */
  predict(params: P, student: Float64Array, s: number, topic: Float64Array, t: number, o: Opportunity): number
  /** The topic learns, once per opportunity. `p` is what `predict` gave for it now. */
  learnTopic(
    params: P,
    student: Float64Array,
    s: number,
    topic: Float64Array,
    t: number,
    o: Opportunity,
    p: number,
  ): void
  /** The student learns, once per opportunity, after the topics. `p` is the mean over the topics. */
  learnStudent(params: P, student: Float64Array, s: number, o: Opportunity, p: number): void
  /** Mastery of the topic right after an opportunity, 0 to 1. */
  mastery(params: P, student: Float64Array, s: number, topic: Float64Array, t: number): number
  /** Reasons for the present mastery: each with the figure a reader sees and this model's mastery minus what it would be without. */
  explain(
    params: P,
    topicName: string,
    student: Float64Array,
    s: number,
    topic: Float64Array,
    t: number,
    opportunities: number,
    out: Reason[],
  ): void
}

export interface Reason {
  code: string
  value: number
  effect: number
}

/** What a model may know of an opportunity. */
export interface Opportunity {
  /** Event time, UTC milliseconds. */
  at: number
  topicName: string
  /** Hash of the item, 0 for none. */
  item: number
  /** Index into EVENT_KINDS. */
  kind: number
  hints: number
  /** Normalised score, 0 to 1. */
  score: number
  /** Score of 0.5 or more. */
  correct: boolean
  /** How much it teaches, 0 to 1; nothing to do with what is predicted for it. */
  weight: number
}

// biome-ignore lint/suspicious/noExplicitAny: each model reads its own parameters
export type AnyModel = MasteryModel<any>

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

export function numberIn(json: unknown, field: string, low: number, high: number): number {
  const v = (json as Record<string, unknown> | null)?.[field]
  if (typeof v !== 'number' || !(v >= low && v <= high))
    throw new Error(`Parameter "${field}" must be a number from ${low} to ${high}; it is ${JSON.stringify(v)}.`)
  return v
}
