import type { Tensor, TensorOps } from '../../ports/tensor-runtime.ts'

/** Answers that say nothing, in every mean: what few answers say counts less. */
export const PRIOR = 1

type Weight = (name: string) => Tensor

/** What past answers say to the pools, [n, said]; `right`, `difficulty` [n, 1], `known` [n, 2 * features]. */
export function heard(ops: TensorOps, weight: Weight, right: Tensor, difficulty: Tensor, known: Tensor | null): Tensor {
  const wrong = ops.sub(ops.scalar(1), right)
  const facts = [right, wrong, ops.mul(right, difficulty), ops.mul(wrong, difficulty)]
  if (known !== null) facts.push(known)
  const hidden = ops.relu(ops.add(ops.matMul(ops.concat(facts, 1), weight('read')), weight('read-bias')))
  return ops.matMul(hidden, weight('say'))
}

/** Ability [n, 1] from the pools' means and counts; `keep`: a dropout mask of the layer between. */
export function ability(ops: TensorOps, weight: Weight, pooled: Tensor, keep: Tensor | null): Tensor {
  const units = ops.relu(ops.add(ops.matMul(pooled, weight('pool')), weight('pool-bias')))
  const kept = keep === null ? units : ops.mul(units, keep)
  return ops.add(ops.matMul(kept, weight('ability')), weight('ability-bias'))
}

/** `steep` is the logarithm of discrimination. The logit of c + (1 - c) sigmoid(x) is log((c + e^x) / (1 - c)). */
export function logitOf(ops: TensorOps, theta: Tensor, difficulty: Tensor, steep: Tensor, guess: number): Tensor {
  const x = ops.mul(ops.exp(steep), ops.sub(theta, difficulty))
  if (guess === 0) return x
  return ops.sub(ops.log(ops.add(ops.scalar(guess), ops.exp(x))), ops.scalar(Math.log(1 - guess)))
}
