import type { RetentionBin } from './retention.ts'

/** Accuracy over the gap: level (1 + days)^-decay. */
export interface Forgetting {
  /** Accuracy, or its ratio to what the models expected, right after practice. */
  level: number
  levelSe: number
  decay: number
  decaySe: number
  /** Days after which half of it is left, 2^(1 / decay) - 1; null where it does not fall. */
  halfLife: number | null
  answers: number
}

/** Fewest answers and bins that a curve is fitted to. */
export const LEAST_ANSWERS = 100
export const LEAST_BINS = 3
const STEPS = 50

/**
 * The power law of forgetting, accuracy = level (1 + days)^-decay (Wickelgren, Memory & Cognition 2, 1974, without its
 * exponential part; Wixted and Ebbesen, Psychological Science 2, 1991), by maximum likelihood: log accuracy is linear in
 * log (1 + days), so it is a binomial regression with a logarithmic link, fitted by Fisher scoring on the bins' counts
 * at their mean gaps. With `adjusted` the models' mean expectation of each bin is an offset: the expectation knows who
 * was asked and not how long ago it was, so the decay is that of the ratio, free of who comes back when.
 * Null where the answers are too few or all in two bins.
 */
export function fitForgetting(bins: readonly RetentionBin[], adjusted: boolean): Forgetting | null {
  const used = bins.filter((b) => b.n > 0)
  const answers = used.reduce((n, b) => n + b.n, 0)
  const right = used.reduce((n, b) => n + b.correct, 0)
  if (answers < LEAST_ANSWERS || used.length < LEAST_BINS || right === 0 || right === answers) return null
  const x = used.map((b) => Math.log1p(b.days / b.n))
  const offset = used.map((b) => (adjusted ? Math.log(b.expected / b.n) : 0))
  const expected = adjusted ? used.reduce((s, b) => s + b.expected, 0) : answers
  let a = Math.min(Math.log(right / expected), ...offset.map((o) => -o - 1e-3))
  let d = 0
  let best = likelihood(used, x, offset, a, d)
  let info = information(used, x, offset, a, d)
  for (let step = 0; step < STEPS; step++) {
    info = information(used, x, offset, a, d)
    const det = info.aa * info.dd - info.ad * info.ad
    if (!(det > 0)) return null
    const da = (info.dd * info.ga - info.ad * info.gd) / det
    const dd = (info.aa * info.gd - info.ad * info.ga) / det
    // Halved until it gains: the logarithmic link allows probabilities above 1, which no likelihood has.
    let scale = 1
    let next = likelihood(used, x, offset, a + da, d + dd)
    while (!(next >= best) && scale > 1e-6) {
      scale /= 2
      next = likelihood(used, x, offset, a + scale * da, d + scale * dd)
    }
    if (!(next >= best)) break
    a += scale * da
    d += scale * dd
    const gained = next - best
    best = next
    if (gained < 1e-10 * answers) break
  }
  info = information(used, x, offset, a, d)
  const det = info.aa * info.dd - info.ad * info.ad
  if (!(det > 0)) return null
  const level = Math.exp(a)
  return {
    level,
    levelSe: level * Math.sqrt(info.dd / det),
    decay: d,
    decaySe: Math.sqrt(info.aa / det),
    halfLife: d > 1e-6 ? Math.exp(Math.LN2 / d) - 1 : null,
    answers,
  }
}

function likelihood(bins: readonly RetentionBin[], x: number[], offset: number[], a: number, d: number): number {
  let sum = 0
  for (const [i, b] of bins.entries()) {
    const log = a + offset[i]! - d * x[i]!
    if (log >= 0) return Number.NEGATIVE_INFINITY
    sum += b.correct * log + (b.n - b.correct) * Math.log(-Math.expm1(log))
  }
  return sum
}

/** Gradient in (log level, decay) and expected information: n p / (1 - p) for each bin. */
function information(bins: readonly RetentionBin[], x: number[], offset: number[], a: number, d: number) {
  const out = { ga: 0, gd: 0, aa: 0, ad: 0, dd: 0 }
  for (const [i, b] of bins.entries()) {
    const p = Math.exp(a + offset[i]! - d * x[i]!)
    const g = (b.correct - b.n * p) / (1 - p)
    const w = (b.n * p) / (1 - p)
    out.ga += g
    out.gd -= g * x[i]!
    out.aa += w
    out.ad -= w * x[i]!
    out.dd += w * x[i]! * x[i]!
  }
  return out
}

/** Share of what was known that is left after so many days: (1 + days)^-decay. */
export function retained(decay: number, days: number): number {
  return Math.exp(-Math.max(0, decay) * Math.log1p(Math.max(0, days)))
}
