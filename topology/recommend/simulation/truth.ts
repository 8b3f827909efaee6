import { Random } from '../../school/random.ts'
import type { Practised } from './learner.ts'
import type { Decision } from './log.ts'

/** What one candidate would have brought. */
export interface Brought {
  /** Expected reward. */
  reward: number
  /** Planted chance of success on the topic's average item after the stretch minus before. */
  gain: number
}

export interface Truth {
  /** Mean expected reward of the policy's choices in the contexts of the log. */
  reward: number
  /** Its standard error over students. */
  rewardSe: number
  gain: number
}

/** Times that each choice is played out. */
const COPIES = 4

/** What policies are worth where the planted skills are known. */
export class TruthSums {
  private readonly students = new Map<number, { n: number; reward: number; gain: number }>()
  private readonly random: Random
  private readonly moments = { n: 0, x: 0, y: 0, xx: 0, yy: 0, xy: 0 }

  constructor(seed: number) {
    this.random = new Random(seed, 0x7a)
  }

  /**
   * Plays every candidate of a decision out from the moment before it, several times. The reward's expectation is taken
   * with the planted chances in the place of the answers, so that what is left of chance is small: which items are
   * drawn, and how a skill moved over night.
   */
  playOut(d: Decision, share: (a: Practised) => number): Brought[] {
    return d.candidates.map((topic) => {
      const b = { reward: 0, gain: 0 }
      for (let i = 0; i < COPIES; i++) {
        const learner = d.before!.copy()
        const before = learner.truth(topic, d.at)
        const answers = learner.practise(topic, d.at, this.random)
        const half = Math.floor(answers.length / 2)
        for (let j = 0; j < half; j++) {
          const first = answers[j]!
          const second = answers[answers.length - half + j]!
          b.reward += (second.p - share(second) - (first.p - share(first))) / half / COPIES
        }
        b.gain += (learner.truth(topic, d.at) - before) / COPIES
      }
      const m = this.moments
      m.n++
      m.x += b.reward
      m.y += b.gain
      m.xx += b.reward * b.reward
      m.yy += b.gain * b.gain
      m.xy += b.reward * b.gain
      return b
    })
  }

  add(student: number, brought: readonly Brought[], probabilities: Float64Array): void {
    let s = this.students.get(student)
    if (!s) this.students.set(student, (s = { n: 0, reward: 0, gain: 0 }))
    s.n++
    brought.forEach((b, c) => {
      s.reward += probabilities[c]! * b.reward
      s.gain += probabilities[c]! * b.gain
    })
  }

  truth(): Truth {
    let n = 0
    let reward = 0
    let gain = 0
    for (const s of this.students.values()) {
      n += s.n
      reward += s.reward
      gain += s.gain
    }
    let squares = 0
    for (const s of this.students.values()) squares += (s.reward - (s.n * reward) / n) * (s.reward - (s.n * reward) / n)
    return { reward: reward / n, rewardSe: Math.sqrt(squares) / n, gain: gain / n }
  }

  /** Of expected rewards and planted gains. */
  correlation(): number {
    const { n, x, y, xx, yy, xy } = this.moments
    return (xy - (x * y) / n) / Math.sqrt((xx - (x * x) / n) * (yy - (y * y) / n))
  }
}
