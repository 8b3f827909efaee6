import { Random } from '../school/random.ts'
import type { LinearModel } from './linear.ts'

/**
 * A policy gives the probability of each candidate. Choosing draws from exactly these, so that what is logged as the
 * propensity is the probability with which the choice was made.
 */
export interface Policy {
  id: string
  /** @param contexts one per candidate @returns probabilities, in the same order, that add up to 1 */
  probabilities(contexts: readonly Float64Array[]): Float64Array
}

/** Share of choices that is drawn evenly from all candidates, by every policy that learns. */
export const EXPLORE = 0.1

function mixed(best: Float64Array, explore: number): Float64Array {
  return best.map((p) => (1 - explore) * p + explore / best.length)
}

/** All of the probability on the greatest value, in equal parts where several are it. */
function onGreatest(values: readonly number[]): Float64Array {
  const most = Math.max(...values)
  const ties = values.filter((v) => v === most).length
  return Float64Array.from(values, (v) => (v === most ? 1 / ties : 0))
}

export const RANDOM: Policy = {
  id: 'random',
  probabilities: (contexts) => new Float64Array(contexts.length).fill(1 / contexts.length),
}

/** The candidate of least mastery; `explore` of the choices are drawn from all. */
export function weakestFirst(explore = 0): Policy {
  return {
    id: 'weakest-first',
    probabilities: (contexts) => mixed(onGreatest(contexts.map((x) => -x[1]!)), explore),
  }
}

/**
 * LinUCB with weights shared by all topics (Li, Chu, Langford and Schapire, A contextual-bandit approach to personalized
 * news article recommendation, WWW 2010): the greatest expectation plus `alpha` deviations. That choice is certain, and
 * nothing could be learned of the others from its log, so that `explore` of the choices are drawn evenly from all: the
 * best has the probability 1 - explore + explore / n, every other explore / n.
 */
export function linUcb(model: LinearModel, alpha = 1, explore = EXPLORE): Policy {
  return {
    id: 'linucb',
    probabilities: (contexts) =>
      mixed(onGreatest(contexts.map((x) => model.expect(x) + alpha * model.deviation(x))), explore),
  }
}

/** Draws of the weights that Thompson's probabilities are counted over. */
const DRAWS = 400

/**
 * Thompson sampling with a linear model (Agrawal and Goyal, ICML 2013): the probability of a candidate is that of its
 * being the best under weights drawn from the posterior. It has no closed form; it is counted over 400 draws that the
 * seed fixes, and mixed with `explore` of an even choice, so that no probability is 0. The choice is drawn from these
 * counts, not by one more draw of the weights: the logged propensity is exact, and the counting error only makes the
 * policy differ a little from Thompson's own.
 */
export function thompson(model: LinearModel, seed: number, explore = EXPLORE): Policy {
  const random = new Random(seed, 0x7503)
  const d = model.dimension
  const weights = Array.from({ length: DRAWS }, () =>
    model.draw(Float64Array.from({ length: d }, () => random.normal())),
  )
  return {
    id: 'thompson',
    probabilities(contexts) {
      const wins = new Float64Array(contexts.length)
      for (const w of weights) {
        let best = 0
        let most = Number.NEGATIVE_INFINITY
        contexts.forEach((x, c) => {
          let value = 0
          for (let i = 0; i < d; i++) value += x[i]! * w[i]!
          if (value > most) {
            most = value
            best = c
          }
        })
        wins[best]! += 1 / DRAWS
      }
      return mixed(wins, explore)
    },
  }
}

/** Draws a candidate: the same for the same seed. */
export function choose(probabilities: Float64Array, seed: number): number {
  return new Random(seed, 0xc4).weighted([...probabilities])
}
