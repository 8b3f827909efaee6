import { differenceInterval, type Interval, interval } from '../evaluation/bootstrap.ts'
import { Random } from '../school/random.ts'

/** One choice that was made, and what a policy under evaluation would have done there. */
export interface LoggedChoice {
  /** Choices of one student are drawn together. */
  student: number
  reward: number
  /** Probability with which the log's own policy chose what it chose. */
  propensity: number
  /** Probability with which the policy under evaluation chooses the same. */
  target: number
  /** The reward model's expectation for what was chosen, and its mean under the policy under evaluation. */
  expected: number
  expectedUnderTarget: number
}

export interface Estimate extends Interval {
  value: number
}

export interface OffPolicyEstimates {
  ips: Estimate
  snips: Estimate
  dr: Estimate
  /** Kish's effective number of choices, (sum w)^2 / sum w^2. */
  effective: number
  choices: number
  /** Greatest weight. */
  greatest: number
}

/** Values of the estimators per bootstrap draw. */
export interface OffPolicyDraws {
  ips: Float64Array
  snips: Float64Array
  dr: Float64Array
}

export interface OffPolicyResult {
  estimates: OffPolicyEstimates
  draws: OffPolicyDraws
}

/** Sums over one student's choices: number, weights, weighted rewards, doubly robust terms. */
type Sums = [n: number, w: number, wr: number, dr: number]

/**
 * Value of a policy, the expected reward of a choice in the contexts of the log, from choices that another one made:
 * inverse propensity, mean of w r with w = target / propensity (Horvitz and Thompson 1952), which is unbiased;
 * self-normalised, sum of w r over sum of w (Swaminathan and Joachims, NeurIPS 2015), slightly biased and steadier; doubly
 * robust, mean of the reward model's value plus w times its error (Dudík, Langford and Li, ICML 2011), unbiased where
 * the propensities are right, and steadier the better the model. Intervals: percentiles of a bootstrap over students.
 * @throws Error for a propensity of 0: the log can't say what was not tried
 */
export function offPolicy(
  choices: Iterable<LoggedChoice>,
  { seed, draws }: { seed: number; draws: number },
): OffPolicyResult {
  const students = new Map<number, Sums>()
  const all: Sums = [0, 0, 0, 0]
  let squares = 0
  let greatest = 0
  for (const c of choices) {
    if (!(c.propensity > 0)) throw new Error('A logged choice has the propensity 0; such a log can not be weighed.')
    const w = c.target / c.propensity
    squares += w * w
    greatest = Math.max(greatest, w)
    let mine = students.get(c.student)
    if (!mine) students.set(c.student, (mine = [0, 0, 0, 0]))
    const dr = c.expectedUnderTarget + w * (c.reward - c.expected)
    for (const s of [mine, all]) {
      s[0]++
      s[1] += w
      s[2] += w * c.reward
      s[3] += dr
    }
  }
  const clusters = [...students.values()]
  const random = new Random(seed, 0x0ff)
  const ips = new Float64Array(draws)
  const snips = new Float64Array(draws)
  const dr = new Float64Array(draws)
  for (let d = 0; d < draws; d++) {
    const drawn: Sums = [0, 0, 0, 0]
    for (let i = 0; i < clusters.length; i++) {
      const one = clusters[Math.floor(random.uniform() * clusters.length)]!
      for (let j = 0; j < 4; j++) drawn[j]! += one[j]!
    }
    ips[d] = drawn[2] / drawn[0]
    snips[d] = drawn[2] / drawn[1]
    dr[d] = drawn[3] / drawn[0]
  }
  return {
    estimates: {
      ips: { value: all[2] / all[0], ...interval(ips) },
      snips: { value: all[2] / all[1], ...interval(snips) },
      dr: { value: all[3] / all[0], ...interval(dr) },
      effective: squares > 0 ? (all[1] * all[1]) / squares : 0,
      choices: all[0],
      greatest,
    },
    draws: { ips, snips, dr },
  }
}

/** By how much one policy is worth more than another by an estimator; both from one log, with one seed: on the same draws. */
export function difference(a: OffPolicyResult, b: OffPolicyResult, by: keyof OffPolicyDraws): Estimate {
  return { value: a.estimates[by].value - b.estimates[by].value, ...differenceInterval(a.draws[by], b.draws[by]) }
}
