import { ELO } from '../../models/elo/model.ts'
import type { Opportunity } from '../../models/model.ts'
import { type Curriculum, ITEMS_PER_TOPIC, type SchoolItem } from '../../school/curriculum.ts'
import type { Random } from '../../school/random.ts'
import {
  ABILITY_SD,
  abilityMean,
  CEILING,
  FLOOR,
  growth,
  PROFILES,
  type Profile,
  probability,
  readiness,
  retention,
  START,
  START_SD,
  STEP_SD,
} from '../../school/skill.ts'
import { BLOCK_ANSWERS } from '../reward.ts'
import type { TopicState } from '../view.ts'

const DAY = 86_400_000
/** Items of a topic that are its alone; the last four also exercise another one. */
const OWN_ITEMS = ITEMS_PER_TOPIC - 4

/** One answer: its item, the planted chance to be right, and what came of it. */
export interface Practised {
  item: SchoolItem
  p: number
  correct: boolean
}

/**
 * A student of the simulated school, with its planted skills (topology/school/skill.ts), who practises one topic at a
 * time, and what Elo as shipped makes of the answers. It can be copied, so that what every choice would have brought is
 * seen from one and the same moment.
 */
export class PracticeLearner {
  readonly states = new Map<string, TopicState>()
  private readonly curriculum: Curriculum
  private readonly profile: Profile
  private readonly ability: number
  private readonly skill: Float64Array
  private readonly touched: Float64Array
  private readonly practised: Int32Array
  private readonly elo: { student: Float64Array; topics: Float64Array }

  constructor(
    curriculum: Curriculum,
    of: { profile: Profile; grade: number } | PracticeLearner,
    random: Random | null,
  ) {
    const n = curriculum.topics.length
    this.curriculum = curriculum
    if (of instanceof PracticeLearner) {
      this.profile = of.profile
      this.ability = of.ability
      this.skill = of.skill.slice()
      this.touched = of.touched.slice()
      this.practised = of.practised.slice()
      this.elo = { student: of.elo.student.slice(), topics: of.elo.topics.slice() }
      for (const [id, s] of of.states) this.states.set(id, { ...s })
      return
    }
    this.profile = of.profile
    this.ability = abilityMean(of.profile, of.grade) + ABILITY_SD * random!.normal()
    this.skill = Float64Array.from({ length: n }, () => this.ability + START + START_SD * random!.normal())
    this.touched = new Float64Array(n).fill(Number.NaN)
    this.practised = new Int32Array(n)
    this.elo = { student: new Float64Array(2), topics: new Float64Array(2 * n) }
    ELO.initStudent(ELO.defaults, this.elo.student, 0)
    curriculum.topics.forEach((t, i) => {
      ELO.initTopic(ELO.defaults, t.id, this.elo.topics, 2 * i)
    })
  }

  copy(): PracticeLearner {
    return new PracticeLearner(this.curriculum, this, null)
  }

  /** Planted chance of success on the topic's average item, with what has been forgotten by `now`. */
  truth(topic: number, now: number): number {
    const last = this.touched[topic]!
    const lost = Number.isNaN(last) ? 0 : 1 - retention((now - last) / DAY, this.practised[topic]!)
    const skill = this.skill[topic]! + lost * (this.ability + FLOOR - this.skill[topic]!)
    return probability(this.curriculum.average[topic]!, skill)
  }

  /** A stretch of practice: `count` different items of the topic, in a drawn order (7 and 36 have no common factor). */
  practise(topic: number, now: number, random: Random, count = BLOCK_ANSWERS): Practised[] {
    this.touch(topic, now, random)
    const ready = readiness(this.curriculum, topic, (t) =>
      Number.isNaN(this.touched[t]!) ? null : probability(this.curriculum.average[t]!, this.skill[t]!),
    )
    const step = growth(this.profile, ready, 1)
    const first = random.between(0, OWN_ITEMS - 1)
    const out: Practised[] = []
    for (let i = 0; i < count; i++) {
      const item = this.curriculum.items[topic]![(first + 7 * i) % OWN_ITEMS]!
      const guessing = random.chance(PROFILES[this.profile].rapid)
      const p = guessing ? item.guess : probability(item, this.skill[topic]!)
      const correct = random.uniform() < p
      this.practised[topic]!++
      this.skill[topic]! += step * (guessing ? 0.2 : 1) * (this.ability + CEILING - this.skill[topic]!)
      this.learn(topic, correct, now)
      out.push({ item, p, correct })
    }
    return out
  }

  private touch(topic: number, now: number, random: Random): void {
    const last = this.touched[topic]!
    if (!Number.isNaN(last) && now - last >= DAY / 2) {
      const lost = 1 - retention((now - last) / DAY, this.practised[topic]!)
      this.skill[topic]! += lost * (this.ability + FLOOR - this.skill[topic]!) + STEP_SD * random.normal()
    }
    this.touched[topic] = now
  }

  private learn(topic: number, correct: boolean, now: number): void {
    const { student, topics } = this.elo
    const { id } = this.curriculum.topics[topic]!
    const score = correct ? 1 : 0
    const o: Opportunity = { at: now, topicName: id, item: 0, kind: 0, hints: 0, score, correct, weight: 1 }
    const at = 2 * topic
    const p = ELO.predict(ELO.defaults, student, 0, topics, at, o)
    ELO.learnTopic(ELO.defaults, student, 0, topics, at, o, p)
    ELO.learnStudent(ELO.defaults, student, 0, o, p)
    const mastery = ELO.mastery(ELO.defaults, student, 0, topics, at)
    this.states.set(id, { mastery, opportunities: (this.states.get(id)?.opportunities ?? 0) + 1, at: now })
  }
}
