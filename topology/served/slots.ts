import type { MasteryModel, Opportunity } from '../models/model.ts'
import { learnStudentPart, learnTopicPart } from '../models/part.ts'
import {
  type Ask,
  isRight,
  NOT_SERVED,
  type Opportunities,
  type ServedModel,
  type Server,
  type Walk,
} from './served.ts'

/** A fold over slots, served where a version is in force: its state is the student's slots, then each topic's. */
class SlotsServer<P> implements Server {
  private readonly model: MasteryModel<P>
  private readonly params: P
  private readonly asked: Opportunity = {
    at: 0,
    topicName: '',
    item: 0,
    kind: 0,
    hints: 0,
    score: 0,
    correct: false,
    weight: 1,
  }

  constructor(model: MasteryModel<P>, params: P) {
    this.model = model
    this.params = params
  }

  async walk(walks: readonly Walk[]): Promise<void> {
    for (const w of walks) this.one(w)
  }

  private one(w: Walk): void {
    const { model, params } = this
    const slots = this.grown(w)
    const place = (t: number) => model.studentSlots + t * model.topicSlots
    let next = 0
    for (let i = w.from; i <= w.to; i++) {
      for (; next < w.asks.length && w.asks[next]!.after <= i; next++) this.ask(w, w.asks[next]!, slots, place)
      if (i === w.to) break
      const o = this.describe(w.of, i)
      const topics = w.of.topics(i)
      const each = topics.map((t) => {
        o.topicName = w.of.names[t]!
        return model.predict(params, slots, 0, slots, place(t), o)
      })
      let sum = 0
      topics.forEach((t, k) => {
        o.topicName = w.of.names[t]!
        sum += each[k]!
        learnTopicPart(model, params, slots, 0, slots, place(t), o, each[k]!)
      })
      learnStudentPart(model, params, slots, 0, o, sum / topics.length)
      if (w.keep[w.kept.length] === i + 1) w.kept.push({ place: i + 1, state: slots.slice() })
    }
    w.state = slots
  }

  private ask(w: Walk, a: Ask, slots: Float64Array, place: (t: number) => number): void {
    const { model, params } = this
    if (a.opportunity === null) {
      a.p = model.mastery(params, slots, 0, slots, place(a.topic))
      return
    }
    const o = this.describe(w.of, a.opportunity)
    const topics = w.of.topics(a.opportunity)
    let sum = 0
    for (const t of topics) {
      o.topicName = w.of.names[t]!
      sum += model.predict(params, slots, 0, slots, place(t), o)
    }
    a.p = sum / topics.length
  }

  close(): void {}

  private describe(of: Opportunities, i: number): Opportunity {
    const o = this.asked
    o.at = of.t[i]!
    o.item = of.item[i]!
    o.kind = of.kind[i]!
    o.hints = of.hints[i]!
    o.score = of.score[i]! / 1e6
    o.correct = isRight(of, i)
    o.weight = of.weight === null ? 1 : of.weight(i)
    return o
  }

  /** A copy with room for every topic, those that are new at their beginning. */
  private grown(w: Walk): Float64Array {
    const { model, params } = this
    const { names } = w.of
    const slots = new Float64Array(model.studentSlots + names.length * model.topicSlots)
    let known = 0
    if (w.state === null) model.initStudent(params, slots, 0)
    else {
      slots.set(w.state)
      known = (w.state.length - model.studentSlots) / model.topicSlots
    }
    for (let t = known; t < names.length; t++)
      model.initTopic(params, names[t]!, slots, model.studentSlots + t * model.topicSlots)
    return slots
  }
}

/** A model of slots as one that is served where a version of it is in force. `model` must have slots per topic. */
export function servedSlots<P>(model: MasteryModel<P>, sees: string): ServedModel<P> {
  return {
    id: model.id,
    about: model.about,
    sees,
    tolerance: model.tolerance ?? 0,
    without: NOT_SERVED,
    carries: true,
    weighs: true,
    parse: (bytes) => model.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))),
    looksBack: () => 0,
    open: async (params) => new SlotsServer(model, params),
  }
}
