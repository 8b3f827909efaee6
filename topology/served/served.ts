import type { ScoringEngine } from '../ports/tensor-runtime.ts'

/**
 * A trained model that is scored only where a version of it has been put in force. Its state is opaque numbers; where it
 * has none yet, because the version is new or the student is, it begins with the oldest opportunity at hand.
 */
export interface ServedModel<A> {
  id: string
  /** One sentence for people. */
  about: string
  /** What a teacher reads where this model moved a score most: "All answers, ..., come to 60 %". */
  sees: string
  /** How far two computations of a score may lie apart, engines included; 0: not at all. */
  tolerance: number
  /** Version that stands where none is in force, and that markers name to take one out of force. */
  without: string
  /** @throws Error that says what of the bytes does not fit */
  parse(bytes: Uint8Array): A
  /**
   * Whether a student's state holds what was learned, so that a walk has to begin where it ends. Without, a model looks
   * back for every question, and its state is notes on topics, or null.
   */
  carries: boolean
  /** It goes by how much an answer teaches; left out: every answer counts in full. */
  weighs?: true
  /** Opportunities that must be at hand before one that is asked about; 0 for models that carry a state. */
  looksBack(artefact: A): number
  /** Ready for batches. `engine` is opened by who computes on tensors. */
  open(artefact: A, engine: () => Promise<ScoringEngine>): Promise<Server>
}

// biome-ignore lint/suspicious/noExplicitAny: each model reads its own artefact
export type AnyServed = ServedModel<any>

/** A version of a served model, ready. One `walk` at a time; what comes out for a student does not hang on the others. */
export interface Server {
  walk(walks: readonly Walk[]): Promise<void>
  close(): void
}

/** A student's graded opportunities in fold order, as columns. */
export interface Opportunities {
  readonly t: ArrayLike<number>
  /** Hash of the item, 0 for none. */
  readonly item: ArrayLike<number>
  /** Millionths. */
  readonly score: ArrayLike<number>
  /** Milliseconds from shown to answered, -1 where unknown. */
  readonly response: ArrayLike<number>
  readonly hints: ArrayLike<number>
  readonly kind: ArrayLike<number>
  /** Topics of opportunity `i`, as places in `names`. */
  topics(i: number): readonly number[]
  /** How much opportunity `i` teaches, 0 to 1; null: all of them in full. */
  readonly weight: ((i: number) => number) | null
  readonly names: readonly string[]
}

/** Score of 0.5 or more. */
export const isRight = (o: Opportunities, i: number): boolean => o.score[i]! >= 500_000

/** One student's stretch of opportunities, learned one after the other, and what is asked on the way. */
export interface Walk {
  readonly of: Opportunities
  /** First opportunity to be learned; the state holds those before it. */
  readonly from: number
  /** One beyond the last. */
  readonly to: number
  /** Before the walk, then after it. Null: nothing has been learned, and afterwards, that there is nothing to carry. */
  state: Float64Array | null
  /** Ascending by `after`. */
  readonly asks: readonly Ask[]
  /** Places, ascending, between `from` and `to`: the state before each of them is put into `kept`. */
  readonly keep: readonly number[]
  readonly kept: { place: number; state: Float64Array }[]
}

export interface Ask {
  /** Asked when all opportunities before this one have been learned: from `from` to `to`. */
  after: number
  /** The answer to this opportunity is asked for; null: mastery of `topic`, as an answer to any item of it. */
  opportunity: number | null
  topic: number
  /** Probability of a right answer, filled in; below 0 where the model knows neither item nor topic. */
  p: number
}

/** The version of a trained model that is not in force. */
export const NOT_SERVED = 'none'

/** What a model says of something that it does not know. */
export const UNKNOWN = -1
