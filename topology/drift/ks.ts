import { logGamma } from '../numeric/special.ts'

/**
 * P of a two-sample Kolmogorov-Smirnov distance as if the effective size n·m/(n+m), rounded, were one sample's against
 * a known distribution: SciPy's "asymp".
 */
export function ksAsymptoticP(d: number, n: number, m: number): number {
  return ksOneSampleTail(d, Math.round((n * m) / (n + m)))
}

/**
 * P(D >= d) of one sample of n against a known continuous distribution. Exact: 1 - Durbin's matrix (Marsaglia, Tsang &
 * Wang, Journal of Statistical Software 8:18, 2003), and where less than 1e-6 is left twice the one-sided tail, which
 * is then right to more digits than the difference would be.
 */
export function ksOneSampleTail(d: number, n: number): number {
  if (d <= 0.5 / n) return 1
  if (d >= 1) return 0
  const twice = 2 * smirnovTail(d, n)
  if (d >= 0.5 || twice < 1e-6) return twice
  const tail = n > 140 && n * d * Math.sqrt(d) > 1.4 ? pelzGoodTail(d, n) : 1 - durbin(d, n)
  return Math.max(0, Math.min(1, tail))
}

/**
 * The expansion of Pelz & Good (1976) as Simard & L'Ecuyer give it (Journal of Statistical Software 39:11, 2011): three
 * terms in 1 / sqrt n after Kolmogorov's, right to six digits or more from n of 140 on.
 */
function pelzGoodTail(d: number, n: number): number {
  const root = Math.sqrt(n)
  const z = root * d
  const z2 = z * z
  const [z3, z4, z6] = [z2 * z, z2 * z2, z2 * z2 * z2]
  const z8 = z4 * z4
  const c = Math.sqrt(Math.PI / 2)
  const sums = [0, 0, 0, 0, 0, 0]
  for (let k = -TERMS; k < TERMS; k++) {
    const odd = Math.PI * Math.PI * (k + 0.5) * (k + 0.5)
    const even = Math.PI * Math.PI * k * k
    const e = Math.exp(-odd / (2 * z2))
    const f = Math.exp(-even / (2 * z2))
    sums[0]! += e
    sums[1]! += (odd - z2) * e
    sums[2]! += (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * odd + (1 - 2 * z2) * odd * odd) * e
    sums[3]! += even * f
    sums[4]! +=
      ((5 - 30 * z2) * odd * odd * odd +
        (212 * z4 - 60 * z2) * odd * odd +
        (135 * z4 - 96 * z6) * odd -
        (30 * z6 + 90 * z8)) *
      e
    sums[5]! += (3 * even * z2 - even * even) * f
  }
  const [s0, s1, s2, s3, s4, s5] = sums as [number, number, number, number, number, number]
  const k0 = (c / z) * s0
  const k1 = (c / (6 * z4)) * s1
  const k2 = (c / (72 * z4 * z3)) * s2 - (c / (36 * z3)) * s3
  const k3 = (c / (6480 * z8 * z2)) * s4 + (c / (216 * z6)) * s5
  return 1 - (k0 + k1 / root + k2 / n + k3 / (n * root))
}

/** Terms on either side; z is at most about 3 where more than 1e-6 is left. */
const TERMS = 20

/** One-sided: d Σ_j C(n,j) (j/n + d)^(j-1) (1 - j/n - d)^(n-j) (Birnbaum & Tingey 1951). */
function smirnovTail(d: number, n: number): number {
  let sum = 0
  const most = Math.floor(n * (1 - d))
  for (let j = 0; j <= most; j++) {
    const left = 1 - j / n - d
    if (left <= 0 && j < n) continue
    const ways = logGamma(n + 1) - logGamma(j + 1) - logGamma(n - j + 1)
    sum += Math.exp(ways + (j - 1) * Math.log(j / n + d) + (j === n ? 0 : (n - j) * Math.log(left)))
  }
  return d * sum
}

function durbin(d: number, n: number): number {
  const k = Math.floor(n * d) + 1
  const size = 2 * k - 1
  const h = k - n * d
  const H = new Float64Array(size * size)
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) H[i * size + j] = i - j + 1 < 0 ? 0 : 1
  let power = 1
  for (let i = 0; i < size; i++) {
    power *= h
    H[i * size]! -= power
    H[(size - 1) * size + (size - 1 - i)]! -= power
  }
  if (2 * h - 1 > 0) {
    let p = 1
    for (let i = 0; i < size; i++) p *= 2 * h - 1
    H[(size - 1) * size]! += p
  }
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) if (i - j + 1 > 0) for (let g = 1; g <= i - j + 1; g++) H[i * size + j]! /= g
  let { matrix, exponent } = raised(H, size, n)
  let s = matrix[(k - 1) * size + k - 1]!
  for (let i = 1; i <= n; i++) {
    s = (s * i) / n
    if (s < 1e-140) {
      s *= 1e140
      exponent -= 140
    }
  }
  for (; exponent > 0; exponent--) s *= 10
  for (; exponent < 0; exponent++) s /= 10
  return s
}

/** A matrix's n-th power, as a matrix times a power of ten. */
function raised(m: Float64Array, size: number, n: number): { matrix: Float64Array; exponent: number } {
  if (n === 1) return { matrix: m, exponent: 0 }
  const half = raised(m, size, Math.floor(n / 2))
  let matrix = times(half.matrix, half.matrix, size)
  let exponent = 2 * half.exponent
  if (n % 2 === 1) matrix = times(m, matrix, size)
  if (matrix[(size >> 1) * size + (size >> 1)]! > 1e140) {
    for (let i = 0; i < matrix.length; i++) matrix[i]! *= 1e-140
    exponent += 140
  }
  return { matrix, exponent }
}

function times(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const c = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) {
      const v = a[i * size + k]!
      if (v === 0) continue
      for (let j = 0; j < size; j++) c[i * size + j]! += v * b[k * size + j]!
    }
  return c
}

/**
 * P(D >= d) of two samples without ties, exact: the share of lattice paths from (0,0) to (n,m) that somewhere leave the
 * band |i/n - j/m| < d (Hodges 1957). Counted as chances, step by step, so that nothing overflows.
 */
export function ksExactP(d: number, n: number, m: number): number {
  // The distance is a multiple of 1/(n·m); what rounding took from it is given back.
  const least = Math.round(d * n * m)
  const inside = (i: number, j: number) => Math.abs(i * m - j * n) < least
  // out[j]: chance that a path that is at (i,j) has left the band before or there.
  const out = new Float64Array(m + 1)
  for (let i = 0; i <= n; i++)
    for (let j = 0; j <= m; j++) {
      if (!inside(i, j)) out[j] = 1
      else if (i + j === 0) out[j] = 0
      else {
        // Of the paths to (i,j), i/(i+j) come from below in i, the others from below in j.
        const before = i > 0 ? out[j]! : 0
        const beside = j > 0 ? out[j - 1]! : 0
        out[j] = (i * before + j * beside) / (i + j)
      }
    }
  return out[m]!
}
