import { DAY } from './calendar.ts'
import type { Curriculum, SchoolItem } from './curriculum.ts'
import { Observer } from './observer.ts'
import type { Random } from './random.ts'
import {
  ABILITY_SD,
  abilityMean,
  CEILING,
  FLOOR,
  growth,
  HINT_BONUS,
  type Profile,
  probability,
  RETRY_BONUS,
  readiness,
  retention,
  START,
  START_SD,
  STEP_SD,
} from './skill.ts'

export interface SchoolStudent {
  id: string
  classId: string
  grade: number
  profile: Profile
}

export interface AnswerMode {
  /** Equal parts that are right or wrong on their own. */
  parts: number
  hints: number
  /** Failed attempts at the item just before this one. */
  retries: number
  guessing: boolean
  graded: boolean
  /** Logits of a planted drift, of which the observer does not know. */
  planted: number
  /** The key is wrong: right counts as wrong. */
  flipped: boolean
}

/** The latent state of one student, and the observer that watches the same answers without seeing it. */
export class Learner {
  readonly identity: SchoolStudent
  readonly pseudonym: string
  readonly ability: number
  /** Multiplies how much the student does. */
  readonly activity: number
  /** Time of the last thing that the student did; nothing earlier is done afterwards. */
  busyUntil = 0
  sequence = 0
  readonly answers: Int32Array
  readonly #points: Float64Array
  readonly #curriculum: Curriculum
  readonly #random: Random
  readonly #observer: Observer
  readonly #skill: Float64Array
  /** NaN where the topic was not met. */
  readonly #touched: Float64Array
  readonly #practised: Int32Array
  readonly #growth: Float64Array
  readonly #believedGrowth: Float64Array

  constructor(curriculum: Curriculum, random: Random, identity: SchoolStudent, pseudonym: string) {
    const topics = curriculum.topics.length
    const mean = abilityMean(identity.profile, identity.grade)
    this.identity = identity
    this.pseudonym = pseudonym
    this.ability = mean + ABILITY_SD * random.normal()
    this.activity = 0.6 + 0.8 * random.uniform()
    this.answers = new Int32Array(topics)
    this.#points = new Float64Array(topics)
    this.#curriculum = curriculum
    this.#random = random
    this.#observer = new Observer(curriculum, mean)
    this.#skill = new Float64Array(topics)
    this.#touched = new Float64Array(topics).fill(Number.NaN)
    this.#practised = new Int32Array(topics)
    this.#growth = new Float64Array(topics)
    this.#believedGrowth = new Float64Array(topics)
  }

  /** Brings the topic to `now`: met for the first time, or forgotten a little since the last day that it was touched. */
  touch(topic: number, now: number): void {
    const last = this.#touched[topic]!
    if (Number.isNaN(last)) {
      this.#observer.meet(topic)
      this.#skill[topic] = this.ability + START + START_SD * this.#random.normal()
    } else if (now - last < DAY / 2) {
      return
    } else {
      const lost = 1 - retention((now - last) / DAY, this.#practised[topic]!)
      this.#pull(topic, lost, FLOOR)
      this.#skill[topic]! += STEP_SD * this.#random.normal()
      this.#observer.drift(topic, lost, FLOOR, STEP_SD * STEP_SD)
    }
    this.#touched[topic] = now
    const { profile } = this.identity
    this.#growth[topic] = growth(
      profile,
      readiness(this.#curriculum, topic, (t) => this.#met(t)),
      1,
    )
    const believed = readiness(this.#curriculum, topic, (t) => this.#observer.expected(t))
    this.#believedGrowth[topic] = growth(profile, believed, 1)
  }

  /**
   * Answers an item whose topics have been touched; returns how many of its parts were right. The observer learns from
   * what is graded and no rapid guess (the response time gives that away). A guess teaches a fifth.
   */
  answer(item: SchoolItem, how: AnswerMode): number {
    const bonus = HINT_BONUS * how.hints + RETRY_BONUS * how.retries
    let skill = 0
    for (const t of item.topics) skill += this.#skill[t]!
    const p = how.guessing ? item.guess : probability(item, skill / item.topics.length + bonus + how.planted)
    let right = 0
    for (let i = 0; i < how.parts; i++) if (this.#random.uniform() < p) right++
    if (how.flipped) right = how.parts - right
    if (how.graded && !how.guessing) this.#observer.answer(item.topics, item, bonus, right, how.parts)
    this.practise(item.topics, (how.guessing ? 0.2 : 1) / item.topics.length)
    return right
  }

  /** Grows the topics; `effort` is 1 for one answer on one topic. */
  practise(topics: readonly number[], effort: number): void {
    for (const t of topics) {
      this.#practised[t]!++
      this.#pull(t, this.#growth[t]! * effort, CEILING)
      this.#observer.drift(t, this.#believedGrowth[t]! * effort, CEILING, 0)
    }
  }

  /** Counts an answer that the system is told of, for percent-correct. `score` 0 to 1. */
  told(topics: readonly number[], score: number): void {
    for (const t of topics) {
      this.answers[t]!++
      this.#points[t]! += score
    }
  }

  percentCorrect(topic: number): number {
    return this.#points[topic]! / this.answers[topic]!
  }

  /** True chance of success on the topic's average item, as of the last touch. */
  trueProbability(topic: number): number {
    return probability(this.#curriculum.average[topic]!, this.#skill[topic]!)
  }

  /** The observer's expectation of `trueProbability`. */
  idealMastery(topic: number): number {
    return this.#observer.expected(topic)!
  }

  #met(topic: number): number | null {
    return Number.isNaN(this.#touched[topic]!) ? null : this.trueProbability(topic)
  }

  #pull(topic: number, share: number, offset: number): void {
    this.#skill[topic]! += share * (this.ability + offset - this.#skill[topic]!)
  }
}
