import type { TopicName } from '@mastery/topology/topics.ts'

/** One partition for as long as one generation of the group gives it to this member. */
export interface Assignment {
  readonly topic: TopicName
  readonly partition: number
  /** The handler has said where to begin, and the reader stands there. */
  ready: boolean
  /** The handler wants no more of it. */
  stopped: boolean
  /** The membership error that broke off a batch: what the handler did with it counts as not done. */
  cut: unknown
  /** The next offset that the handler has not seen. */
  position: number
  /** Where the next fetch begins; beyond `position` where the log ends in records that nobody sees (aborted, control). */
  fetchAt: number
}

export function assignmentOf(topic: TopicName, partition: number): Assignment {
  return { topic, partition, ready: false, stopped: false, cut: null, position: 0, fetchAt: 0 }
}

export const idOf = (topic: string, partition: number): string => `${topic}/${partition}`

/** Work per partition, one piece after the other. */
export class Lanes {
  private readonly tails = new Map<string, Promise<void>>()

  run(id: string, work: () => Promise<void>): Promise<void> {
    const done = (this.tails.get(id) ?? Promise.resolve()).then(work)
    this.tails.set(
      id,
      done.catch(() => {}),
    )
    return done
  }

  async idle(): Promise<void> {
    await Promise.all(this.tails.values())
  }
}
