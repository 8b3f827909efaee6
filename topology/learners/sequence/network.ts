import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { Feeds, Outputs, Program, Tensor, TensorOps, TrainingOps, Weights } from '../../ports/tensor-runtime.ts'
import type { Random } from '../../school/random.ts'
import type { KindRows } from './vocabulary.ts'

/** An answer log as a network reads it. */
export interface Encoded {
  log: AnswerLog
  /** Kind of each row. */
  kinds: Int32Array
  rows: KindRows
}

export type Compute = (program: Program<TrainingOps>, feeds: Feeds) => Promise<Outputs>

/** A network over students' sequences: what the training loop and prediction need of it. */
export interface SequenceNetwork {
  /** Weights to begin with, for training on `students`. */
  initial(random: Random, data: Encoded, students: readonly number[]): Weights
  /**
   * Goes through the rows of `students` once, batch by batch, and writes the logit of each row, made from earlier bundles
   * alone, to `logits`. With `random` it is a training pass: order, dropout.
   */
  pass(
    data: Encoded,
    students: ArrayLike<number>,
    random: Random | null,
    compute: Compute,
    logits: Float64Array,
  ): Promise<void>
}

/** Sum of the log loss of `logit` [n, 1] against `y` [n, 1] where `counts` is 1: log(1 + e^l) - y l, without overflow. */
export function logLossSum(ops: TensorOps, logit: Tensor, y: Tensor, counts: Tensor): Tensor {
  const n = logit.shape[0]!
  const soft = ops.log(ops.add(ops.scalar(1), ops.exp(ops.neg(ops.abs(logit)))))
  const loss = ops.add(ops.sub(ops.relu(logit), ops.mul(logit, y)), soft)
  return ops.sum(ops.reshape(ops.mul(loss, counts), [n]), 0)
}

/** Half the sum of squares. */
export function halfSquares(ops: TensorOps, w: Tensor): Tensor {
  const n = w.shape.reduce((a, b) => a * b, 1)
  return ops.mul(ops.scalar(0.5), ops.sum(ops.reshape(ops.mul(w, w), [n]), 0))
}

/** Normal numbers with a deviation of 1/sqrt(fan-in) times `gain`. */
export function normalWeights(random: Random, shape: readonly number[], gain = 1) {
  const scale = gain / Math.sqrt(shape[0]!)
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1))
  for (let i = 0; i < values.length; i++) values[i] = scale * random.normal()
  return { shape, values }
}

export function constantWeights(shape: readonly number[], value = 0) {
  return { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) }
}

/** Sum over a kind's topics of their rows of `table`, by shares: `topic` [n * slots], `share` [n * slots, 1]. */
export function topicMean(
  ops: TensorOps,
  table: Tensor,
  topic: Tensor,
  share: Tensor,
  n: number,
  slots: number,
): Tensor {
  const rows = ops.gather(table, topic)
  if (slots === 1) return ops.mul(rows, share)
  return ops.sum(ops.reshape(ops.mul(rows, share), [n, slots, table.shape[1]!]), 1)
}
