/**
 * Weighted ridge regression of rewards on contexts, as sums that add up over parts of the data: precision
 * A = lambda I + sum w x x', b = sum w r x. With prior weights of N(0, v / lambda) and noise v / w it is the Bayesian
 * posterior N(A^-1 b, v A^-1).
 */
export interface LinearSums {
  dimension: number
  /** Row-major, without the prior. */
  xx: Float64Array
  xr: Float64Array
  /** Sum of w r^2, of w, and the number of rewards. */
  rr: number
  weight: number
  n: number
}

export function noSums(dimension: number): LinearSums {
  return {
    dimension,
    xx: new Float64Array(dimension * dimension),
    xr: new Float64Array(dimension),
    rr: 0,
    weight: 0,
    n: 0,
  }
}

export function addReward(s: LinearSums, x: ArrayLike<number>, reward: number, weight = 1): void {
  const d = s.dimension
  for (let i = 0; i < d; i++) {
    const wx = weight * x[i]!
    s.xr[i]! += wx * reward
    for (let j = 0; j < d; j++) s.xx[i * d + j]! += wx * x[j]!
  }
  s.rr += weight * reward * reward
  s.weight += weight
  s.n++
}

export function addSums(into: LinearSums, more: LinearSums): void {
  for (let i = 0; i < into.xx.length; i++) into.xx[i]! += more.xx[i]!
  for (let i = 0; i < into.xr.length; i++) into.xr[i]! += more.xr[i]!
  into.rr += more.rr
  into.weight += more.weight
  into.n += more.n
}

/** Noise before any reward is known: a stretch of eight answers, sqrt(2 x 0.2 / 4). */
const USUAL_VARIANCE = 0.1
/** Rewards that the usual noise counts for. */
const VARIANCE_PRIOR = 10

/** The posterior of the weights. */
export class LinearModel {
  readonly dimension: number
  readonly mean: Float64Array
  /** Of one reward of weight 1. */
  readonly noise: number
  readonly n: number
  /** Lower triangle of the Cholesky factor L of A = L L'. */
  private readonly factor: Float64Array

  /** @param lambda prior precision of each weight, in rewards of weight 1 */
  constructor(sums: LinearSums, lambda: number) {
    const d = sums.dimension
    const a = Float64Array.from(sums.xx)
    for (let i = 0; i < d; i++) a[i * d + i]! += lambda
    this.dimension = d
    this.n = sums.n
    this.factor = cholesky(a, d)
    this.mean = backward(this.factor, forward(this.factor, sums.xr))
    let explained = 0
    for (let i = 0; i < d; i++) explained += this.mean[i]! * sums.xr[i]!
    this.noise = (Math.max(0, sums.rr - explained) + VARIANCE_PRIOR * USUAL_VARIANCE) / (sums.n + VARIANCE_PRIOR)
  }

  /** Expected reward. */
  expect(x: ArrayLike<number>): number {
    let sum = 0
    for (let i = 0; i < this.dimension; i++) sum += x[i]! * this.mean[i]!
    return sum
  }

  /** Its standard deviation, the noise of a single reward apart: sqrt(noise x' A^-1 x). */
  deviation(x: ArrayLike<number>): number {
    const z = forward(this.factor, x)
    let sum = 0
    for (const v of z) sum += v * v
    return Math.sqrt(this.noise * sum)
  }

  /** Weights drawn from the posterior, given standard normals: mean + sqrt(noise) L'^-1 z has covariance noise A^-1. */
  draw(normals: ArrayLike<number>): Float64Array {
    const step = backward(this.factor, normals)
    const scale = Math.sqrt(this.noise)
    return this.mean.map((m, i) => m + scale * step[i]!)
  }
}

function cholesky(a: Float64Array, d: number): Float64Array {
  const l = new Float64Array(d * d)
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * d + j]!
      for (let k = 0; k < j; k++) sum -= l[i * d + k]! * l[j * d + k]!
      if (i === j && !(sum > 0))
        throw new Error('The precision of the bandit is not positive definite: a context or a reward is no number.')
      l[i * d + j] = i === j ? Math.sqrt(sum) : sum / l[j * d + j]!
    }
  return l
}

/** L^-1 v. */
function forward(l: Float64Array, v: ArrayLike<number>): Float64Array {
  const d = v.length
  const out = new Float64Array(d)
  for (let i = 0; i < d; i++) {
    let sum = v[i]!
    for (let k = 0; k < i; k++) sum -= l[i * d + k]! * out[k]!
    out[i] = sum / l[i * d + i]!
  }
  return out
}

/** L'^-1 v. */
function backward(l: Float64Array, v: ArrayLike<number>): Float64Array {
  const d = v.length
  const out = new Float64Array(d)
  for (let i = d - 1; i >= 0; i--) {
    let sum = v[i]!
    for (let k = i + 1; k < d; k++) sum -= l[k * d + i]! * out[k]!
    out[i] = sum / l[i * d + i]!
  }
  return out
}
