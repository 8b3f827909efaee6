import type { BktTopic } from '../../models/bkt/model.ts'
import type { PrefixTree } from './sequences.ts'

export interface Interval {
  low: number
  high: number
}

/**
 * What the parameters may be, and what is believed of them before the data: `strength` imaginary observations of
 * `mean`, for each parameter. Strength 0 is plain maximum likelihood within the bounds.
 */
export interface BktConstraints {
  bounds: Record<keyof BktTopic, Interval>
  /** guess + slip at most this, below 1. */
  guessPlusSlip: number
  mean: BktTopic
  strength: Record<keyof BktTopic, number>
}

/** Expected counts of the hidden states and moves, given the answers; two for each parameter: for and against. */
export type Counts = Float64Array
const PRIOR = 0
const LEARN = 2
const FORGET = 4
const GUESS = 6
const SLIP = 8

/** Buffers of the E-step, big enough for the trees that it is used with. */
export class EmWork {
  unknownBefore = new Float64Array(0)
  unknownAfter = new Float64Array(0)
  /** Expected number of sequences through the node whose student lacks the skill there; children add theirs up here. */
  childUnknown = new Float64Array(0)
  readonly counts: Counts = new Float64Array(10)

  fit(size: number): void {
    if (this.unknownBefore.length >= size) return
    this.unknownBefore = new Float64Array(size)
    this.unknownAfter = new Float64Array(size)
    this.childUnknown = new Float64Array(size)
  }
}

/**
 * Scaled forward pass, then the Rauch-Tung-Striebel form of the backward pass, over a tree of prefixes: the smoother is
 * linear in what comes after, so that a node's children can be summed before the step up to it. Fills `work.counts`.
 * @returns log likelihood of the sequences, natural logarithm
 */
export function expect(tree: PrefixTree, p: BktTopic, work: EmWork): number {
  work.fit(tree.size)
  const { size, parent, correct, through, ends } = tree
  const { unknownBefore, unknownAfter, childUnknown, counts } = work
  const { learn, forget, guess, slip } = p
  let loglik = 0
  // What follows the root is the prior.
  for (let i = 1; i < size; i++) {
    const up = parent[i]!
    const a = unknownAfter[up]!
    const u = up === 0 ? 1 - p.prior : a * (1 - learn) + (1 - a) * forget
    const right = correct[i] === 1
    const lucky = u * (right ? guess : 1 - guess)
    const seen = (1 - u) * (right ? 1 - slip : slip) + lucky
    unknownBefore[i] = u
    unknownAfter[i] = lucky / seen
    loglik += through[i]! * Math.log(seen)
  }
  childUnknown.fill(0, 0, size)
  let learned = 0
  let stayed = 0
  let lost = 0
  let kept = 0
  let guessed = 0
  let lacked = 0
  let slipped = 0
  let had = 0
  for (let i = size - 1; i > 0; i--) {
    const a = unknownAfter[i]!
    const on = through[i]! - ends[i]!
    let unknown = ends[i]! * a
    if (on > 0) {
      const next = a * (1 - learn) + (1 - a) * forget
      const later = childUnknown[i]!
      const perUnknown = next > 0 ? later / next : 0
      const perKnown = next < 1 ? (on - later) / (1 - next) : 0
      const stay = a * (1 - learn) * perUnknown
      const move = a * learn * perKnown
      stayed += stay
      learned += move
      lost += (1 - a) * forget * perUnknown
      kept += (1 - a) * (1 - forget) * perKnown
      unknown += stay + move
    }
    childUnknown[parent[i]!]! += unknown
    const known = through[i]! - unknown
    lacked += unknown
    had += known
    if (correct[i] === 1) guessed += unknown
    else slipped += known
  }
  const began = childUnknown[0]!
  counts[PRIOR] = through[0]! - ends[0]! - began
  counts[PRIOR + 1] = began
  counts[LEARN] = learned
  counts[LEARN + 1] = stayed
  counts[FORGET] = lost
  counts[FORGET + 1] = kept
  counts[GUESS] = guessed
  counts[GUESS + 1] = lacked - guessed
  counts[SLIP] = slipped
  counts[SLIP + 1] = had - slipped
  return loglik
}

const clamp = (x: number, { low, high }: Interval) => Math.min(high, Math.max(low, x))

/**
 * Greatest of a1 log x + b1 log(1 - x) + a2 log y + b2 log(1 - y) within the two intervals and x + y <= limit. Each half
 * is concave, so clamping is exact until the sum binds; then the maximum lies on the line x + y = limit, where the
 * derivative falls and bisection finds its zero.
 */
