import { BLEND } from '../../models/blend/model.ts'
import { MODELS } from '../../models/catalog.ts'
import { SERVED } from '../../served/catalog.ts'
import type { Ask, Opportunities, Server, Walk } from '../../served/served.ts'
import { BLEND_AT, type Carried, type Knowledge, PARTS, type ScoreState, SNAP_AT, TOPIC_WIDTH } from './state.ts'

/** A version of a served model that is in force, ready. */
export interface InService {
  /** Place in SERVED. */
  at: number
  /** Hash of the version and its parameters. */
  version: number
  server: Server
}

/** A stretch of a student's ring that the folded models have learned and the served ones have not. */
export interface Stretch {
  s: ScoreState
  /** Gets what the served models carry and say. */
  k: Knowledge
  from: number
  to: number
  /** What the served models carry before `from`. */
  carried: readonly (Carried | null)[]
  /** Place in the ring of the answer that is asked for, from evidence strictly earlier than its time; -1: none. */
  wanted: number
  /** Predictions for it: the parts, then the blend. Those of served models are filled in, and the blend is made anew. */
  means: Float64Array | null
}

const FIRST = MODELS.length
/** Predictions and snapshots of a served model stand behind those of the folded ones. */
const SERVED_AT = SNAP_AT + FIRST

function opportunitiesOf(s: ScoreState): Opportunities {
  const { ring, sets } = s
  return {
    t: ring.t,
    item: ring.item,
    score: ring.score,
    hints: ring.hints,
    kind: ring.kind,
    topics: (i) => sets.sets[ring.set[i]!]!,
    names: sets.topics.names,
  }
}

/**
 * Brings stretches to the models in service, all students at a time. A model whose version carries nothing of a student
 * yet begins with the checkpoint if that has it, else with the ring's oldest opportunity.
 */
export async function serve(stretches: readonly Stretch[], service: readonly InService[]): Promise<void> {
  const all = stretches.map((x) => ({ ...x, of: opportunitiesOf(x.s), changed: new Set<number>() }))
  for (const x of all) x.k.served = SERVED.map(() => null)
  for (const { at, version, server } of service) {
    const walks = all.map((x): Walk => {
      const before = x.carried[at]
      const goesOn = before?.version === version
      const based = x.k === x.s.base ? null : (x.s.base?.served[at] ?? null)
      const from = goesOn ? x.from : 0
      const state = goesOn ? before.values : based?.version === version ? based.values : null
      return { of: x.of, from, to: x.to, state: state, asks: asksOf(x, from) }
    })
    await server.walk(walks)
    walks.forEach((w, i) => {
      const { k, means, changed } = all[i]!
      k.served[at] = { version, values: w.state }
      for (const a of w.asks) {
        if (a.opportunity !== null) means![FIRST + at] = a.p
        else {
          k.topics[a.topic * TOPIC_WIDTH + SERVED_AT + at] = a.p
          changed.add(a.topic)
        }
      }
    })
  }
  for (const { k, means, changed } of all) {
    for (const t of changed) blendAgain(k, t)
    if (means !== null) means[PARTS] = BLEND.combine(means, 0, PARTS)
  }
}

/** What served models said of topics by the time of a checkpoint, for the knowledge that goes on from there. */
export function snapsOf(base: Knowledge, k: Knowledge): void {
  for (let t = 0; t < base.known; t++) {
    const at = t * TOPIC_WIDTH
    k.topics.set(base.topics.subarray(at + SERVED_AT, at + BLEND_AT), at + SERVED_AT)
    blendAgain(k, t)
  }
}

function blendAgain(k: Knowledge, topic: number): void {
  const at = topic * TOPIC_WIDTH
  k.topics[at + BLEND_AT] = BLEND.combine(k.topics, at + SNAP_AT, PARTS)
}

/** The answer that is wanted, and the mastery of each topic right after its newest opportunity. */
function asksOf({ s, to, wanted, means }: Stretch, from: number): Ask[] {
  const { ring, sets } = s
  const asks: Ask[] = []
  const met = new Set<number>()
  for (let i = to - 1; i >= from; i--)
    for (const topic of sets.sets[ring.set[i]!]!) {
      if (met.has(topic)) continue
      met.add(topic)
      asks.push({ after: i + 1, opportunity: null, topic, p: -1 })
    }
  if (wanted >= 0 && means !== null) {
    let after = wanted
    while (after > from && ring.t[after - 1] === ring.t[wanted]) after--
    asks.push({ after, opportunity: wanted, topic: 0, p: -1 })
  }
  return asks.sort((a, b) => a.after - b.after)
}
