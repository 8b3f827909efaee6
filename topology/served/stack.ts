import { BLEND as BLEND_LEARNER, type BlendArtefact, blendRows } from '../learners/blend/learner.ts'
import { BASES, TREES as TREES_LEARNER, type TreesArtefact, treesRows } from '../learners/trees/learner.ts'
import { BLEND as MEAN } from '../models/blend/model.ts'
import { type AskedLog, askedLog, ItemNames } from './asked-log.ts'
import { NOT_SERVED, type ServedModel, type Server, type Walk } from './served.ts'

/**
 * Trees, and what is mixed with them, fold the student's answers at hand for every prediction: what they look at is made
 * of other models and counts, and nothing of it is carried.
 */
class StackServer<A extends TreesArtefact> implements Server {
  private readonly artefact: A
  private readonly predict: Rows<A>
  private readonly items: ItemNames
  private readonly topics: ReadonlySet<string>

  constructor(artefact: A, predict: Rows<A>) {
    this.artefact = artefact
    this.predict = predict
    this.items = new ItemNames(artefact.stats.items.name)
    this.topics = new Set(artefact.stats.topics.name)
  }

  async walk(walks: readonly Walk[]): Promise<void> {
    for (const w of walks) w.state = null
    const asked = askedLog(walks, this.items, (t) => this.topics.has(t), LOOKS_BACK)
    if (asked.asks.length === 0) return
    const p = await this.predict(this.artefact, asked)
    asked.asks.forEach((a, i) => {
      a.p = p[i]!
    })
  }

  close(): void {}
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
  without = NOT_SERVED,
): ServedModel<A> {
  return {
    id: learner.id,
    about: learner.about,
    sees,
    tolerance: 0,
    without,
    parse: (bytes) => learner.parse(bytes),
    looksBack: () => LOOKS_BACK,
    open: async (artefact) => new StackServer(artefact, predict),
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
  MEAN.defaultVersion,
)
