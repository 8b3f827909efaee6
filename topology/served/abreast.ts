import type { Ask, Walk } from './served.ts'

/** What a model that carries a state does for many students at a time. */
export interface Steps {
  /** Fills in `p`, from the states as they are. */
  ask(of: readonly { walk: number; ask: Ask }[]): Promise<void>
  /** Each of these walks, named once at most, learns one opportunity. */
  learn(of: readonly { walk: number; opportunity: number }[]): Promise<void>
  /** A copy. */
  state(walk: number): Float64Array
}

/** Takes walks forward side by side: the first opportunity of each, then the second, with what is asked between. */
export async function abreast(walks: readonly Walk[], steps: Steps): Promise<void> {
  const asked = walks.map(() => 0)
  const longest = walks.reduce((most, w) => Math.max(most, w.to - w.from), 0)
  for (let step = 0; step <= longest; step++) {
    const asks: { walk: number; ask: Ask }[] = []
    const learning: { walk: number; opportunity: number }[] = []
    walks.forEach((w, walk) => {
      for (; asked[walk]! < w.asks.length && w.asks[asked[walk]!]!.after - w.from <= step; asked[walk]!++)
        asks.push({ walk, ask: w.asks[asked[walk]!]! })
      if (w.from + step < w.to) learning.push({ walk, opportunity: w.from + step })
    })
    if (asks.length > 0) await steps.ask(asks)
    if (learning.length === 0) continue
    await steps.learn(learning)
    for (const { walk, opportunity } of learning) {
      const w = walks[walk]!
      const place = opportunity + 1
      if (w.keep[w.kept.length] === place) w.kept.push({ place, state: steps.state(walk) })
    }
  }
  walks.forEach((w, walk) => {
    w.state = steps.state(walk)
  })
}
