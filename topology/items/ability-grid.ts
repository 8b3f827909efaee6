import { sigmoid } from '../models/model.ts'

const STEP = 0.25
const BINS = 64
const HALF = BINS / 2
/** Variance of the difficulty around 0 before any answer, logits squared: an item that all answer right has one, too. */
const PRIOR_VARIANCE = 4
const ITERATIONS = 60

/** An estimate in logits with its standard error. */
export interface Estimate {
  value: number
  se: number
}

/** Mean squares of standardised residuals, 1 expected, and what they are as standard normal deviates. */
export interface Fit {
  infit: number
  infitZ: number
  outfit: number
  outfitZ: number
}

/**
 * Answers by the ability before them, in bins of a quarter logit from -8 to 8; a bin keeps its abilities' sum, so that
 * what is computed from bins differs little from what the single answers give: of a hundred, the difficulty by less than
 * 0.01, the mean squares by less than 0.03.
 * Grids of parts of the answers merge to the grid of all of them.
 */
export class AbilityGrid {
  readonly answers = new Float64Array(BINS)
  readonly right = new Float64Array(BINS)
  readonly abilities = new Float64Array(BINS)

  add(ability: number, correct: boolean): void {
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor(ability / STEP) + HALF))
    this.answers[bin]!++
    this.abilities[bin]! += ability
    if (correct) this.right[bin]!++
  }

  merge(other: AbilityGrid): void {
    for (let k = 0; k < BINS; k++) {
      this.answers[k]! += other.answers[k]!
      this.right[k]! += other.right[k]!
      this.abilities[k]! += other.abilities[k]!
    }
  }

  /**
   * The difficulty b under which P(right) = 1 / (1 + exp(b - ability)) fits these answers: maximum a posteriori under
   * N(0, 4), by Newton's method; the standard error is the posterior's, 1 / sqrt(sum of P (1 - P) + 1 / 4).
   */
  difficulty(): Estimate {
    let b = 0
    let information = 0
    for (let i = 0; i < ITERATIONS; i++) {
      let gradient = -b / PRIOR_VARIANCE
      information = 1 / PRIOR_VARIANCE
      for (let k = 0; k < BINS; k++) {
        const n = this.answers[k]!
        if (n === 0) continue
        const p = sigmoid(this.abilities[k]! / n - b)
        gradient += n * p - this.right[k]!
        information += n * p * (1 - p)
      }
      const step = Math.max(-1, Math.min(1, gradient / information))
      b += step
      if (Math.abs(step) < 1e-10) break
    }
    return { value: b, se: 1 / Math.sqrt(information) }
  }

  /**
   * Share of right answers among the ablest `share` less that among the least able (Kelley, Journal of Educational
   * Psychology 30, 1939, for 27 %). A group's end within a bin takes part of the bin, right and wrong alike. NaN for none.
   */
  upperLower(share = 0.27): number {
    let total = 0
    for (const n of this.answers) total += n
    const wanted = share * total
    if (wanted === 0) return Number.NaN
    const rate = (from: number, step: number): number => {
      let left = wanted
      let right = 0
      for (let k = from; left > 0 && k >= 0 && k < BINS; k += step) {
        const n = this.answers[k]!
        if (n === 0) continue
        const taken = Math.min(n, left)
        right += (this.right[k]! * taken) / n
        left -= taken
      }
      return right / wanted
    }
    return rate(BINS - 1, -1) - rate(0, 1)
  }

  /**
   * Information-weighted and plain mean square of (y - P) / sqrt(P (1 - P)) for an item of difficulty `b` (Wright &
   * Masters, Rating Scale Analysis, 1982, ch. 5): above 1 answers are noisier than the ability says, below 1 they follow
   * it more closely. The deviates by the cube root of Wilson & Hilferty (1931), with the mean squares' model variances.
   */
  fit(b: number): Fit {
    let n = 0
    let squares = 0
    let weight = 0
    let standard = 0
    let spreadIn = 0
    let spreadOut = 0
    for (let k = 0; k < BINS; k++) {
      const count = this.answers[k]!
      if (count === 0) continue
      const p = sigmoid(this.abilities[k]! / count - b)
      const w = p * (1 - p)
      const square = this.right[k]! * (1 - p) * (1 - p) + (count - this.right[k]!) * p * p
      n += count
      squares += square
      weight += count * w
      standard += square / w
      // Fourth central moment of an answer: P (1 - P) (1 - 3 P (1 - P)).
      spreadIn += count * (w * (1 - 3 * w) - w * w)
      spreadOut += count * ((1 - 3 * w) / w - 1)
    }
    const infit = squares / weight
    const outfit = standard / n
    return {
      infit,
      infitZ: deviate(infit, Math.sqrt(spreadIn) / weight),
      outfit,
      outfitZ: deviate(outfit, Math.sqrt(spreadOut) / n),
    }
  }
}

function deviate(meanSquare: number, sd: number): number {
  return sd > 0 ? (Math.cbrt(meanSquare) - 1) * (3 / sd) + sd / 3 : 0
}
