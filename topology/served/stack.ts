import { BLEND as BLEND_LEARNER, type BlendArtefact, blendRows } from '../learners/blend/learner.ts'
import {
  BASES,
  type Explained,
  type Reasoned,
  TREES as TREES_LEARNER,
  type TreesArtefact,
  treesRows,
} from '../learners/trees/learner.ts'
import { REASONS, type Reason } from '../learners/trees/reasons.ts'
import { TREES_WEEK as WEEK_LEARNER, type WeekArtefact, weekRows } from '../learners/week/learner.ts'
import { BLEND as MEAN } from '../models/blend/model.ts'
import { type AskedLog, AskedLogBuilder, ItemNames } from './asked-log.ts'
import { type Note, withNotes } from './notes.ts'
import { type Ask, isRight, NOT_SERVED, type ServedModel, type Server, type Walk } from './served.ts'

/**
 * Trees, and what is mixed with them, fold the student's answers at hand for every prediction: what they look at is made
 * of other models and counts, and nothing of it is carried. Where reasons are wanted, the state is notes on what their
 * mastery of each topic comes from.
 */
class StackServer<A extends TreesArtefact> implements Server {
  private readonly artefact: A
  private readonly predict: Rows<A>
  private readonly items: ItemNames
  private readonly topics: ReadonlySet<string>

  /** What it says is of topics alone: a single answer is not asked for. */
  private readonly forecasts: boolean

  constructor(artefact: A, predict: Rows<A>, forecasts: boolean) {
    this.forecasts = forecasts
    this.artefact = artefact
    this.predict = predict
    this.items = new ItemNames(artefact.stats.items.name)
    this.topics = new Set(artefact.stats.topics.name)
  }

  async walk(walks: readonly Walk[]): Promise<void> {
    const b = new AskedLogBuilder(this.items, LOOKS_BACK)
    for (const w of walks) b.walk(w, (t) => this.topics.has(t), !this.forecasts)
    const asked = b.build()
    const said = asked.asks.length === 0 ? null : await this.predict(this.artefact, asked)
    asked.asks.forEach((a, i) => {
      a.p = said!.p[i]!
    })
    const noted = said === null ? new Map<Ask, Note>() : this.notes(walks, asked.asks, said)
    for (const w of walks)
      w.state = w.explain
        ? withNotes(
            w.state,
            w.asks.flatMap((a) => noted.get(a) ?? []),
          )
        : null
  }

  /** Of all mastery that is to be explained, at once: the trees are gone through one after the other. */
  private notes(walks: readonly Walk[], asks: readonly Ask[], said: Said): Map<Ask, Note> {
    const place = new Map(asks.map((a, i) => [a, i]))
    const wanted = walks.flatMap((w) =>
      w.explain ? w.asks.flatMap((a) => (a.opportunity === null && place.has(a) ? [{ w, a }] : [])) : [],
    )
    const reasons = said.reasons(wanted.map(({ a }) => place.get(a)!))
    if (reasons === null) return new Map()
    return new Map(wanted.map(({ w, a }, i) => [a, noteFrom(a.topic, figures(w, a), reasons[i]!.chance.effects)]))
  }

  close(): void {}
}

/** Where all answers are on the topic they are one reason. */
function noteFrom(topic: number, figure: Record<Reason, number>, parts: Float64Array): Note {
  const effects = parts.slice()
  if (Number.isNaN(figure.all_answers)) {
    effects[AT.topic_answers]! += effects[AT.all_answers]!
    effects[AT.all_answers] = 0
  }
  return { topic, values: Float64Array.from(REASONS, (r) => figure[r]), effects }
}

const AT = Object.fromEntries(REASONS.map((r, i) => [r, i])) as Record<Reason, number>

/** What a reader sees beside each reason, of the answers at hand. */
function figures({ of }: Walk, { topic, after }: Ask): Record<Reason, number> {
  let right = 0
  let topicRight = 0
  let onTopic = 0
  let lastRight = 0
  const from = Math.max(0, after - LOOKS_BACK)
  for (let i = from; i < after; i++) {
    const answered = isRight(of, i) ? 1 : 0
    right += answered
    if (i >= after - LAST) lastRight += answered
    if (!of.topics(i).includes(topic)) continue
    onTopic++
    topicRight += answered
  }
  let inARow = 0
  while (inARow < after - from && of.topics(after - 1 - inARow)[0] === topic) inARow++
  return {
    topic_answers: topicRight / onTopic,
    all_answers: onTopic === after - from ? Number.NaN : right / (after - from),
    last_answers: lastRight / Math.min(LAST, after - from),
    in_a_row: inARow,
  }
}

/** Answers at most whose share of right ones is shown for the last ones. */
const LAST = 5

/** Of what gives no reasons they are null. */
type Said = Pick<Explained, 'p'> & { reasons(places: readonly number[]): readonly Reasoned[] | null }

/** Chances for the rows that are asked for, and why. */
type Rows<A> = (artefact: A, asked: AskedLog) => Promise<Said>

/** Answers that a prediction is made from; older ones hardly move it, and every one costs time. */
const LOOKS_BACK = 512

/** Nothing is drawn at random when a model is applied. */
const RUN = { seed: 0 }

function servedStack<A extends TreesArtefact>(
  learner: { id: string; about: string; parse(bytes: Uint8Array): A },
  sees: string,
  predict: Rows<A>,
  { without = NOT_SERVED, forecasts = false } = {},
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
    open: async (artefact) => new StackServer(artefact, predict, forecasts),
  }
}

export const TREES = servedStack<TreesArtefact>(
  TREES_LEARNER,
  'with what is known of the items and of how they were answered',
  (artefact, { log, rows }) => treesRows(artefact, BASES, log, rows, RUN),
)

/** The share of right answers to be expected on a topic over the next week, where its mastery is asked for. */
export const TREES_WEEK = servedStack<WeekArtefact>(
  WEEK_LEARNER,
  'as far as they tell of the next week',
  async (artefact, { log, rows }) => ({ p: await weekRows(artefact, BASES, log, rows, RUN), reasons: () => null }),
  { forecasts: true },
)

/** A fitted blend, in the place of the plain mean. */
export const FITTED_BLEND = servedStack<BlendArtefact>(
  BLEND_LEARNER,
  'weighed by what each model was worth',
  (artefact, { log, rows }) => blendRows(artefact, BASES, log, rows, RUN),
  { without: MEAN.defaultVersion },
)
