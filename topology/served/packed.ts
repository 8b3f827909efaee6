import type { Ask, Opportunities, Walk } from './served.ts'

/** A walk as it crosses threads: of the opportunities, those that it learns, asks for or looks back on. */
export interface PackedWalk {
  /** Place of the first opportunity that is sent. */
  first: number
  t: Float64Array
  item: Float64Array
  score: Float64Array
  response: Float64Array
  hints: Float64Array
  kind: Float64Array
  /** Null: all of them teach in full. */
  weight: Float64Array | null
  topics: readonly (readonly number[])[]
  names: readonly string[]
  from: number
  to: number
  state: Float64Array | null
  asks: readonly Pick<Ask, 'after' | 'opportunity' | 'topic'>[]
  keep: readonly number[]
}

/** What a walk came to. */
export interface WalkOutcome {
  state: Float64Array | null
  /** Of the asks, in their order. */
  p: Float64Array
  kept: { place: number; state: Float64Array }[]
}

/** @param back opportunities that the model looks back on from where it is asked */
export function packWalk({ of, from, to, state, asks, keep }: Walk, back: number): PackedWalk {
  let first = from
  let end = to
  for (const a of asks) {
    if (back > 0) first = Math.max(0, Math.min(first, a.after - back))
    if (a.opportunity !== null) {
      first = Math.min(first, a.opportunity)
      end = Math.max(end, a.opportunity + 1)
    }
  }
  const column = (values: ArrayLike<number>) => Float64Array.from({ length: end - first }, (_, i) => values[first + i]!)
  return {
    first,
    t: column(of.t),
    item: column(of.item),
    score: column(of.score),
    response: column(of.response),
    hints: column(of.hints),
    kind: column(of.kind),
    weight: of.weight && Float64Array.from({ length: end - first }, (_, i) => of.weight!(first + i)),
    topics: Array.from({ length: end - first }, (_, i) => of.topics(first + i)),
    names: of.names,
    from,
    to,
    state,
    asks: asks.map(({ after, opportunity, topic }) => ({ after, opportunity, topic })),
    keep,
  }
}

/** The walk again, with places counted from the first opportunity that was sent. */
export function unpackWalk(w: PackedWalk): Walk {
  const { first, weight } = w
  const of: Opportunities = { ...w, topics: (i) => w.topics[i]!, weight: weight && ((i) => weight[i]!) }
  return {
    of,
    from: w.from - first,
    to: w.to - first,
    state: w.state,
    asks: w.asks.map(({ after, opportunity, topic }) => ({
      after: after - first,
      opportunity: opportunity === null ? null : opportunity - first,
      topic,
      p: -1,
    })),
    keep: w.keep.map((place) => place - first),
    kept: [],
  }
}

export function outcomeOf({ state, asks, kept }: Walk, first: number): WalkOutcome {
  return {
    state,
    p: Float64Array.from(asks, (a) => a.p),
    kept: kept.map((k) => ({ place: k.place + first, state: k.state })),
  }
}

/** Writes an outcome where the walk's own server would have. */
export function takeOutcome(w: Walk, { state, p, kept }: WalkOutcome): void {
  w.state = state
  w.asks.forEach((a, i) => {
    a.p = p[i]!
  })
  w.kept.push(...kept)
}
