import type { AnswerLog } from '../../evaluation/answer-log.ts'

/** Item parameters as the fit holds them, by item; index `size` stands for rows without an item. */
export interface Items {
  difficulty: Float64Array
  discrimination: Float64Array
  guessing: Float64Array
}

export interface Variances {
  ability: number
  topic: number
}

/**
 * Posterior of the abilities given all of a student's answers and the items: normal around its mode (Laplace). A
 * student's ability on a topic is a general part, N(0, variance), plus the topic's, N(start, variance); every answer
 * sees the sum, so that the precision matrix is an arrow and its Schur complement gives mean and variances exactly.
 */
export class Abilities {
  readonly general: Float64Array
  readonly generalVariance: Float64Array
  /** Per (student, topic) that were met: the topic's part beside its start. */
  readonly own: Float64Array
  readonly ownVariance: Float64Array
  /** Per entry of the log's `topic`: index of its (student, topic). */
  readonly pairOf: Int32Array
  /** Per pair: its topic. */
  readonly topicOfPair: Int32Array
  /** Per row: mean and variance of the ability that its answer shows, the mean over its topics. */
  readonly mean: Float64Array
  readonly variance: Float64Array
  private readonly log: AnswerLog
  private readonly firstRow: Int32Array
  private readonly firstPair: Int32Array
  private readonly gain: Float64Array
  private readonly info: Float64Array
  private readonly cross: Float64Array

  constructor(log: AnswerLog, firstRow: Int32Array) {
    this.log = log
    this.firstRow = firstRow
    const nS = log.students.length
    this.pairOf = new Int32Array(log.topic.length)
    this.firstPair = new Int32Array(nS + 1)
    const topicOfPair: number[] = []
    const last = new Int32Array(log.topics.length).fill(-1)
    for (let s = 0; s < nS; s++) {
      this.firstPair[s] = topicOfPair.length
      for (let j = log.topicStart[firstRow[s]!]!; j < log.topicStart[firstRow[s + 1]!]!; j++) {
        const t = log.topic[j]!
        if (last[t]! < this.firstPair[s]!) {
          last[t] = topicOfPair.length
          topicOfPair.push(t)
        }
        this.pairOf[j] = last[t]!
      }
    }
    this.firstPair[nS] = topicOfPair.length
    this.topicOfPair = Int32Array.from(topicOfPair)
    const pairs = topicOfPair.length
    this.general = new Float64Array(nS)
    this.generalVariance = new Float64Array(nS)
    this.own = new Float64Array(pairs)
    this.ownVariance = new Float64Array(pairs)
    this.gain = new Float64Array(pairs)
    this.info = new Float64Array(pairs)
    this.cross = new Float64Array(pairs)
    this.mean = new Float64Array(log.size)
    this.variance = new Float64Array(log.size)
  }

  /** Ability at row r, at the present modes. */
  private at(r: number, s: number, start: Float64Array): number {
    const { topicStart, topic } = this.log
    let sum = 0
    for (let j = topicStart[r]!; j < topicStart[r + 1]!; j++) sum += start[topic[j]!]! + this.own[this.pairOf[j]!]!
    return this.general[s]! + sum / (topicStart[r + 1]! - topicStart[r]!)
  }

  /** `steps` Newton steps of every student from where the abilities stand, then variances and each row's moments. */
  update(items: Items, start: Float64Array, v: Variances, steps: number): void {
    const { topicStart } = this.log
    for (let s = 0; s < this.log.students.length; s++) {
      for (let i = 0; i < steps; i++) this.newton(s, items, start, v)
      for (let r = this.firstRow[s]!; r < this.firstRow[s + 1]!; r++) {
        // Variances of the topics' parts of one row are averaged as if they were independent of each other.
        let own = 0
        let cross = 0
        const n = topicStart[r + 1]! - topicStart[r]!
        for (let j = topicStart[r]!; j < topicStart[r + 1]!; j++) {
          own += this.ownVariance[this.pairOf[j]!]!
          cross += this.cross[this.pairOf[j]!]!
        }
        this.mean[r] = this.at(r, s, start)
        this.variance[r] = this.generalVariance[s]! + (2 * cross) / n + own / (n * n)
      }
    }
  }

  private newton(s: number, items: Items, start: Float64Array, v: Variances): void {
    const { topicStart, item, correct } = this.log
    const { gain, info, own } = this
    const from = this.firstPair[s]!
    const to = this.firstPair[s + 1]!
    const none = items.difficulty.length - 1
    for (let q = from; q < to; q++) {
      gain[q] = v.topic === 0 ? 0 : -own[q]! / v.topic
      info[q] = 0
    }
    let g = -this.general[s]! / v.ability
    let h = 1 / v.ability
    for (let r = this.firstRow[s]!; r < this.firstRow[s + 1]!; r++) {
      const i = item[r]! < 0 ? none : item[r]!
      const a = items.discrimination[i]!
      const c = items.guessing[i]!
      const x = 1 / (1 + Math.exp(a * (items.difficulty[i]! - this.at(r, s, start))))
      const p = c + (1 - c) * x
      const slope = (a * x) / p
      const gr = slope * (correct[r]! - p)
      const hr = slope * slope * p * (1 - p)
      g += gr
      h += hr
      const n = topicStart[r + 1]! - topicStart[r]!
      for (let j = topicStart[r]!; j < topicStart[r + 1]!; j++) {
        gain[this.pairOf[j]!]! += gr / n
        info[this.pairOf[j]!]! += hr / n
      }
    }
    if (v.topic === 0) {
      this.general[s]! += limited(g / h)
      this.generalVariance[s] = 1 / h
      return
    }
    let schur = h
    let rest = g
    for (let q = from; q < to; q++) {
      const share = info[q]! / (info[q]! + 1 / v.topic)
      schur -= share * info[q]!
      rest -= share * gain[q]!
    }
    const step = rest / schur
    this.general[s]! += limited(step)
    this.generalVariance[s] = 1 / schur
    for (let q = from; q < to; q++) {
      const full = info[q]! + 1 / v.topic
      const share = info[q]! / full
      own[q]! += limited((gain[q]! - info[q]! * step) / full)
      this.ownVariance[q] = 1 / full + (share * share) / schur
      this.cross[q] = -share / schur
    }
  }
}

/** A Newton step far from the mode may go too far. */
const limited = (step: number) => Math.max(-2, Math.min(2, step))
