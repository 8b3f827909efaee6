import type { Consumer } from 'kafkajs'
import { membershipLost } from './failure.ts'

const EVERY_MS = 500
const FLUSH_MS = 2_000

/** Offsets for the group, for whoever looks at its lag. Sent together, now and then; the loss of one costs nothing. */
export class GroupReports {
  private readonly pending = new Map<string, { topic: string; partition: number; offset: string }>()
  private timer: NodeJS.Timeout | null = null
  private generation = 0
  private readonly kafka: Consumer
  private readonly outside: () => void

  /** `outside` is called when the group answers that it does not know this member. */
  constructor(kafka: Consumer, outside: () => void) {
    this.kafka = kafka
    this.outside = outside
  }

  add(topic: string, partition: number, nextOffset: number): void {
    this.pending.set(`${topic}/${partition}`, { topic, partition, offset: String(nextOffset) })
    this.timer ??= setTimeout(() => void this.flush(), EVERY_MS).unref()
  }

  /** A new generation: the partitions may be another's by now. */
  clear(): void {
    this.generation++
    this.pending.clear()
  }

  async flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    const offsets = [...this.pending.values()]
    this.pending.clear()
    if (offsets.length === 0) return
    const generation = this.generation
    const sent = async () => {
      try {
        await this.kafka.commitOffsets(offsets)
      } catch (e) {
        if (generation === this.generation && membershipLost(e)) this.outside()
      }
    }
    await Promise.race([sent(), new Promise((resolve) => setTimeout(resolve, FLUSH_MS).unref())])
  }
}
