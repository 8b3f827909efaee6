import type {
  ConsumerHandler,
  ConsumerOptions,
  EventLog,
  FetchInfo,
  Forget,
  LogAppend,
  LogConsumer,
  LogRecord,
} from '@mastery/topology/ports/event-log.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import type { Environment } from './environment.ts'
import { forgetIn, packSegment, unpackSegment } from './segment.ts'

/** How long a reader sleeps when nobody in its process writes, milliseconds. Writers in other threads are seen this late. */
const POLL_MS = 20
/** Bytes of one stored segment, so that reading a few records never copies a huge one. */
const SEGMENT_BYTES = 512 * 1024

function segmentKey(partition: number, base: number): Buffer {
  const key = Buffer.allocUnsafe(8)
  key.writeUInt16BE(partition, 0)
  key.writeUIntBE(base, 2, 6)
  return key
}

/** The event log in LMDB. Nothing expires; a student's records can be forgotten, which leaves holes. */
export class EmbeddedLog implements EventLog {
  private readonly env: Environment
  private readonly owned: boolean

  constructor(env: Environment, owned = false) {
    this.env = env
    this.owned = owned
  }

  async ensureTopics(topics: readonly TopicName[], partitions: number): Promise<void> {
    this.env.root.transactionSync(() => {
      for (const topic of topics) {
        this.env.log(topic)
        const known = this.env.heads.get(`partitions/${topic}`)
        if (!known) this.env.heads.putSync(`partitions/${topic}`, Buffer.from([partitions]))
      }
    })
  }

  async dropTopics(topics: readonly TopicName[]): Promise<void> {
    this.env.root.transactionSync(() => {
      for (const topic of topics) {
        const n = this.env.heads.get(`partitions/${topic}`)?.[0] ?? 0
        if (n === 0) continue
        this.env.log(topic).clearSync()
        for (let p = 0; p < n; p++) this.env.heads.removeSync(`head/${topic}/${p}`)
        this.env.heads.removeSync(`partitions/${topic}`)
      }
    })
  }

  async partitions(topic: TopicName): Promise<number> {
    const n = this.env.heads.get(`partitions/${topic}`)
    if (!n)
      throw new Error(
        `Topic ${topic} does not exist in ${this.env.path}; start the service once, it creates all topics.`,
      )
    return n[0]!
  }

  async append(records: readonly LogAppend[]): Promise<void> {
    if (records.length === 0) return
    this.env.root.transactionSync(() => this.appendInTransaction(records))
    this.announce(records)
  }

  /** For a state commit that carries outputs; the caller holds the transaction and announces afterwards. */
  appendInTransaction(records: readonly LogAppend[]): void {
    const groups = new Map<string, LogAppend[]>()
    for (const r of records) {
      const id = `${r.topic}/${r.partition}`
      const g = groups.get(id)
      if (g) g.push(r)
      else groups.set(id, [r])
    }
    for (const [id, group] of groups) {
      const { topic, partition } = group[0]!
      let next = this.end(topic, partition)
      let from = 0
      let bytes = 0
      for (let i = 0; i < group.length; i++) {
        bytes += group[i]!.value.length + 64
        if (bytes < SEGMENT_BYTES && i < group.length - 1) continue
        this.env.log(topic).putSync(segmentKey(partition, next), packSegment(group.slice(from, i + 1)))
        next += i + 1 - from
        from = i + 1
        bytes = 0
      }
      const head = Buffer.allocUnsafe(8)
      head.writeDoubleLE(next)
      this.env.heads.putSync(`head/${id}`, head)
    }
  }

  announce(records: readonly LogAppend[]): void {
    for (const topic of new Set(records.map((r) => r.topic))) this.env.grew(topic)
  }

  private end(topic: TopicName, partition: number): number {
    return this.env.heads.get(`head/${topic}/${partition}`)?.readDoubleLE(0) ?? 0
  }

  async bounds(topic: TopicName, partition: number): Promise<{ start: number; end: number }> {
    return { start: 0, end: this.end(topic, partition) }
  }

