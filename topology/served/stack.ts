import { BLEND as BLEND_LEARNER, type BlendArtefact, blendRows } from '../learners/blend/learner.ts'
import { BASES, TREES as TREES_LEARNER, type TreesArtefact, treesRows } from '../learners/trees/learner.ts'
import { BLEND as MEAN } from '../models/blend/model.ts'
import { type AskedLog, AskedLogBuilder, ItemNames, type WhatIf } from './asked-log.ts'
import { type Note, withNotes } from './notes.ts'
import { isRight, NOT_SERVED, type ServedModel, type Server, type Walk } from './served.ts'

/**
 * Trees, and what is mixed with them, fold the student's answers at hand for every prediction: what they look at is made
 * of other models and counts, and nothing of it is carried.
 */
class StackServer<A extends TreesArtefact> implements Server {
  private readonly artefact: A
  private readonly predict: Rows<A>
  private readonly items: ItemNames
  private readonly topics: ReadonlySet<string>
  private readonly explains: boolean

  /** `explains`: keeps notes on what its mastery of a topic comes from. */
  constructor(artefact: A, predict: Rows<A>, explains: boolean) {
    this.explains = explains
    this.artefact = artefact
    this.predict = predict
    this.items = new ItemNames(artefact.stats.items.name)
    this.topics = new Set(artefact.stats.topics.name)
  }

  async walk(walks: readonly Walk[]): Promise<void> {
    const b = new AskedLogBuilder(this.items, LOOKS_BACK)
    const whatIfs = walks.map((w) => {
      b.walk(w, (t) => this.topics.has(t))
      if (!this.explains) return []
      return w.asks
        .filter((a) => a.opportunity === null && this.topics.has(w.of.names[a.topic]!))
        .map((a) => b.whatIf(w, a))
    })
    const asked = b.build()
    const p = asked.asks.length === 0 ? [] : await this.predict(this.artefact, asked)
    asked.asks.forEach((a, i) => {
      a.p = p[i]!
    })
    walks.forEach((w, i) => {
      w.state = this.explains
        ? withNotes(
            w.state,
            whatIfs[i]!.map((x) => note(w, x)),
          )
        : null
    })
  }

  close(): void {}
}

function note(w: Walk, { ask, withoutTopic, withoutOthers }: WhatIf): Note {
  const topic = { right: 0, n: 0 }
  const others = { right: 0, n: 0 }
  for (let i = Math.max(0, ask.after - LOOKS_BACK); i < ask.after; i++) {
    const of = w.of.topics(i).includes(ask.topic) ? topic : others
    of.n++
    if (isRight(w.of, i)) of.right++
  }
  return {
    topic: ask.topic,
    topicShare: topic.right / topic.n,
    topicEffect: ask.p - withoutTopic.p,
    othersShare: others.right / others.n,
    othersEffect: withoutOthers === null ? 0 : ask.p - withoutOthers.p,
  }
}

/** Chances for the rows that are asked for. */
type Rows<A> = (artefact: A, asked: AskedLog) => Promise<Float64Array>

/** Answers that a prediction is made from; older ones hardly move it, and every one costs time. */
const LOOKS_BACK = 512

/** Nothing is drawn at random when a model is applied. */
const RUN = { seed: 0 }

function servedStack<A extends TreesArtefact>(
  learner: { id: string; about: string; parse(bytes: Uint8Array): A },
  sees: string,
  predict: Rows<A>,
  { without = NOT_SERVED, explains = false } = {},
): ServedModel<A> {
  return {
    id: learner.id,
    about: learner.about,
    sees,
    tolerance: 0,
    without,
    carries: false,
    parse: (bytes) => learner.parse(bytes),
    looksBack: () => LOOKS_BACK,
    open: async (artefact) => new StackServer(artefact, predict, explains),
  }
}

export const TREES = servedStack<TreesArtefact>(
  TREES_LEARNER,
  'with what is known of the items and of how they were answered',
  (artefact, { log, rows }) => treesRows(artefact, BASES, log, rows, RUN),
)

/** A fitted blend, in the place of the plain mean. */
export const FITTED_BLEND = servedStack<BlendArtefact>(
  BLEND_LEARNER,
  'weighed by what each model was worth',
  (artefact, { log, rows }) => blendRows(artefact, BASES, log, rows, RUN),
  { without: MEAN.defaultVersion, explains: true },
)
