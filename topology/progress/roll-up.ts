import type { GraphNode, TopicGraph } from './graph.ts'

/** What is known of one student's topic. */
export interface TopicStanding {
  topic: string
  /** Blended mastery, 0 to 1. */
  mastery: number
  /** Its standard deviation. */
  uncertainty: number
  opportunities: number
  /** UTC milliseconds of the newest opportunity. */
  asOf: number
}

export interface RollUp {
  node: GraphNode
  /** Mean mastery of the topics seen, each weighted by its evidence. */
  mastery: number
  /**
   * Standard deviation of that mean, the topics' errors taken as independent: sqrt(sum w^2 s^2) / sum w. A student's
   * topics err together to a degree, so it is a lower bound.
   */
  uncertainty: number
  /** Topics of the node, those with an answer, and those at the threshold or above. */
  topics: number
  seen: number
  mastered: number
  /** Share of the topics that have an answer: what `mastery` speaks about. */
  coverage: number
  /** Mean weight over all topics of the node, unseen ones having none: 0 nothing is known, near 1 all is known well. */
  evidence: number
  opportunities: number
  asOf: number
}

/** Answers at which a topic has half of the full weight. */
export const HALF_WEIGHT = 10

/**
 * Weight of a topic with n opportunities: n / (n + 10), the share that its own answers have in an estimate that is drawn
 * towards a prior worth ten answers (the credibility of Bühlmann, ASTIN Bulletin 4, 1967). It grows with evidence and
 * stays below 1, so that a topic practised a hundred times does not drown one practised ten times.
 */
export function evidenceWeight(opportunities: number): number {
  return opportunities / (opportunities + HALF_WEIGHT)
}

/**
 * One student's mastery along the graph. Topics without an answer are not guessed: `mastery` is over those seen, and
 * `coverage` and `evidence` say how much of the node that is. Nodes without any answer are left out, and so are topics
 * that the graph does not have.
 * @param threshold mastery from which a topic counts as mastered
 */
export function rollUp(graph: TopicGraph, standings: Iterable<TopicStanding>, threshold: number): RollUp[] {
  const known = new Map<number, TopicStanding>()
  for (const s of standings) {
    const at = graph.index.get(s.topic)
    if (at !== undefined && s.opportunities > 0) known.set(at, s)
  }
  const out: RollUp[] = []
  for (const node of graph.nodes) {
    let weight = 0
    let sum = 0
    let squares = 0
    const r = { seen: 0, mastered: 0, opportunities: 0, asOf: 0 }
    for (const t of node.topics) {
      const s = known.get(t)
      if (s === undefined) continue
      const w = evidenceWeight(s.opportunities)
      weight += w
      sum += w * s.mastery
      squares += w * w * s.uncertainty * s.uncertainty
      r.seen++
      if (s.mastery >= threshold) r.mastered++
      r.opportunities += s.opportunities
      r.asOf = Math.max(r.asOf, s.asOf)
    }
    if (r.seen === 0) continue
    out.push({
      node,
      mastery: sum / weight,
      uncertainty: Math.sqrt(squares) / weight,
      topics: node.topics.length,
      ...r,
      coverage: r.seen / node.topics.length,
      evidence: weight / node.topics.length,
    })
  }
  return out
}
