import type { AnswerLog } from '../../evaluation/answer-log.ts'
import { minimise } from '../../numeric/lbfgs.ts'
import { fourDecimals } from '../artefact.ts'
import { topicsMean } from '../trees/item-stats.ts'

/** logit(calibrated) = a ln p - b ln(1 - p) + c + the topic's shift. */
export interface Calibration {
  a: number
  b: number
  c: number
  topics: { name: string[]; shift: number[]; answers: number[] }
}

const SEARCH = { tolerance: 1e-6, iterations: 100 }
/** Strength with which a and b are drawn to 1 and c to 0, in imaginary answers. */
const PULL = 10
/** A topic with fewer answers is not shifted. */
const LEAST = 100

/**
 * Beta calibration (Kull, Silva Filho & Flach, AISTATS 2017), then a shift per topic drawn towards 0: its Newton step over
 * its curvature plus one over the variance that the shifts have beyond chance.
 * @param logits of rows that what made them did not see
 */
export function fitCalibration(log: AnswerLog, logits: Float64Array): Calibration {
  const low = logits.map((z) => -softplus(-z))
  const high = logits.map((z) => softplus(z))
  const n = Math.max(1, log.size)
  const found = minimise(
    (x, gradient) => {
      const [a, b, c] = [x[0]!, x[1]!, x[2]!]
      const pull = [a - 1, b - 1, c]
      const by = pull.map((d) => PULL * d)
      let loss = pull.reduce((sum, d) => sum + (PULL * d * d) / 2, 0)
      for (let r = 0; r < log.size; r++) {
        const z = a * low[r]! + b * high[r]! + c
        loss += softplus(z) - log.correct[r]! * z
        const error = sigmoid(z) - log.correct[r]!
        by[0]! += error * low[r]!
        by[1]! += error * high[r]!
        by[2]! += error
      }
      gradient.set(by.map((g) => g / n))
      return loss / n
    },
    Float64Array.of(1, 1, 0),
    SEARCH,
  )
  // Falling with p it would turn the ranking round.
  const [a, b, c] = [Math.max(0, found.x[0]!), Math.max(0, found.x[1]!), found.x[2]!]
  const z = low.map((l, r) => a * l + b * high[r]! + c)
  return { a, b, c, topics: shifts(log, z) }
}

function shifts(log: AnswerLog, z: Float64Array): Calibration['topics'] {
  const error = new Float64Array(log.topics.length)
  const curvature = new Float64Array(log.topics.length)
  const answers = new Float64Array(log.topics.length)
  for (let r = 0; r < log.size; r++) {
    const p = sigmoid(z[r]!)
    const share = 1 / (log.topicStart[r + 1]! - log.topicStart[r]!)
    for (let k = log.topicStart[r]!; k < log.topicStart[r + 1]!; k++) {
      const t = log.topic[k]!
      error[t]! += share * (log.correct[r]! - p)
      curvature[t]! += share * p * (1 - p)
      answers[t]!++
    }
  }
  const kept = log.topics.flatMap((_, t) => (answers[t]! >= LEAST ? [t] : []))
  // Moments: the steps' squares are the variance plus one over the curvature, weighted by it.
  let squares = 0
  let weight = 0
  for (const t of kept) {
    squares += (error[t]! * error[t]!) / curvature[t]! - 1
    weight += curvature[t]!
  }
  const variance = weight > 0 ? Math.max(0, squares / weight) : 0
  const shift = (t: number) => (variance > 0 ? error[t]! / (curvature[t]! + 1 / variance) : 0)
  return {
    name: kept.map((t) => log.topics[t]!),
    shift: kept.map((t) => fourDecimals(shift(t))),
    answers: kept.map((t) => answers[t]!),
  }
}

/**
 * Calibrated logits. A row of several topics is shifted by their mean.
 * @param rows of `log` that the logits are of; default: all
 */
export function calibrate(
  { a, b, c, topics }: Calibration,
  log: AnswerLog,
  logits: Float64Array,
  rows?: Int32Array,
): Float64Array {
  const known = new Map(topics.name.map((name, i) => [name, topics.shift[i]!]))
  const shift = Float64Array.from(log.topics, (name) => known.get(name) ?? 0)
  const [curve] = curveOf({ a, b, c })
  return logits.map((z, i) => curve(z) + topicsMean(log, rows === undefined ? i : rows[i]!, (t) => shift[t]!))
}

/** What calibration makes of logits before a topic's shift, and its slope. */
export function curveOf({
  a,
  b,
  c,
}: Pick<Calibration, 'a' | 'b' | 'c'>): [of: (z: number) => number, slope: (z: number) => number] {
  return [(z) => -a * softplus(-z) + b * softplus(z) + c, (z) => a * sigmoid(-z) + b * sigmoid(z)]
}

const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
