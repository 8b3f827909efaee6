import type { ConsumerOptions, EventLog, LogAppend, LogConsumer, LogRecord } from '@mastery/topology/ports/event-log.ts'
import { TOPICS, type TopicName, topicAt } from '@mastery/topology/topics.ts'
import type { Groups } from './group.ts'
import type { Process, Scheduler } from './scheduler.ts'

/** A record that was ever in the log, and after how many effects it came there. */
export interface Logged extends LogRecord {
  seq: number
}

interface Partition {
  /** Everything that was ever appended; `start` is the first offset that the log still has. */
  records: Logged[]
  start: number
  waiting: { process: Process; from: number; wake(): void }[]
}

/** The log itself. Processes reach it through a LogPort of their own. */
export class SimLog {
  /** Of what is not computed. */
  readonly partitions: number
  private readonly topics = new Map<TopicName, Partition[]>()
  private readonly scheduler: Scheduler

  /** `derived`: partitions of what the second generation computes. */
  constructor(scheduler: Scheduler, partitions: number, derived: number) {
    this.scheduler = scheduler
    this.partitions = partitions
    for (const { name, derived: computed } of TOPICS) {
      this.create(name, partitions)
      if (computed) this.create(topicAt(name, 1), derived)
    }
  }

  private create(topic: TopicName, length: number): void {
    this.topics.set(
      topic,
      Array.from({ length }, () => ({ records: [], start: 0, waiting: [] })),
    )
  }

  countOf(topic: TopicName): number {
    return this.topics.get(topic)!.length
  }

  private of(topic: TopicName, partition: number): Partition {
    const p = this.topics.get(topic)?.[partition]
    if (!p) throw new Error(`The simulated log has no ${topic} partition ${partition}.`)
    return p
  }

  append(records: readonly LogAppend[]): void {
    const seq = this.scheduler.effects
    for (const { topic, partition, key, value, timestamp } of records) {
      const p = this.of(topic, partition)
      p.records.push({ offset: p.records.length, key, value: Buffer.from(value), timestamp, seq })
      if (p.waiting.length === 0) continue
      const { waiting } = p
      p.waiting = []
      for (const w of waiting) this.scheduler.at(w.process, this.scheduler.latency(), w.wake)
    }
  }

  /** Of every partition's records a number from the front, as when some of a producer's batches arrive. */
  appendPartly(records: readonly LogAppend[]): void {
    const kept = new Map<string, number>()
    const part = records.filter(({ topic, partition }) => {
      const id = `${topic}/${partition}`
      let left = kept.get(id)
      if (left === undefined) left = this.scheduler.random.below(records.length + 1)
      kept.set(id, left - 1)
      return left > 0
    })
    this.append(part)
  }

  /** Retention: what is before `start` is gone for readers; the newest record always stays. */
  truncate(topic: TopicName, partition: number, start: number): void {
    const p = this.of(topic, partition)
    p.start = Math.max(p.start, Math.min(start, p.records.length - 1))
  }

  bounds(topic: TopicName, partition: number): { start: number; end: number } {
    const p = this.of(topic, partition)
    return { start: p.start, end: p.records.length }
  }

  read(topic: TopicName, partition: number, from: number, max: number): Logged[] {
    const p = this.of(topic, partition)
    return p.records.slice(Math.max(from, p.start), Math.max(from, p.start) + max)
  }

  /** For the oracle: also what retention has removed. */
  everything(topic: TopicName, partition: number): readonly Logged[] {
    return this.of(topic, partition).records
  }

  /** Wakes the process once the log goes beyond `from`. */
  beyond(process: Process, topic: TopicName, partition: number, from: number): Promise<void> {
    const p = this.of(topic, partition)
    return new Promise((wake) => {
      if (p.records.length > from) this.scheduler.at(process, 0, wake)
      else p.waiting.push({ process, from, wake })
    })
  }
}

/** The log as one process sees it. */
export class LogPort implements EventLog {
  private readonly log: SimLog
  private readonly scheduler: Scheduler
  private readonly process: Process
  private readonly groups: Groups

  constructor(log: SimLog, scheduler: Scheduler, process: Process, groups: Groups) {
    this.log = log
    this.scheduler = scheduler
    this.process = process
    this.groups = groups
  }

  async ensureTopics(): Promise<void> {}

  async forget(): Promise<null> {
    return null
  }

  async dropTopics(): Promise<void> {
    throw new Error('Nothing in the simulation drops a topic.')
  }

  async partitions(topic: TopicName): Promise<number> {
    return this.log.countOf(topic)
  }

  append(records: readonly LogAppend[]): Promise<void> {
    const first = records[0]
    return this.scheduler.effect(this.process, {
      port: 'log',
      kind: 'append',
      name: `append ${records.length} to ${first?.topic}/${first?.partition}`,
      perform: () => this.log.append(records),
      partly: () => this.log.appendPartly(records),
    })
  }

  bounds(topic: TopicName, partition: number): Promise<{ start: number; end: number }> {
    return this.scheduler.effect(this.process, {
      port: 'log',
      kind: 'read',
      name: `bounds ${topic}/${partition}`,
      perform: () => this.log.bounds(topic, partition),
    })
  }

  read(topic: TopicName, partition: number, from: number, max: number): Promise<LogRecord[]> {
    return this.scheduler.effect(this.process, {
      port: 'log',
      kind: 'read',
      name: `read ${topic}/${partition} from ${from}`,
      perform: () => this.log.read(topic, partition, from, max),
    })
  }

  consumer(options: ConsumerOptions): LogConsumer {
    return this.groups.member(this.process, options)
  }

  async close(): Promise<void> {}
}
