import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { Abilities, Items } from './abilities.ts'

/** Nodes and weights of five-point Gauss-Hermite quadrature for a standard normal (Abramowitz and Stegun 25.4.46). */
const NODES = Float64Array.of(-2.8569700138728056, -1.355626179974266, 0, 1.355626179974266, 2.8569700138728056)
const WEIGHTS = Float64Array.of(
  0.011257411327720689,
  0.22207592200561263,
  0.5333333333333333,
  0.22207592200561263,
  0.011257411327720689,
)

/** Prior densities: difficulty N(0, variance), log discrimination N(mean, variance), guessing a Beta with its mode at one over the options. */
export interface ItemPriors {
  difficultyVariance: number
  logDiscrimination: number
  logDiscriminationVariance: number
  /** Imaginary observations of the guessing; items whose number of options is unknown have none and a guessing of 0. */
  guessingStrength: number
  /** Per item, one over its options; 0 where unknown. */
  guessingMode: Float64Array
}

const PARTS = 9
/** Sums per item: gradient of b, log a, logit c; information bb, ba, bc, aa, ac, cc. */
export class ItemSums {
  readonly parts: Float64Array
  readonly answers: Float64Array
  /** Log likelihood under the abilities' distribution, summed. */
  loglik = 0

  constructor(items: number) {
    this.parts = new Float64Array(items * PARTS)
    this.answers = new Float64Array(items)
  }
}

/** Gradient and Fisher information of every item's parameters, averaged over the abilities' posterior. */
export function collect(log: AnswerLog, abilities: Abilities, items: Items, sums: ItemSums, start: StartSums): void {
  const { parts, answers } = sums
  parts.fill(0)
  answers.fill(0)
  start.gain.fill(0)
  start.info.fill(0)
  sums.loglik = 0
  const none = items.difficulty.length - 1
  for (let r = 0; r < log.size; r++) {
    const i = log.item[r]! < 0 ? none : log.item[r]!
    const at = i * PARTS
    const y = log.correct[r]!
    const a = items.discrimination[i]!
    const b = items.difficulty[i]!
    const c = items.guessing[i]!
    const sd = Math.sqrt(abilities.variance[r]!)
    let gs = 0
    let hs = 0
    let likelihood = 0
    for (let k = 0; k < 5; k++) {
      const theta = abilities.mean[r]! + sd * NODES[k]!
      const x = 1 / (1 + Math.exp(a * (b - theta)))
      const p = c + (1 - c) * x
      const w = WEIGHTS[k]!
      const slope = x / p
      const g = w * slope * (y - p)
      const h = w * slope * slope * p * (1 - p)
      const da = a * (theta - b)
      // dP / d logit c = c (1 - P); over P (1 - P) that is c / P.
      const dc = (c / p) * (y - p)
      parts[at]! -= a * g
      parts[at + 1]! += da * g
      parts[at + 2]! += w * dc
      parts[at + 3]! += a * a * h
      parts[at + 4]! -= a * da * h
      parts[at + 6]! += da * da * h
      if (c > 0) {
        const cross = w * slope * (1 - p) * c
        parts[at + 5]! -= a * cross
        parts[at + 7]! += da * cross
        parts[at + 8]! += (w * c * c * (1 - p)) / p
      }
      gs += a * g
      hs += a * a * h
      likelihood += w * (y === 1 ? p : 1 - p)
    }
    sums.loglik += Math.log(likelihood)
    answers[i]!++
    const n = log.topicStart[r + 1]! - log.topicStart[r]!
    for (let j = log.topicStart[r]!; j < log.topicStart[r + 1]!; j++) {
      start.gain[log.topic[j]!]! += gs / n
      start.info[log.topic[j]!]! += hs / n
    }
  }
}

/** Sums per topic for where its ability starts. */
export interface StartSums {
  gain: Float64Array
  info: Float64Array
}

const limited = (x: number, most: number) => Math.max(-most, Math.min(most, x))

/** One Fisher scoring step of every item that was answered. The last item, "none", stays where it is. */
export function moveItems(items: Items, sums: ItemSums, priors: ItemPriors): void {
  for (let i = 0; i < items.difficulty.length - 1; i++) {
    if (sums.answers[i] === 0) continue
    const m = posteriorOf(items, sums, priors, i)
    const step = solve(m)
    const c = items.guessing[i]!
    items.difficulty[i] = limited(items.difficulty[i]! + limited(step[0]!, 1), 8)
    items.discrimination[i] = items.discrimination[i]! * Math.exp(limited(step[1]!, 0.3))
    if (c > 0) {
      const logit = Math.log(c / (1 - c)) + limited(step[2]!, 0.5)
      items.guessing[i] = Math.min(0.6, 1 / (1 + Math.exp(-logit)))
    }
  }
}

interface Posterior {
  gradient: [number, number, number]
  /** bb, ba, bc, aa, ac, cc */
  precision: [number, number, number, number, number, number]
}

function posteriorOf(items: Items, { parts }: ItemSums, o: ItemPriors, i: number): Posterior {
  const at = i * PARTS
  const c = items.guessing[i]!
  const mode = o.guessingMode[i]!
  const log = Math.log(items.discrimination[i]!)
  return {
    gradient: [
      parts[at]! - items.difficulty[i]! / o.difficultyVariance,
      parts[at + 1]! - (log - o.logDiscrimination) / o.logDiscriminationVariance,
      c > 0 ? parts[at + 2]! + o.guessingStrength * (mode - c) : 0,
    ],
    precision: [
      parts[at + 3]! + 1 / o.difficultyVariance,
      parts[at + 4]!,
      parts[at + 5]!,
      parts[at + 6]! + 1 / o.logDiscriminationVariance,
      parts[at + 7]!,
      c > 0 ? parts[at + 8]! + o.guessingStrength * c * (1 - c) : 1,
    ],
  }
}

/** Inverse of the symmetric 3 x 3 precision: bb, ba, bc, aa, ac, cc. */
function invert([a, b, c, d, e, f]: Posterior['precision']): Posterior['precision'] {
  const ca = d * f - e * e
  const cb = c * e - b * f
  const cc = b * e - c * d
  const det = a * ca + b * cb + c * cc
  return [ca / det, cb / det, cc / det, (a * f - c * c) / det, (b * c - a * e) / det, (a * d - b * b) / det]
}

function solve({ gradient: [x, y, z], precision }: Posterior): [number, number, number] {
  const [bb, ba, bc, aa, ac, cc] = invert(precision)
  return [bb * x + ba * y + bc * z, ba * x + aa * y + ac * z, bc * x + ac * y + cc * z]
}

/** Standard errors of difficulty, discrimination and guessing: roots of the posterior variances, by the delta method. */
export function standardErrors(items: Items, sums: ItemSums, priors: ItemPriors, i: number): [number, number, number] {
  const [bb, , , aa, , cc] = invert(posteriorOf(items, sums, priors, i).precision)
  const c = items.guessing[i]!
  return [Math.sqrt(bb), items.discrimination[i]! * Math.sqrt(aa), c > 0 ? c * (1 - c) * Math.sqrt(cc) : 0]
}
