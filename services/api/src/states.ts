import { type ProvideFiles, readScoreMeta } from '@mastery/infra/runtime/artefacts.ts'
import { type Generation, partitionIn } from '@mastery/topology/generations/generation.ts'
import type { StateScope, StateStore } from '@mastery/topology/ports/state-store.ts'
import type { ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import { COUNT_AT, SCORE_STATE, type ScoreState, TOPIC_WIDTH } from '@mastery/topology/stages/scoring/state.ts'
import { WINDOW_STATE, type WindowState } from '@mastery/topology/stages/windowing/state.ts'
import { topicAt } from '@mastery/topology/topics.ts'

export interface Scores {
  student: string
  state: ScoreState
  meta: ScoreMeta
  /** Indexes of topics with at least one opportunity. */
  topics: number[]
}

/** The stages' own states, read from outside: what was committed, nothing later, and nothing is claimed. */
export class States {
  private readonly store: StateStore
  private readonly partitions: number
  private readonly generation: () => Generation
  private readonly provide: ProvideFiles

  /** `partitions`: of learning.events. `generation`: the one that readers see. */
  constructor(store: StateStore, partitions: number, generation: () => Generation, provide: ProvideFiles) {
    this.store = store
    this.partitions = partitions
    this.generation = generation
    this.provide = provide
  }

  private scope(stage: string, topic: 'learning.events' | 'learning.features', student: string): StateScope {
    const g = this.generation()
    const partition = partitionIn(g, topic, student, this.partitions)
    return { stage, generation: g.id, topic: topicAt(topic, g.id), partition }
  }

  /** Null for a student whom the scoring stage has not met. */
  async scores(student: string): Promise<Scores | null> {
    const scope = this.scope('scoring', 'learning.features', student)
    const [[bytes], at] = await Promise.all([this.store.load(scope, [student]), this.store.peek(scope)])
    if (!bytes || !at) return null
    const state = SCORE_STATE.decode(bytes, student)
    const topics: number[] = []
    for (let t = 0; t < state.current.known; t++)
      if (state.current.topics[t * TOPIC_WIDTH + COUNT_AT]! > 0) topics.push(t)
    return { student, state, meta: await readScoreMeta(at.meta, this.provide), topics }
  }

  async windows(student: string): Promise<WindowState | null> {
    const scope = this.scope('features', 'learning.events', student)
    const [bytes] = await this.store.load(scope, [student])
    return bytes ? WINDOW_STATE.decode(bytes, student) : null
  }

  /** Resolves where the store answers, whether or not anything was committed. */
  async probe(): Promise<void> {
    await this.store.peek(this.scope('scoring', 'learning.features', ''))
  }
}
