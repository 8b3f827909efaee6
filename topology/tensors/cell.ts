import type { Tensor, TensorOps } from '../ports/tensor-runtime.ts'

/** One step of the port's `lstm`: `projected` [n, 4H] with the gates in the order input, forget, output, cell. */
export function lstmCell(
  ops: TensorOps,
  projected: Tensor,
  recurrent: Tensor,
  h: Tensor,
  c: Tensor,
): { h: Tensor; c: Tensor } {
  const [n, size] = h.shape as [number, number]
  const a = ops.add(projected, ops.matMul(h, recurrent))
  const part = (k: number) => ops.slice(a, [0, k * size], [n, size])
  const cell = ops.add(ops.mul(ops.sigmoid(part(1)), c), ops.mul(ops.sigmoid(part(0)), ops.tanh(part(3))))
  return { h: ops.mul(ops.sigmoid(part(2)), ops.tanh(cell)), c: cell }
}
