import { type Generation, partitionIn } from '@mastery/topology/generations/generation.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import { type TopicName, topicAt } from '@mastery/topology/topics.ts'
import type { PrivacyParts } from './parts.ts'

const LOOK_MS = 25

/** Waits on one student's partitions of the flow, with one deadline for all of it. */
export class Passage {
  private readonly parts: PrivacyParts
  private readonly student: string
  private readonly until: number
  /** Who had not come so far when time was up. */
  readonly behind: string[] = []

  constructor(parts: PrivacyParts, student: string) {
    this.parts = parts
    this.student = student
    this.until = performance.now() + parts.waitMs
  }

  /** True once the stage has committed everything that stands in the partition now. */
  async reached(
    stage: string,
    generation: number,
    topic: TopicName,
    partition = partitionOf(this.student, this.parts.partitions),
  ): Promise<boolean> {
    const { end } = await this.parts.log.bounds(topic, partition)
    const scope: StateScope = { stage, generation, topic, partition }
    for (;;) {
      this.parts.check?.()
      const at = await this.parts.state.peek(scope)
      if ((at?.nextOffset ?? 0) >= end) return true
      if (performance.now() > this.until) {
        this.behind.push(`${stage}${generation > 0 ? ` of generation ${generation}` : ''} on ${topic}`)
        return false
      }
      await new Promise((r) => setTimeout(r, LOOK_MS))
    }
  }

  /** Waits until all that stands in learning.events now has passed every stage of these generations, and gold. */
  async through(generations: readonly Generation[]): Promise<void> {
    await Promise.all(generations.map((g) => this.throughOne(g)))
    await this.reached('gold', 0, 'learning.events')
    const rejects = await this.parts.log.partitions('learning.rejects')
    await Promise.all(Array.from({ length: rejects }, (_, p) => this.reached('gold', 0, 'learning.rejects', p)))
  }

  private async throughOne(g: Generation): Promise<void> {
    const features = topicAt('learning.features', g.id)
    const scores = topicAt('mastery.scores', g.id)
    const computed = partitionIn(g, features, this.student, this.parts.partitions)
    if (!(await this.reached('features', g.id, 'learning.events'))) return
    const scored = await this.reached('scoring', g.id, features, computed)
    await this.reached('gold', g.id, features, computed)
    if (!scored) return
    const alerted = await this.reached('alerts', g.id, scores, computed)
    await this.reached('gold', g.id, scores, computed)
    if (alerted) await this.reached('gold', g.id, topicAt('mastery.alerts', g.id), computed)
  }
}
