import type { TopicGraph } from '../progress/graph.ts'
import type { TopicAnswer } from '../progress/student.ts'
import { contextOf } from './context.ts'
import { BLOCK_ANSWERS, BLOCK_GAP_MS, type BlockAnswer, type Reward, rewardOf } from './reward.ts'
import { type Decays, StudentView, type TopicState } from './view.ts'

/** A stretch of practice on one topic: what was known before it, and what it brought. */
export interface Stretch {
  context: Float64Array
  reward: Reward
}

interface Open {
  context: Float64Array
  answers: BlockAnswer[]
  items: Set<string>
  last: number
}

/**
 * The stretches of practice in one student's history: what the bandit is warmed up with. A stretch is up to eight first
 * answers to different items of one topic without a pause of half an hour; shorter ones than four tell nothing. What a
 * policy would have recommended plays no part: rewards are regressed on the contexts in which they were earned.
 * @param share how often students answer an item right
 */
export function stretchesOf(
  answers: readonly TopicAnswer[],
  graph: TopicGraph,
  decays: Decays,
  share: (item: string) => number,
): Stretch[] {
  const states = new Map<string, TopicState>()
  const open = new Map<string, Open>()
  const out: Stretch[] = []
  const close = (o: Open) => {
    const reward = rewardOf(o.answers)
    if (reward) out.push({ context: o.context, reward })
  }
  for (const a of [...answers].sort((x, y) => x.at - y.at)) {
    const topic = graph.index.get(a.topic)
    if (topic === undefined) continue
    let o = open.get(a.topic)
    if (o && (a.at - o.last > BLOCK_GAP_MS || o.answers.length >= BLOCK_ANSWERS)) {
      close(o)
      o = undefined
    }
    if (!o) {
      const context = contextOf(new StudentView(graph, states, decays, a.at), topic)
      open.set(a.topic, (o = { context, answers: [], items: new Set(), last: a.at }))
    }
    o.last = a.at
    // A second try at an item comes with what the first one gave away.
    if (a.item !== null && !o.items.has(a.item)) {
      o.items.add(a.item)
      o.answers.push({ correct: a.correct, share: share(a.item) })
    }
    const opportunities = (states.get(a.topic)?.opportunities ?? 0) + 1
    states.set(a.topic, { mastery: a.mastery, opportunities, at: a.at })
  }
  for (const o of open.values()) close(o)
  return out
}
