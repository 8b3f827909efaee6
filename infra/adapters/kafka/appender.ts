import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { TopicMessages } from 'kafkajs'
import { PartitionedMessages } from './messages.ts'
import { sizeOf, toMessage } from './record.ts'

/** kafkajs sends one record batch per partition and request; the default limit of a broker for it is 1 MiB. */
const PARTITION_BYTES = 768 * 1024
const REQUEST_BYTES = 8 * 1024 * 1024

interface Waiting {
  records: readonly LogAppend[]
  /** Records before this one are in the log. */
  at: number
  resolve(): void
  reject(error: unknown): void
}

/**
 * One request in flight, the next one made of everything that waits meanwhile. Two requests in flight could change
 * places when the first is sent again; one can at worst be in the log twice, in its order.
 */
export class Appender {
  private readonly waiting: Waiting[] = []
  private sending: Promise<void> | null = null
  private readonly send: (topicMessages: TopicMessages[]) => Promise<unknown>
  private readonly topicOf: (r: LogAppend) => string

  constructor(send: (topicMessages: TopicMessages[]) => Promise<unknown>, topicOf: (r: LogAppend) => string) {
    this.send = send
    this.topicOf = topicOf
  }

  append(records: readonly LogAppend[]): Promise<void> {
    if (records.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.waiting.push({ records, at: 0, resolve, reject })
      this.sending ??= this.drain()
    })
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.sending
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const { topicMessages, taken } = this.take()
      try {
        await this.send(topicMessages)
      } catch (e) {
        for (const w of taken.keys()) {
          this.waiting.splice(this.waiting.indexOf(w), 1)
          w.reject(e)
        }
        continue
      }
      for (const [w, upTo] of taken) w.at = upTo
      while (this.waiting[0] && this.waiting[0].at === this.waiting[0].records.length) this.waiting.shift()!.resolve()
    }
    this.sending = null
  }

  private take(): { topicMessages: TopicMessages[]; taken: Map<Waiting, number> } {
    const now = Date.now()
    const topics = new Map<string, PartitionedMessages>()
    const bytes = new Map<string, number>()
    const taken = new Map<Waiting, number>()
    let total = 0
    for (const w of this.waiting) {
      for (let i = w.at; i < w.records.length; i++) {
        const r = w.records[i]!
        const size = sizeOf(r)
        const id = `${r.topic}/${r.partition}`
        const held = bytes.get(id) ?? 0
        const full = total + size > REQUEST_BYTES || (held > 0 && held + size > PARTITION_BYTES)
        if (total > 0 && full) return { topicMessages: asTopicMessages(topics), taken }
        bytes.set(id, held + size)
        total += size
        const topic = this.topicOf(r)
        let messages = topics.get(topic)
        if (!messages) {
          messages = new PartitionedMessages()
          topics.set(topic, messages)
        }
        messages.add(toMessage(r, now))
        taken.set(w, i + 1)
      }
    }
    return { topicMessages: asTopicMessages(topics), taken }
  }
}

function asTopicMessages(topics: ReadonlyMap<string, PartitionedMessages>): TopicMessages[] {
  return [...topics].map(([topic, messages]) => ({ topic, messages }))
}
