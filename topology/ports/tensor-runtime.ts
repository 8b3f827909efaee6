/** Float32 numbers in row-major order. */
export interface Values {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** Parameters of a network by name: what is trained, stored, and read by every engine. */
export type Weights = ReadonlyMap<string, Values>

/** A tensor while a program is built; only the ops of the same engine can read it. */
export interface Tensor {
  readonly shape: readonly number[]
}

/**
 * The operations that networks are written in. Names and meaning are those of TF.js core; element-wise operations
 * broadcast. An engine may compute them at once, record them for gradients, or write them down as a graph.
 */
export interface TensorOps {
  /** Rank 2, or rank 3 with equal first dimensions. */
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor
  add(a: Tensor, b: Tensor): Tensor
  sub(a: Tensor, b: Tensor): Tensor
  mul(a: Tensor, b: Tensor): Tensor
  div(a: Tensor, b: Tensor): Tensor
  sigmoid(x: Tensor): Tensor
  tanh(x: Tensor): Tensor
  relu(x: Tensor): Tensor
  exp(x: Tensor): Tensor
  log(x: Tensor): Tensor
  abs(x: Tensor): Tensor
  neg(x: Tensor): Tensor
  /** Over the last axis. */
  softmax(x: Tensor): Tensor
  /** Rows of `table` (axis 0) that the int32 tensor `rows` names: shape of `rows`, then that of a row. */
  gather(table: Tensor, rows: Tensor): Tensor
  slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor
  concat(xs: readonly Tensor[], axis: number): Tensor
  reshape(x: Tensor, shape: readonly number[]): Tensor
  transpose(x: Tensor, order: readonly number[]): Tensor
  /** The axis disappears. */
  sum(x: Tensor, axis: number): Tensor
  scalar(x: number): Tensor
  /** A constant. */
  fill(shape: readonly number[], value: number): Tensor
}

/** Operations that only engines that train have. */
export interface TrainingOps extends TensorOps {
  /**
   * A long short-term memory layer over `steps` time steps (Hochreiter and Schmidhuber 1997, with forget gates).
   * `projected` [steps * n, 4H] is the input times its weights plus bias, time-major, gates in the order input, forget,
   * output, cell; `recurrent` [H, 4H]; `h`, `c` [n, H]. Gives [2 * steps * n, H]: the hidden states after each step,
   * then the cells after each step, through which no gradient flows.
   */
  lstm(projected: Tensor, recurrent: Tensor, h: Tensor, c: Tensor, steps: number): Tensor
}

export interface InputSpec {
  shape: readonly number[]
  type: 'float32' | 'int32'
}

/** A network, or a part of one, for inputs of fixed shapes. `build` is pure: it may be called again and again. */
export interface Program<Ops = TensorOps> {
  /** Programs of one name and equal shapes compute the same. */
  name: string
  inputs: Readonly<Record<string, InputSpec>>
  build(ops: Ops, weight: (name: string) => Tensor, input: (name: string) => Tensor): Record<string, Tensor>
}

export type Feeds = Readonly<Record<string, Float32Array | Int32Array>>
export type Outputs = Readonly<Record<string, Float32Array>>

/** A program with weights, ready for batches. One run at a time. */
export interface Session {
  /** @throws EngineLostError when the engine gave up and could not be rebuilt. */
  run(feeds: Feeds): Promise<Outputs>
  close(): void
}

/** An engine that computes. */
export interface ScoringEngine {
  /** `wasm`, `cpu`, `webgpu`, `node-gpu`, `onnx`. */
  readonly backend: string
  open(program: Program, weights: Weights): Promise<Session>
  close(): Promise<void>
}

/** Adam (Kingma and Ba 2015) with gradients scaled so that their common norm is at most `clip`. */
export interface AdamSettings {
  rate: number
  beta1: number
  beta2: number
  epsilon: number
  clip: number
}

/**
 * Steps of gradient descent. The program's output `loss` is a scalar to be made small; its other outputs come back as
 * they were before the step.
 */
export interface Trainer {
  step(program: Program<TrainingOps>, feeds: Feeds, rate: number): Promise<Outputs>
  /** Outputs without a step. */
  look(program: Program<TrainingOps>, feeds: Feeds): Promise<Outputs>
  /** Weights under their names, Adam's moments under `adam/m/...` and `adam/v/...`, its count as `adam/steps`. */
  state(): Promise<Weights>
  close(): void
}

/** An engine that trains, too. */
export interface TensorRuntime extends ScoringEngine {
  /** `from`: weights to begin with, or what `state` gave. The same calls on the same backend give the same bits. */
  trainer(from: Weights, adam: AdamSettings): Promise<Trainer>
}

/** The engine's device or memory is gone. What was being computed is not; a rebuilt engine can compute it again. */
export class EngineLostError extends Error {
  override name = 'EngineLostError'
}
