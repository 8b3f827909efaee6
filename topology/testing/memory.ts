import type {
  ConsumerHandler,
  ConsumerOptions,
  EventLog,
  FetchInfo,
  LogAppend,
  LogConsumer,
  LogRecord,
} from '../ports/event-log.ts'
import { FencedError } from '../ports/failure.ts'
import {
  type Claim,
  type CommitResult,
  type Fence,
  type StateCommit,
  type StateScope,
  type StateStore,
  scopeId,
} from '../ports/state-store.ts'
import type { TopicName } from '../topics.ts'
import { pause } from './consumer-recorder.ts'

/** Waits; a simulation gives one that runs on virtual time. */
export type Sleep = (ms: number) => Promise<void>

const POLL_MS = 2

/** The event log in memory, for tests and simulations. Every consumer owns all partitions. */
export class MemoryLog implements EventLog {
  private readonly topics = new Map<TopicName, LogRecord[][]>()
  /** What groups were told, by group, topic and partition. */
  readonly reports = new Map<string, number>()
  readonly sleep: Sleep

  constructor(sleep: Sleep = pause) {
    this.sleep = sleep
  }

  private records(topic: TopicName, partition: number): LogRecord[] {
    const records = this.topics.get(topic)?.[partition]
    if (!records) throw new Error(`Topic ${topic} has no partition ${partition}; call ensureTopics first.`)
    return records
  }

  async ensureTopics(topics: readonly TopicName[], partitions: number): Promise<void> {
    for (const topic of topics)
      if (!this.topics.has(topic))
        this.topics.set(
          topic,
          Array.from({ length: partitions }, () => []),
        )
  }

  async dropTopics(topics: readonly TopicName[]): Promise<void> {
    for (const topic of topics) this.topics.delete(topic)
  }

  async partitions(topic: TopicName): Promise<number> {
    const found = this.topics.get(topic)
    if (!found) throw new Error(`Topic ${topic} does not exist; call ensureTopics first.`)
    return found.length
  }

  async append(records: readonly LogAppend[]): Promise<void> {
    this.appendNow(records)
  }

  appendNow(records: readonly LogAppend[]): void {
    for (const { topic, partition, key, value, timestamp } of records) {
      const all = this.records(topic, partition)
      all.push({ offset: all.length, key, value: Buffer.from(value), timestamp })
    }
  }

  async bounds(topic: TopicName, partition: number): Promise<{ start: number; end: number }> {
    return { start: 0, end: this.records(topic, partition).length }
  }

  async read(topic: TopicName, partition: number, from: number, max: number): Promise<LogRecord[]> {
    return this.records(topic, partition).slice(from, from + max)
  }

  async forget(): Promise<null> {
    return null
  }

  consumer(options: ConsumerOptions): LogConsumer {
    return new MemoryConsumer(this, options)
  }

  async close(): Promise<void> {}
}

class MemoryConsumer implements LogConsumer {
  private readonly log: MemoryLog
  private readonly options: ConsumerOptions
  private running = false
  private broken = false
  private loops: Promise<void>[] = []

  constructor(log: MemoryLog, options: ConsumerOptions) {
    this.log = log
    this.options = options
  }

  async start(handler: ConsumerHandler): Promise<void> {
    this.running = true
    const fail = (e: unknown) => {
      this.running = false
      if (!this.broken) handler.failed(e as Error)
      this.broken = true
    }
    for (const topic of this.options.topics)
      for (let p = 0; p < (await this.log.partitions(topic)); p++)
        this.loops.push(this.loop(topic, p, handler).catch(fail))
  }

  private async loop(topic: TopicName, partition: number, handler: ConsumerHandler): Promise<void> {
    const { maxRecords, maxDelayMs } = this.options
    let next = await handler.assigned(topic, partition)
    let stopped = false
    while (this.running && !stopped) {
      let end = (await this.log.bounds(topic, partition)).end
      if (end <= next) {
        await this.log.sleep(POLL_MS)
        continue
      }
      for (let waited = 0; this.running && end - next < maxRecords && waited < maxDelayMs; waited += POLL_MS) {
        await this.log.sleep(POLL_MS)
        end = (await this.log.bounds(topic, partition)).end
      }
      if (!this.running) return
      const records = await this.log.read(topic, partition, next, maxRecords)
      const fetch: FetchInfo = {
        requested: next,
        highWatermark: end,
        heartbeat: async () => {},
        stopPartition: () => {
          stopped = true
        },
      }
      await handler.batch(topic, partition, records, fetch)
      next = records.at(-1)!.offset + 1
    }
  }

  async stop(): Promise<void> {
    this.running = false
    await Promise.all(this.loops)
  }

  private place(topic: TopicName, partition: number): string {
    return `${this.options.group} ${topic}/${partition}`
  }

  async report(topic: TopicName, partition: number, nextOffset: number): Promise<void> {
    this.log.reports.set(this.place(topic, partition), nextOffset)
  }

  async reported(topic: TopicName, partition: number): Promise<number | null> {
    return this.log.reports.get(this.place(topic, partition)) ?? null
  }
}

interface Held {
  epoch: number
  nextOffset: number
  meta: Uint8Array | null
  states: Map<string, Uint8Array>
}

/** State in memory. With a log it carries the outputs, as the embedded store does; without one it does not, as Redis. */
export class MemoryState implements StateStore {
  readonly carriesOutputs: boolean
  private readonly log: MemoryLog | null
  private readonly scopes = new Map<string, Held>()

  constructor(log: MemoryLog | null = null) {
    this.log = log
    this.carriesOutputs = log !== null
  }

  private held(scope: StateScope): Held {
    const id = scopeId(scope)
    let held = this.scopes.get(id)
    if (!held) this.scopes.set(id, (held = { epoch: 0, nextOffset: 0, meta: null, states: new Map() }))
    return held
  }

  async claim(scope: StateScope, _owner: string): Promise<Claim> {
    const held = this.held(scope)
    held.epoch++
    return { epoch: held.epoch, nextOffset: held.nextOffset, meta: held.meta?.slice() ?? null }
  }

  async load(scope: StateScope, keys: readonly string[], fence?: Fence): Promise<(Uint8Array | null)[]> {
    const { states, epoch, nextOffset } = this.held(scope)
    if (fence && (fence.epoch !== epoch || fence.nextOffset !== nextOffset))
      throw new FencedError(`${scopeId(scope)} is held by another owner.`)
    return keys.map((k) => states.get(k)?.slice() ?? null)
  }

  async commit(scope: StateScope, c: StateCommit): Promise<CommitResult> {
    const held = this.held(scope)
    if (held.epoch !== c.epoch) return 'fenced'
    if (held.nextOffset !== c.expectedOffset) return held.nextOffset === c.nextOffset ? 'already' : 'fenced'
    if (c.outputs.length > 0) this.log?.appendNow(c.outputs)
    for (const [key, bytes] of c.changes) held.states.set(key, Uint8Array.from(bytes))
    held.meta = Uint8Array.from(c.meta)
    held.nextOffset = c.nextOffset
    return 'committed'
  }

  async peek(scope: StateScope): Promise<{ nextOffset: number; meta: Uint8Array } | null> {
    const { nextOffset, meta } = this.held(scope)
    return meta ? { nextOffset, meta: meta.slice() } : null
  }

  async drop(scope: StateScope): Promise<void> {
    this.scopes.delete(scopeId(scope))
  }

  async *keys(scope: StateScope): AsyncIterable<string> {
    yield* this.held(scope).states.keys()
  }

  async close(): Promise<void> {}
}
