import type { Tensor, TrainingOps } from '@mastery/topology/ports/tensor-runtime.ts'
import { lstm } from './lstm.ts'
import { tf } from './tf.ts'

const t = (x: Tensor) => x as unknown as tf.Tensor
const list = (x: readonly number[]) => x as number[]

/** The operations of the port, on whatever backend is set. */
export const OPS: TrainingOps = {
  matMul: (a, b, transposeA = false, transposeB = false) => tf.matMul(t(a), t(b), transposeA, transposeB),
  add: (a, b) => tf.add(t(a), t(b)),
  sub: (a, b) => tf.sub(t(a), t(b)),
  mul: (a, b) => tf.mul(t(a), t(b)),
  div: (a, b) => tf.div(t(a), t(b)),
  sigmoid: (x) => tf.sigmoid(t(x)),
  tanh: (x) => tf.tanh(t(x)),
  relu: (x) => tf.relu(t(x)),
  exp: (x) => tf.exp(t(x)),
  log: (x) => tf.log(t(x)),
  abs: (x) => tf.abs(t(x)),
  neg: (x) => tf.neg(t(x)),
  softmax: (x) => tf.softmax(t(x)),
  gather: (table, rows) => tf.gather(t(table), t(rows) as tf.Tensor1D),
  slice: (x, begin, size) => tf.slice(t(x), list(begin), list(size)),
  concat: (xs, axis) => tf.concat(xs.map(t), axis),
  reshape: (x, shape) => tf.reshape(t(x), list(shape)),
  transpose: (x, order) => tf.transpose(t(x), list(order)),
  sum: (x, axis) => tf.sum(t(x), axis),
  scalar: (x) => tf.scalar(x),
  fill: (shape, value) => tf.fill(list(shape), value),
  lstm: (projected, recurrent, h, c, steps) => lstm(t(projected), t(recurrent), t(h), t(c), steps),
}
