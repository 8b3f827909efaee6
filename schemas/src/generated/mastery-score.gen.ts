// Generated from avro/mastery-score/v3.avsc by `npm run generate`. Do not edit.

/** One model's probability of a correct answer, made before the answer. */
export interface Prediction {
  /** Model id. */
  model: string
  /** Version of its parameters. */
  version: string
  /** Probability, 0 to 1. */
  p: number
}

/** One model's view. */
export interface ModelScore {
  /** Model id. */
  model: string
  /** Version of its parameters. */
  version: string
  /** After the newest opportunity on the topic, 0 to 1. */
  mastery: number
}

/** One reason for a score. */
export interface Factor {
  /** Which reason; the words are made from it at the edges. */
  code: string
  /** The figure that a reader sees. */
  value: number
  /** Blended mastery minus what it would be without this reason. */
  effect: number
}

/** An answer that was given too fast to count in full. */
export interface Haste {
  /** How much it counted, 0 to 1. */
  weight: number
  /** Milliseconds from shown to answered. */
  response_ms: number
  /** An answer that takes less is a rapid guess. */
  threshold_ms: number
  /** Median time of answers to the item; null where it is not known. */
  usual_ms: null | number
}

/** Scores of one student and topic after the topic's newest opportunity in fold order. */
export interface TopicScore {
  /** Knowledge component. */
  topic: string
  /** occurred_at of the newest opportunity on the topic; of the voided one where none is left. */
  as_of: number
  /** True where another topic's or an earlier event changed this row. */
  revision: boolean
  /** Opportunities on the topic so far. */
  opportunities: number
  /** Every model, the blend last. */
  scores: ModelScore[]
  /** Standard deviation of the blended mastery, 0 to 0.5. */
  uncertainty: number
  /** strength, weakness, developing or insufficient. */
  standing: string
  /** The three factors that moved the score most, largest first. */
  factors: Factor[]
  /** Of the newest opportunity on the topic, where it counted less because it was a rapid guess; null: it counted in full. */
  haste: null | Haste
}

/** An earlier answer that came to count otherwise. */
export interface RevisedAnswer {
  /** Event time of the answer. */
  answered_at: number
  /** Topics of the answer. */
  topics: string[]
  /** Whether it counted as right; null: it did not count. */
  before: null | boolean
  /** Whether it counts as right now; null: it does not count any more. */
  after: null | boolean
}

/** What the scoring stage made of one feature record. */
export interface MasteryScore {
  /** Partition of the input record. */
  origin_partition: number
  /** Offset of the input record. */
  origin_offset: number
  /** Which of the input record's outputs this is. */
  ordinal: number
  /** Generation of the computation. */
  generation: number
  /** The organisation. */
  tenant: string
  /** Pseudonym; also the record key. */
  student: string
  /** The learner event or command that caused it. */
  event_id: string
  /** Event time. */
  occurred_at: number
  /** Greatest tick of the partition when this was computed; 0 before the first. */
  now: number
  /** Item of the opportunity. */
  item: null | string
  /** Score of 0.5 or more. Null: no opportunity (a void, a revision). */
  correct: null | boolean
  /** Score of the answer. */
  score: null | number
  /** Prequential predictions: from evidence strictly earlier than occurred_at, mean over the topics. Empty where there is no opportunity. */
  predictions: Prediction[]
  /** Topics whose scores changed. */
  rows: TopicScore[]
  /** True while a rebuild of this student is wanted. */
  stale: boolean
  /** What became of the event that caused this: counted, corrected, superseded, too_old, installed, erased. */
  cause: string
  /** Why, in words for a person, where a command gave them. */
  reason: null | string
  /** Earlier answers that a void, a correction or better evidence changed. */
  revised: RevisedAnswer[]
}
