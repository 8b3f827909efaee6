/** Points and weights of a quadrature on 0 to 1. */
export interface Quadrature {
  at: Float64Array
  weight: Float64Array
}

const made: Quadrature[] = []

/**
 * Gauss-Legendre quadrature of n points, exact for polynomials of degree 2n - 1 and less. The roots of a Legendre
 * polynomial lie between those of the one before, so that halving finds them: with additions and multiplications alone,
 * the same doubles everywhere.
 */
export function gauss(n: number): Quadrature {
  for (let k = made.length; k <= n; k++) made.push(ofRoots(rootsBetween(k)))
  return made[n]!
}

/** Roots by degree, from -1 to 1. */
const roots: number[][] = [[]]

function rootsBetween(n: number): number[] {
  const before = roots[n - 1]
  if (before === undefined) return []
  const ends = [-1, ...before, 1]
  const found = ends.slice(1).map((high, i) => bisected(n, ends[i]!, high))
  roots[n] = found
  return found
}

/** As many halvings as a double can tell apart. */
const HALVINGS = 60

function bisected(n: number, from: number, to: number): number {
  let [low, high] = [from, to]
  const rises = legendre(n, low).value < 0
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if (legendre(n, middle).value < 0 === rises) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Value and slope of the Legendre polynomial of degree n by its recurrence; the slope inside of -1 to 1. */
function legendre(n: number, x: number): { value: number; slope: number } {
  let [before, value] = [0, 1]
  for (let k = 1; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k]
  return { value, slope: (n * (x * value - before)) / (x * x - 1) }
}

function ofRoots(on: readonly number[]): Quadrature {
  const n = on.length
  const weight = on.map((x) => {
    const { slope } = legendre(n, x)
    return 1 / ((1 - x * x) * slope * slope)
  })
  return { at: Float64Array.from(on, (x) => (1 + x) / 2), weight: Float64Array.from(weight) }
}
