import { retained } from '../progress/forgetting.ts'
import type { TopicGraph } from '../progress/graph.ts'
import { evidenceWeight } from '../progress/roll-up.ts'

/** One student's topic as it was last scored. */
export interface TopicState {
  /** Blended mastery right after the newest opportunity, 0 to 1. */
  mastery: number
  opportunities: number
  /** UTC milliseconds of the newest opportunity. */
  at: number
}

/** How fast topics are forgotten: exponents of (1 + days)^-decay. */
export interface Decays {
  /** Of topics that are not listed. */
  usual: number
  topics: ReadonlyMap<string, number>
}

/**
 * Used until an installation has fitted its own: the mean over the simulated school's topics, 0.026 with a standard error
 * of 0.003 (`simulate --students 400 --events 200000 --seed 5`).
 */
export const USUAL_DECAY = 0.026

const DAY = 86_400_000

/** A student's topics at one time, along the graph. */
export class StudentView {
  readonly graph: TopicGraph
  readonly now: number
  /** Mean mastery over the topics seen, each weighted by its evidence; null for a student without answers. */
  readonly overall: number | null
  private readonly states: ReadonlyMap<string, TopicState>
  private readonly decays: Decays

  /** `now`: UTC milliseconds. */
  constructor(graph: TopicGraph, states: ReadonlyMap<string, TopicState>, decays: Decays, now: number) {
    this.graph = graph
    this.states = states
    this.decays = decays
    this.now = now
    let weight = 0
    let sum = 0
    for (const s of states.values()) {
      const w = evidenceWeight(s.opportunities)
      weight += w
      sum += w * s.mastery
    }
    this.overall = weight > 0 ? sum / weight : null
  }

  /** Null for a topic without answers. */
  state(topic: string): TopicState | null {
    const s = this.states.get(topic)
    return s !== undefined && s.opportunities > 0 ? s : null
  }

  days(topic: string): number | null {
    const s = this.state(topic)
    return s === null ? null : Math.max(0, (this.now - s.at) / DAY)
  }

  /** Mastery with what was forgotten since taken off; null for a topic without answers. */
  mastery(topic: string): number | null {
    const s = this.state(topic)
    if (s === null) return null
    return s.mastery * retained(this.decays.topics.get(topic) ?? this.decays.usual, (this.now - s.at) / DAY)
  }

  /** Prerequisites that are below `least`, or unseen, by index into the graph's topics. */
  unmet(topic: number, least: number): number[] {
    const { topics, prerequisites } = this.graph
    return prerequisites[topic]!.filter((p) => (this.mastery(topics[p]!.id) ?? 0) < least)
  }
}