  async read(topic: TopicName, partition: number, from: number, max: number): Promise<LogRecord[]> {
    return this.readNow(topic, partition, from, max)
  }

  readNow(topic: TopicName, partition: number, from: number, max: number): LogRecord[] {
    const out: LogRecord[] = []
    const db = this.env.log(topic)
    let start = segmentKey(partition, from)
    for (const { key } of db.getRange({
      start,
      end: segmentKey(partition, 0),
      inclusiveEnd: true,
      reverse: true,
      limit: 1,
    }))
      start = Buffer.from(key)
    if (start.readUIntBE(2, 6) > from) start = segmentKey(partition, from)
    for (const { key, value } of db.getRange({ start, end: segmentKey(partition + 1, 0) })) {
      if (out.length >= max) break
      unpackSegment(value, key.readUIntBE(2, 6), from, max, out)
    }
    return out
  }

  /** A segment at a time, so that others come in between. The newest record stays, so that a reader's end is a record. */
  async forget(of: Forget): Promise<number> {
    const { topic, partition, key, keep } = of
    const before = Math.min(of.before, this.end(topic, partition) - 1)
    const db = this.env.log(topic)
    let forgotten = 0
    for (let start = segmentKey(partition, 0); ; ) {
      const [next] = [...db.getRange({ start, end: segmentKey(partition, Math.max(0, before)), limit: 1 })]
      if (!next) return forgotten
      const at = Buffer.from(next.key)
      const base = at.readUIntBE(2, 6)
      const without = forgetIn(next.value, base, before, key, keep)
      if (without) {
        forgotten += without.count
        this.env.root.transactionSync(() => db.putSync(at, without.segment))
      }
      start = segmentKey(partition, base + 1)
      await new Promise((r) => setImmediate(r))
    }
  }

  consumer(options: ConsumerOptions): LogConsumer {
    return new EmbeddedConsumer(this.env, this, options)
  }

  async close(): Promise<void> {
    if (this.owned) await this.env.close()
  }
}

class EmbeddedConsumer implements LogConsumer {
  private readonly env: Environment
  private readonly log: EmbeddedLog
  private readonly options: ConsumerOptions
  private running = false
  private broken = false
  private loops: Promise<void>[] = []

  constructor(env: Environment, log: EmbeddedLog, options: ConsumerOptions) {
    this.env = env
    this.log = log
    this.options = options
  }

  async start(handler: ConsumerHandler): Promise<void> {
    this.running = true
    for (const topic of this.options.topics) {
      const n = await this.log.partitions(topic)
      for (let p = 0; p < n; p++) {
        const loop = this.loop(topic, p, handler).catch((e) => {
          this.running = false
          if (!this.broken) handler.failed(e as Error)
          this.broken = true
        })
        this.loops.push(loop)
      }
    }
  }

  private async loop(topic: TopicName, partition: number, handler: ConsumerHandler): Promise<void> {
    let next = await handler.assigned(topic, partition)
    let stopped = false
    while (this.running && !stopped) {
      let { end } = await this.log.bounds(topic, partition)
      if (end <= next) {
        await this.env.wait(topic, POLL_MS)
        continue
      }
      const deadline = performance.now() + this.options.maxDelayMs
      while (this.running && end - next < this.options.maxRecords) {
        const left = deadline - performance.now()
        if (left <= 0) break
        await this.env.wait(topic, Math.min(left, POLL_MS))
        end = (await this.log.bounds(topic, partition)).end
      }
      const records = this.log.readNow(topic, partition, next, this.options.maxRecords)
      if (records.length === 0) {
        await this.env.wait(topic, POLL_MS)
        continue
      }
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
      await new Promise((r) => setImmediate(r))
    }
  }

  async stop(): Promise<void> {
    this.running = false
    for (const topic of this.options.topics) this.env.grew(topic)
    await Promise.all(this.loops)
  }

  async report(): Promise<void> {
    // The claim in the same environment holds the offset already.
  }

  async reported(): Promise<null> {
    return null
  }
}
