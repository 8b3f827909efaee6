import type { RapidPolicy } from '../../effort/rapid-policy.ts'
import { BLEND } from '../../models/blend/model.ts'
import { MODELS } from '../../models/catalog.ts'
import { SERVED, SERVED_AND_BLEND } from '../../served/catalog.ts'
import type { Ask, Opportunities, Server, Walk } from '../../served/served.ts'
import { weightOf } from './rapid-guesses.ts'
import {
  BLEND_AT,
  type Carried,
  type Knowledge,
  NOT_SCORED,
  PARTS,
  type ScoreState,
  SNAP_AT,
  TOPIC_WIDTH,
} from './state.ts'
import { keepMarks, marksBetween, stateBefore } from './trail.ts'

/** A version of a served model that is in force, ready. */
export interface InService {
  /** Place in SERVED_AND_BLEND. */
  at: number
  /** Hash of the version and its parameters. */
  version: number
  server: Server
}

/** A student's ring that the folded models have learned up to `to`, and the served ones have not. */
export interface Stretch {
  s: ScoreState
  /** Gets what the served models carry and say. */
  k: Knowledge
  /** First place that is new or other than before. */
  from: number
  to: number
  /** What the served models carried before: up to `from` where all before it stayed, else up to the end as it was. */
  carried: readonly (Carried | null)[]
  /** Where something changed in the midst of the ring: the knowledge before, for topics that this does not touch. */
  was: Knowledge | null
  /** Topics of what came or went. */
  touched: Iterable<number>
  /** Place in the ring of the answer that is asked for, from evidence strictly earlier than its time; -1: none. */
  wanted: number
  /** Predictions for it: the parts, then the blend. Those of served models are filled in, and the blend is made anew. */
  means: Float64Array | null
}

const FIRST = MODELS.length
/** Predictions and snapshots of a served model stand behind those of the folded ones. */
const SERVED_AT = SNAP_AT + FIRST

function opportunitiesOf(s: ScoreState, rapid: RapidPolicy | null): Opportunities {
  const { ring, sets } = s
  return {
    t: ring.t,
    item: ring.item,
    score: ring.score,
    response: ring.response,
    hints: ring.hints,
    kind: ring.kind,
    weight: rapid === null ? null : (i) => weightOf(s, rapid, i),
    topics: (i) => sets.sets[ring.set[i]!]!,
    names: sets.topics.names,
  }
}

/**
 * Opportunities that a served model learns again, at most, because of one that came late. Beyond it the student waits
 * for a rebuild, which folds many histories abreast.
 */
export const AGAIN_MOST = 512

/**
 * Brings stretches to the models in service, all students at a time. A model whose version carries nothing of a student
 * yet begins with the checkpoint if that has it, else with the ring's oldest opportunity. `rapid`: the policy in force.
 */
export async function serve(
  stretches: readonly Stretch[],
  service: readonly InService[],
  rapid: RapidPolicy | null,
): Promise<void> {
  const weighed = service.some(({ at }) => SERVED_AND_BLEND[at]!.weighs) ? rapid : null
  const all = stretches.map((x) => ({ ...x, of: opportunitiesOf(x.s, weighed), changed: new Set<number>() }))
  for (const { k, was, changed } of all) {
    k.served = SERVED_AND_BLEND.map(() => null)
    if (was === null) continue
    snapsOf(was, k)
    for (let t = 0; t < k.known; t++) changed.add(t)
  }
  const mixed = new Map<Asked, readonly Ask[]>()
  for (const { at, version, server } of service) {
    const walks = all.flatMap((x) => walkOf(x, at, version) ?? [])
    if (walks.length > 0) await server.walk(walks)
    for (const w of walks) {
      const { s, k } = w.stretch
      k.served[at] = { version, values: w.state }
      keepMarks(s.ring, at, version, w.kept)
      // A fitted blend stands in the place of the mean, which is made anew where it says nothing.
      if (at === SERVED.length) mixed.set(w.stretch, w.asks)
      else heard(w.stretch, w.asks, at)
    }
  }
  for (const x of all) {
    const { k, means, was } = x
    for (const t of x.changed) blendAgain(k, t)
    if (means !== null) means[PARTS] = BLEND.combine(means, 0, PARTS)
    const asks = mixed.get(x)
    if (asks === undefined) continue
    // Topics that nothing has touched keep what the fitted blend said of them.
    if (was !== null) keepBlends(was, x)
    heard(
      x,
      asks.filter((a) => a.p >= 0),
      SERVED.length,
    )
  }
}

/** Writes down what a model said. */
function heard({ k, means, changed }: Asked, asks: readonly Ask[], at: number): void {
  for (const a of asks)
    if (a.opportunity !== null) means![FIRST + at] = a.p
    else {
      k.topics[a.topic * TOPIC_WIDTH + SERVED_AT + at] = a.p
      changed.add(a.topic)
    }
}

