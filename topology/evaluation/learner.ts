import type { AnswerLog } from './answer-log.ts'
import type { Scope } from './week/target.ts'

/**
 * One way to learn a model from answers. The artefact is data: it names items and topics by their names, so that it can
 * be applied to any other log. Fitting never sees the log that it is tested on.
 */
export interface Learner<A = unknown> {
  id: string
  /** One sentence for people. */
  about: string
  /** Streaming model whose `parse` reads the artefacts, where it is not the one of the same id; several may make them. */
  serves?: string
  /**
   * What it predicts is no chance of the row's own answer but the expected share of right ones among those of the week
   * after the row; of which of them. Left out: the next answer.
   */
  week?: Scope
  fit(train: AnswerLog, run: FitRun): Promise<A> | A
  /**
   * Probability of a correct answer per row of `log`, made from the rows of the same student in earlier bundles alone
   * (and from `artefact`). Finite, between 0 and 1.
   */
  predict(artefact: A, log: AnswerLog, run: FitRun): Promise<Float64Array> | Float64Array
  /** As bytes and back, to the bit. `parse` throws an Error that names what does not fit. */
  encode(artefact: A): Uint8Array
  parse(bytes: Uint8Array): A
}

/** What a person judged of a student on a topic. */
export interface MasteryLabel {
  student: string
  topic: string
  /** UTC milliseconds. */
  at: number
  /** 0 to 1. */
  value: number
}

/** What a fit needs of the world. */
export interface FitRun {
  /** The same seed, log and backend give the same artefact. */
  seed: number
  signal?: AbortSignal
  /** `loss` where the fit has one: mean log loss, natural logarithm. */
  progress?(p: { phase: string; done: number; total: number; loss?: number }): void
  /** Is told the points of the training curve in their order; a fit that goes on from a checkpoint tells the former ones again. */
  curve?(point: TrainingPoint): void
  /**
   * Judgements that learners over trees take as further examples of what is to be said of a topic; `weight`: each counts
   * as so many answers. Other learners do without.
   */
  labels?: { labels: readonly MasteryLabel[]; weight: number }
  /** Keeps what a killed fit goes on from; `load` gives null where nothing was kept. */
  checkpoint?: { load(): Promise<Uint8Array | null>; save(bytes: Uint8Array): Promise<void> }
}

/** How far a fit had come: a point of one of its curves. */
export interface TrainingPoint {
  /** Which curve, and on whose answers. */
  series: string
  /** What `at` counts, in the plural: epochs, trees. */
  unit: string
  at: number
  /** Mean log loss, natural logarithm. */
  loss: number
}

// biome-ignore lint/suspicious/noExplicitAny: each learner reads its own artefact
export type AnyLearner = Learner<any>
