import type { ConsumerHandler, FetchInfo, LogRecord } from '../ports/event-log.ts'
import type { TopicName } from '../topics.ts'

export interface RecordedBatch {
  topic: TopicName
  partition: number
  records: LogRecord[]
  requested: number
  highWatermark: number
}

/** What a consumer did with its handler. `onBatch` may wait, throw or stop the partition; the records count before it. */
export class ConsumerRecorder implements ConsumerHandler {
  readonly batches: RecordedBatch[] = []
  readonly assignments: { topic: TopicName; partition: number; from: number }[] = []
  readonly failures: Error[] = []
  /** Where to begin; from the start where nothing is said. */
  from: (topic: TopicName, partition: number) => number | Promise<number> = () => 0
  onBatch: (batch: RecordedBatch, fetch: FetchInfo) => Promise<void> | void = () => {}

  async assigned(topic: TopicName, partition: number): Promise<number> {
    const from = await this.from(topic, partition)
    this.assignments.push({ topic, partition, from })
    return from
  }

  async batch(topic: TopicName, partition: number, records: LogRecord[], fetch: FetchInfo): Promise<void> {
    const { requested, highWatermark } = fetch
    const batch = { topic, partition, records, requested, highWatermark }
    this.batches.push(batch)
    await this.onBatch(batch, fetch)
  }

  failed(error: Error): void {
    this.failures.push(error)
  }

  of(topic: TopicName, partition: number): LogRecord[] {
    return this.batches.filter((b) => b.topic === topic && b.partition === partition).flatMap((b) => b.records)
  }

  get count(): number {
    return this.batches.reduce((n, b) => n + b.records.length, 0)
  }
}

/** Resolves once `holds` does. Rejects, naming what was awaited, when it does not within `ms`. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const step = 10
  for (let waited = 0; !(await holds()); waited += step) {
    if (waited >= ms) throw new Error(`Not within ${ms} ms: ${what}.`)
    await pause(step)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