function keepBlends(was: Knowledge, { k, touched }: Asked): void {
  const lost = new Set(touched)
  for (let t = 0; t < Math.min(was.known, k.known); t++)
    if (!lost.has(t)) k.topics[t * TOPIC_WIDTH + BLEND_AT] = was.topics[t * TOPIC_WIDTH + BLEND_AT]!
}

type Asked = Stretch & { of: Opportunities; changed: Set<number> }

/** Null where the model is left as it was, and the student waits for a rebuild. */
function walkOf(x: Asked, at: number, version: number): (Walk & { stretch: Asked }) | null {
  const { s, k, to, was } = x
  const before = x.carried[at]
  const known = before?.version === version
  const { carries } = SERVED_AND_BLEND[at]!
  if (known && carries && was !== null && to - x.from > AGAIN_MOST) {
    k.served[at] = before
    s.stale = true
    return null
  }
  const goesOn = known && was === null
  const found = k === s.base ? null : (s.base?.served[at] ?? null)
  const based = found?.version === version ? found : null
  if (!goesOn) anew(x, at, based, known)
  const begin = goesOn
    ? { place: x.from, state: before.values }
    : known && !carries
      ? { place: earliest(x), state: before.values }
      : ((known ? stateBefore(s.ring, at, version, earliest(x), x.from) : null) ?? {
          place: 0,
          state: based?.values ?? null,
        })
  const keep = goesOn || k === s.base ? [] : marksBetween(begin.place, to)
  return {
    of: x.of,
    from: begin.place,
    to,
    state: begin.state,
    asks: asksOf(x, begin.place),
    keep,
    kept: [],
    stretch: x,
  }
}

/**
 * Takes back what a model that does not go on from its newest state said of topics: of all of them where the version is
 * new, else of those that something came to or went from.
 */
function anew({ s, k, touched, changed }: Asked, at: number, based: Carried | null, known: boolean): void {
  const topics = known ? touched : Array.from({ length: k.known }, (_, t) => t)
  for (const t of topics) {
    const place = t * TOPIC_WIDTH + SERVED_AT + at
    k.topics[place] = based !== null && t < s.base!.known ? s.base!.topics[place]! : NOT_SCORED
    changed.add(t)
  }
}

/** The latest place from which everything that is to be asked can be: a topic that lost an answer shows an older one. */
function earliest(x: Asked): number {
  let place = askedAfter(x, x.from)
  for (const t of x.touched) {
    const last = lastOf(x.s, t, x.to)
    if (last >= 0) place = Math.min(place, last + 1)
  }
  return place
}

function lastOf({ ring, sets }: ScoreState, topic: number, to: number): number {
  let i = to - 1
  while (i >= 0 && !sets.sets[ring.set[i]!]!.includes(topic)) i--
  return i
}

/** Where the answer that is wanted is asked for, `limit` at the latest. */
function askedAfter({ s: { ring }, wanted }: Stretch, limit: number): number {
  if (wanted < 0) return limit
  let after = wanted
  while (after > 0 && ring.t[after - 1] === ring.t[wanted]) after--
  return Math.min(after, limit)
}

/** What served models said of topics so far, for the knowledge that goes on from there. */
export function snapsOf(before: Knowledge, k: Knowledge): void {
  for (let t = 0; t < Math.min(before.known, k.known); t++) {
    const at = t * TOPIC_WIDTH
    k.topics.set(before.topics.subarray(at + SERVED_AT, at + BLEND_AT), at + SERVED_AT)
    blendAgain(k, t)
  }
}

function blendAgain(k: Knowledge, topic: number): void {
  const at = topic * TOPIC_WIDTH
  k.topics[at + BLEND_AT] = BLEND.combine(k.topics, at + SNAP_AT, PARTS)
}

/** The answer that is wanted, and the mastery of each topic right after its newest opportunity. */
function asksOf(x: Stretch, from: number): Ask[] {
  const { s, to, wanted, means } = x
  const { ring, sets } = s
  const asks: Ask[] = []
  const met = new Set<number>()
  for (let i = to - 1; i >= from; i--)
    for (const topic of sets.sets[ring.set[i]!]!) {
      if (met.has(topic)) continue
      met.add(topic)
      asks.push({ after: i + 1, opportunity: null, topic, p: NOT_SCORED })
    }
  for (const topic of x.touched) {
    const last = met.has(topic) ? -1 : lastOf(s, topic, to)
    // Found above where it lies behind `from`; what lies before it is asked for where the walk begins in time for it.
    if (last + 1 >= from && last >= 0) asks.push({ after: last + 1, opportunity: null, topic, p: NOT_SCORED })
  }
  if (wanted >= 0 && means !== null)
    asks.push({ after: Math.max(from, askedAfter(x, wanted)), opportunity: wanted, topic: 0, p: NOT_SCORED })
  return asks.sort((a, b) => a.after - b.after)
}
