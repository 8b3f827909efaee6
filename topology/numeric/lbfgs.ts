/** A smooth function: gives its value at x and writes its gradient there. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number

export interface Minimum {
  x: Float64Array
  value: number
  iterations: number
  /** The gradient's largest part fell to `tolerance` or below; false where the iterations ran out before. */
  converged: boolean
}

/** Pairs of steps and gradient changes that stand for the curvature. */
const MEMORY = 8
const ARMIJO = 1e-4
const LEAST_STEP = 1e-12

/**
 * Least value of a smooth convex function by L-BFGS (Nocedal & Wright, Numerical Optimization, 2006, algorithms 7.4 and
 * 7.5) with step halving under Armijo's condition; a pair without positive curvature is not kept. Deterministic.
 * @param tolerance of the gradient's largest part
 * @param onIteration is told the value; what it throws ends the search
 */
export function minimise(
  f: Objective,
  start: Float64Array,
  { tolerance, iterations }: { tolerance: number; iterations: number },
  onIteration?: (done: number, value: number) => void,
): Minimum {
  const n = start.length
  let x = Float64Array.from(start)
  let g = new Float64Array(n)
  let value = f(x, g)
  const steps: Float64Array[] = []
  const changes: Float64Array[] = []
  const rho: number[] = []
  for (let k = 0; k < iterations; k++) {
    if (largest(g) <= tolerance) return { x, value, iterations: k, converged: true }
    const d = direction(g, steps, changes, rho)
    const slope = dot(d, g)
    let step = k === 0 ? Math.min(1, 1 / largest(g)) : 1
    const next = new Float64Array(n)
    const gNext = new Float64Array(n)
    let reached = 0
    for (;;) {
      for (let i = 0; i < n; i++) next[i] = x[i]! + step * d[i]!
      reached = f(next, gNext)
      if (reached <= value + ARMIJO * step * slope) break
      step /= 2
      // Rounding hides any further descent.
      if (step < LEAST_STEP) return { x, value, iterations: k, converged: false }
    }
    const s = next.map((v, i) => v - x[i]!)
    const y = gNext.map((v, i) => v - g[i]!)
    const curvature = dot(s, y)
    if (curvature > 0) {
      steps.push(s)
      changes.push(y)
      rho.push(1 / curvature)
      if (steps.length > MEMORY) for (const list of [steps, changes, rho]) list.shift()
    }
    x = next
    g = gNext
    value = reached
    onIteration?.(k + 1, value)
  }
  return { x, value, iterations, converged: largest(g) <= tolerance }
}

/** Minus the inverse curvature times the gradient: the two-loop recursion. */
function direction(
  g: Float64Array,
  steps: readonly Float64Array[],
  changes: readonly Float64Array[],
  rho: readonly number[],
): Float64Array {
  const q = g.map((v) => -v)
  const alpha: number[] = []
  for (let k = steps.length - 1; k >= 0; k--) {
    alpha[k] = rho[k]! * dot(steps[k]!, q)
    add(q, changes[k]!, -alpha[k]!)
  }
  const last = changes.at(-1)
  if (last) {
    const scale = 1 / (rho.at(-1)! * dot(last, last))
    for (let i = 0; i < q.length; i++) q[i]! *= scale
  }
  for (let k = 0; k < steps.length; k++) add(q, steps[k]!, alpha[k]! - rho[k]! * dot(changes[k]!, q))
  return q
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function add(to: Float64Array, what: Float64Array, times: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += times * what[i]!
}

function largest(g: Float64Array): number {
  let most = 0
  for (const v of g) most = Math.max(most, Math.abs(v))
  return most
}
