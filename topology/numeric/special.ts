/** Lanczos coefficients for g = 7, n = 9 (P. Godfrey); relative error below 1e-14 for x > 0. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]
const HALF_LOG_TWO_PI = 0.9189385332046727
const TINY = 1e-300
const EPSILON = 1e-16

/** Natural logarithm of the gamma function, x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const y = x - 1
  let sum = LANCZOS[0]!
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (y + i)
  const t = y + 7.5
  return HALF_LOG_TWO_PI + (y + 0.5) * Math.log(t) - t + Math.log(sum)
}

/**
 * Regularised upper incomplete gamma function Q(a, x): series below a + 1, Lentz's continued fraction above (Press et al.,
 * Numerical Recipes, 6.2). a > 0, x >= 0.
 */
export function gammaQ(a: number, x: number): number {
  if (!(x > 0)) return 1
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a))
  if (x < a + 1) {
    let term = 1 / a
    let sum = term
    for (let n = 1; n < 10_000 && Math.abs(term) > EPSILON * Math.abs(sum); n++) {
      term *= x / (a + n)
      sum += term
    }
    return Math.max(0, 1 - sum * scale)
  }
  let b = x + 1 - a
  let c = 1 / TINY
  let d = 1 / b
  let h = d
  for (let i = 1; i < 10_000; i++) {
    const an = -i * (i - a)
    b += 2
    d = 1 / nonZero(an * d + b)
    c = nonZero(b + an / c)
    const delta = d * c
    h *= delta
    if (Math.abs(delta - 1) < EPSILON * 8) break
  }
  return scale * h
}

const nonZero = (x: number) => (Math.abs(x) < TINY ? TINY : x)

/** Regularised incomplete beta function I_x(a, b) by Lentz's continued fraction (Numerical Recipes, 6.4). */
export function betaI(a: number, b: number, x: number): number {
  if (!(x > 0)) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x))
  return x < (a + 1) / (a + b + 2) ? (front * fraction(a, b, x)) / a : 1 - (front * fraction(b, a, 1 - x)) / b
}

function fraction(a: number, b: number, x: number): number {
  let c = 1
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m < 10_000; m++) {
    let an = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / nonZero(1 + an * d)
    c = nonZero(1 + an / c)
    h *= d * c
    an = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / nonZero(1 + an * d)
    c = nonZero(1 + an / c)
    const delta = d * c
    h *= delta
    if (Math.abs(delta - 1) < EPSILON * 8) break
  }
  return h
}

/** Chance that a chi-square variable with `df` degrees of freedom is greater than x. */
export const chiSquareTail = (x: number, df: number): number => gammaQ(df / 2, x / 2)

/** Chance that an F variable with (m, n) degrees of freedom is greater than x. */
export const fTail = (x: number, m: number, n: number): number => (x > 0 ? betaI(n / 2, m / 2, n / (n + m * x)) : 1)

/** Chance that a standard normal variable is greater than z; erfc by the incomplete gamma function. */
export function normalTail(z: number): number {
  const half = 0.5 * gammaQ(0.5, (z * z) / 2)
  return z >= 0 ? half : 1 - half
}

/** Chance that Student's t with `df` degrees of freedom is further from 0 than t. */
export const tBothTails = (t: number, df: number): number => (t === 0 ? 1 : betaI(df / 2, 0.5, df / (df + t * t)))

/** The greatest x whose tail is at least p, of a tail that falls from 1 to 0 over x >= 0; bisection to 1e-9 of x. */
export function criticalValue(tail: (x: number) => number, p: number): number {
  let high = 1
  while (tail(high) > p && high < 1e12) high *= 2
  let low = 0
  for (let i = 0; i < 200 && high - low > 1e-9 * high; i++) {
    const middle = (low + high) / 2
    if (tail(middle) > p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
