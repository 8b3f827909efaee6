import type { Curriculum, ItemParameters } from './curriculum.ts'
import { ABILITY_SD, probability, START, START_SD } from './skill.ts'

/** Gauss-Hermite rule of order 7 for a standard normal (Abramowitz and Stegun, table 25.10, rescaled by sqrt 2 and 1/sqrt pi). */
const NODES = [0, 1.1544053947399682, 2.3667594107345415, 3.7504397177257425]
const WEIGHTS = [0.4571428571428573, 0.2401231786050126, 0.0307571239675865, 0.000548268855972218]
const Z = Float64Array.from([...NODES.slice(1).map((z) => -z), ...NODES])
const W = Float64Array.from([...WEIGHTS.slice(1), ...WEIGHTS])

/**
 * The ideal observer of one student: it knows every parameter of the generator (growth, forgetting, items, profile, and
 * the population that the student was drawn from), not the student's ability and skills, and sees the answers, with
 * their hints, attempt numbers and response times. State: the joint normal of ability and the skills of the topics met.
 * Prediction is exact (the process is linear, see skill.ts). An answer is folded by moment matching along the line that
 * it measures (assumed-density filtering: Opper 1998, Minka 2001), its integrals by quadrature.
 */
export class Observer {
  readonly #curriculum: Curriculum
  readonly #mean: Float64Array
  readonly #cov: Float64Array
  readonly #gain: Float64Array
  readonly #stride: number
  /** Topic to its dimension; 0, which is the ability's, where the topic was not met. */
  readonly #slot: Uint8Array
  #size = 1

  constructor(curriculum: Curriculum, ability: number) {
    this.#curriculum = curriculum
    this.#stride = curriculum.topics.length + 1
    this.#mean = new Float64Array(this.#stride)
    this.#gain = new Float64Array(this.#stride)
    this.#cov = new Float64Array(this.#stride * this.#stride)
    this.#slot = new Uint8Array(curriculum.topics.length)
    this.#mean[0] = ability
    this.#cov[0] = ABILITY_SD * ABILITY_SD
  }

  meet(topic: number): void {
    if (this.#slot[topic] !== 0) return
    const n = this.#stride
    const k = this.#size++
    this.#slot[topic] = k
    this.#mean[k] = this.#mean[0]! + START
    for (let j = 0; j < k; j++) {
      this.#cov[k * n + j] = this.#cov[j]!
      this.#cov[j * n + k] = this.#cov[j]!
    }
    this.#cov[k * n + k] = this.#cov[0]! + START_SD * START_SD
  }

  /** skill becomes (1 - share) skill + share (ability + offset) + a normal step of the variance. */
  drift(topic: number, share: number, offset: number, variance: number): void {
    const n = this.#stride
    const k = this.#slot[topic]!
    const keep = 1 - share
    this.#mean[k] = keep * this.#mean[k]! + share * (this.#mean[0]! + offset)
    const diagonal =
      keep * keep * this.#cov[k * n + k]! + 2 * keep * share * this.#cov[k]! + share * share * this.#cov[0]! + variance
    for (let j = 0; j < this.#size; j++) {
      const c = keep * this.#cov[k * n + j]! + share * this.#cov[j]!
      this.#cov[k * n + j] = c
      this.#cov[j * n + k] = c
    }
    this.#cov[k * n + k] = diagonal
  }

  /** Folds `right` of `parts` correct on an item whose skill is the mean over its topics plus `bonus`. */
  answer(topics: readonly number[], item: ItemParameters, bonus: number, right: number, parts: number): void {
    const n = this.#stride
    const size = this.#size
    const cov = this.#cov
    const gain = this.#gain
    const i = this.#slot[topics[0]!]!
    const second = topics[1]
    let mean = this.#mean[i]!
    let variance: number
    if (second === undefined) {
      for (let j = 0; j < size; j++) gain[j] = cov[i * n + j]!
      variance = gain[i]!
    } else {
      const k = this.#slot[second]!
      mean = (mean + this.#mean[k]!) / 2
      for (let j = 0; j < size; j++) gain[j] = (cov[i * n + j]! + cov[k * n + j]!) / 2
      variance = (gain[i]! + gain[k]!) / 2
    }
    const sd = Math.sqrt(variance)
    let mass = 0
    let first = 0
    let squares = 0
    for (let q = 0; q < 7; q++) {
      const z = Z[q]!
      const p = probability(item, mean + bonus + sd * z)
      let w = W[q]!
      for (let r = 0; r < right; r++) w *= p
      for (let r = right; r < parts; r++) w *= 1 - p
      mass += w
      first += w * z
      squares += w * z * z
    }
    first /= mass
    const shift = (sd * first) / variance
    const shrink = (squares / mass - first * first - 1) / variance
    for (let j = 0; j < size; j++) {
      const g = gain[j]!
      if (g === 0) continue
      this.#mean[j]! += g * shift
      const scaled = g * shrink
      const row = j * n
      for (let k = 0; k < size; k++) cov[row + k]! += scaled * gain[k]!
    }
  }

  /** Expected chance of success on the topic's average item; null where the topic was not met. */
  expected(topic: number): number | null {
    const k = this.#slot[topic]!
    if (k === 0) return null
    const sd = Math.sqrt(this.#cov[k * this.#stride + k]!)
    const item = this.#curriculum.average[topic]!
    let sum = 0
    for (let q = 0; q < 7; q++) sum += W[q]! * probability(item, this.#mean[k]! + sd * Z[q]!)
    return sum
  }
}