function maximisePair(
  a1: number,
  b1: number,
  first: Interval,
  a2: number,
  b2: number,
  second: Interval,
  limit: number,
  out: Float64Array,
): void {
  const x = clamp(share(a1, b1, first), first)
  const y = clamp(share(a2, b2, second), second)
  out[0] = x
  out[1] = y
  if (x + y <= limit) return
  let low = Math.max(first.low, limit - second.high)
  let high = Math.min(first.high, limit - second.low)
  for (let i = 0; i < 60 && low < high; i++) {
    const m = (low + high) / 2
    const n = limit - m
    if (a1 / m - b1 / (1 - m) - a2 / n + b2 / (1 - n) > 0) low = m
    else high = m
  }
  out[0] = low
  out[1] = limit - low
}

/** Where nothing was counted any value is as good; the interval's low end is the modest one. */
const share = (a: number, b: number, { low }: Interval) => (a + b > 0 ? a / (a + b) : low)

/** The M-step: parameters that maximise the expected penalised log likelihood within the constraints. */
export function maximise(counts: Counts, c: BktConstraints, forgetting: boolean): BktTopic {
  const imagined = (k: keyof BktTopic) => c.strength[k] * c.mean[k]
  const imaginedNot = (k: keyof BktTopic) => c.strength[k] * (1 - c.mean[k])
  const pair = new Float64Array(2)
  const a = (at: number, k: keyof BktTopic) => counts[at]! + imagined(k)
  const b = (at: number, k: keyof BktTopic) => counts[at + 1]! + imaginedNot(k)
  const both = (at1: number, k1: keyof BktTopic, at2: number, k2: keyof BktTopic, limit: number) =>
    maximisePair(a(at1, k1), b(at1, k1), c.bounds[k1], a(at2, k2), b(at2, k2), c.bounds[k2], limit, pair)
  const prior = clamp(share(a(PRIOR, 'prior'), b(PRIOR, 'prior'), c.bounds.prior), c.bounds.prior)
  both(GUESS, 'guess', SLIP, 'slip', c.guessPlusSlip)
  const [guess, slip] = [pair[0]!, pair[1]!]
  if (!forgetting) {
    const learn = clamp(share(a(LEARN, 'learn'), b(LEARN, 'learn'), c.bounds.learn), c.bounds.learn)
    return { prior, learn, slip, guess, forget: 0 }
  }
  // With learn + forget above 1 the skill would come and go in turns.
  both(LEARN, 'learn', FORGET, 'forget', 1)
  return { prior, learn: pair[0]!, slip, guess, forget: pair[1]! }
}

/** Logarithm of the Beta densities of the constraints, without their constants. */
export function penalty(p: BktTopic, c: BktConstraints, forgetting: boolean): number {
  let sum = 0
  for (const k of ['prior', 'learn', 'slip', 'guess', 'forget'] as const) {
    const s = c.strength[k]
    if (s === 0 || (k === 'forget' && !forgetting)) continue
    sum += s * (c.mean[k] * Math.log(p[k]) + (1 - c.mean[k]) * Math.log(1 - p[k]))
  }
  return sum
}

export interface EmResult {
  params: BktTopic
  loglik: number
  /** Log likelihood plus the logarithm of the prior densities: what rises with every iteration. */
  penalised: number
  iterations: number
  converged: boolean
}

/**
 * Expectation maximisation (Baum, Petrie, Soules, Weiss, Annals of Mathematical Statistics 41, 1970; with a prior:
 * Dempster, Laird, Rubin, JRSS B 39, 1977) from `start` until an iteration gains less than `tolerance`, or a time that
 * the iterations are used up. `trace` gets the penalised log likelihood of each iteration's parameters.
 */
export function em(
  tree: PrefixTree,
  start: BktTopic,
  c: BktConstraints,
  o: { forgetting: boolean; iterations: number; tolerance: number },
  work: EmWork,
  trace?: number[],
): EmResult {
  let params = start
  let loglik = expect(tree, params, work)
  let penalised = loglik + penalty(params, c, o.forgetting)
  trace?.push(penalised)
  for (let i = 1; i <= o.iterations; i++) {
    const next = maximise(work.counts, c, o.forgetting)
    const l = expect(tree, next, work)
    const gained = l + penalty(next, c, o.forgetting)
    trace?.push(gained)
    const gain = gained - penalised
    params = next
    loglik = l
    penalised = gained
    if (gain < o.tolerance) return { params, loglik, penalised, iterations: i, converged: true }
  }
  return { params, loglik, penalised, iterations: o.iterations, converged: false }
}
