import type { ConsumerHandler, ConsumerOptions, FetchInfo, LogConsumer } from '@mastery/topology/ports/event-log.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import kafkajs, { type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs'
import { type Assignment, assignmentOf, idOf, Lanes } from './assignment.ts'
import { endConsumer, joinAgain, kafkaFailure, membershipLost } from './failure.ts'
import { GroupReports } from './group-reports.ts'
import { beginning, type ConsumerLog, skippedTo } from './reading-place.ts'
import { toRecord } from './record.ts'

const LEAVE_MS = 8_000

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const atMost = (ms: number, work: Promise<unknown>) => Promise.race([work.catch(() => {}), pause(ms)])

/**
 * A group member. kafkajs has no hook between joining and reading, so every partition is paused in its synchronous
 * GROUP_JOIN event and resumed once the handler has said where to begin. It forgets its place without a word when an
 * offset is out of range; every fetch that did not begin where the last one ended is therefore checked against the log.
 */
export class KafkaConsumer implements LogConsumer {
  private readonly kafka: Consumer
  private readonly log: ConsumerLog
  private readonly group: string
  private readonly options: ConsumerOptions
  /** As the group had them when this member joined: what it reports itself comes later. */
  private offsets: Promise<ReadonlyMap<string, number>> | null = null
  private readonly lanes = new Lanes()
  private readonly reports: GroupReports
  private held = new Map<string, Assignment>()
  private handler: ConsumerHandler | null = null
  private stopping: Promise<void> | null = null
  private broken: Error | null = null
  /** The group has lost this member and kafkajs does not know. */
  private outside = false

  constructor(kafka: Kafka, log: ConsumerLog, group: string, options: ConsumerOptions, sessionTimeout = 30_000) {
    this.log = log
    this.group = group
    this.options = options
    this.kafka = kafka.consumer({
      groupId: group,
      sessionTimeout,
      heartbeatInterval: sessionTimeout / 10,
      rebalanceTimeout: 60_000,
      allowAutoTopicCreation: false,
      // A fetch returns with this much, or after the wait with what there is: batches of the wanted size at any rate.
      minBytes: Math.max(1, Math.min(options.maxRecords * 64, 512 * 1024)),
      maxWaitTimeInMs: Math.min(500, Math.max(50, options.maxDelayMs)),
      maxBytesPerPartition: 2 * 1024 * 1024,
      maxBytes: 16 * 1024 * 1024,
      // Also keeps kafkajs from putting its own number of retries in place of the client's.
      retry: { restartOnFailure: async () => this.stopping === null && this.broken === null },
    })
    this.reports = new GroupReports(this.kafka, () => {
      this.outside = true
    })
    const { GROUP_JOIN, STOP, CRASH } = this.kafka.events
    this.kafka.on(GROUP_JOIN, ({ payload }) => this.joined(payload.memberAssignment))
    this.kafka.on(STOP, () => {
      this.held = new Map()
    })
    this.kafka.on(CRASH, ({ payload }) => {
      if (!payload.restart && this.stopping === null)
        this.fail(kafkaFailure(payload.error, 'be read from', log.brokers))
    })
  }

  async start(handler: ConsumerHandler): Promise<void> {
    this.handler = handler
    let partitions = 0
    for (const topic of this.options.topics) partitions += await this.log.partitions(topic)
    try {
      await this.kafka.connect()
      await this.kafka.subscribe({ topics: this.options.topics.map((t) => this.log.nameOf(t)), fromBeginning: true })
      await this.kafka.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: partitions,
        eachBatch: (payload) => this.eachBatch(payload),
      })
    } catch (e) {
      throw kafkaFailure(e, `start the group member of ${this.options.topics.join(', ')}`, this.log.brokers)
    }
  }

  private current(a: Assignment): boolean {
    return this.broken === null && this.held.get(idOf(a.topic, a.partition)) === a
  }

  private fail(error: Error): void {
    if (this.broken !== null) return
    this.broken = error
    this.held = new Map()
    // What was committed is told to the group first: it shows a state store that has lost it.
    void this.reports.flush().then(() => this.kafka.disconnect().catch(() => {}))
    this.handler?.failed(error)
  }

  /** Runs before the first fetch of each generation of the group. */
  private joined(assigned: Record<string, number[]>): void {
    this.outside = false
    this.offsets = null
    this.reports.clear()
    this.held = new Map()
    for (const [name, partitions] of Object.entries(assigned)) {
      if (partitions.length === 0) continue
      this.kafka.pause([{ topic: name, partitions }])
      for (const partition of partitions) {
        const a = assignmentOf(this.log.topicOf(name), partition)
        const id = idOf(a.topic, partition)
        this.held.set(id, a)
        this.lanes.run(id, () => this.claim(a)).catch((e) => this.fail(e as Error))
      }
    }
  }

  private async claim(a: Assignment): Promise<void> {
    if (!this.current(a) || this.stopping) return
    const from = await this.handler!.assigned(a.topic, a.partition)
    const start = await beginning(this.log, a, from, () => this.current(a))
    if (start === null) return
    if (start > from && !(await this.announceGap(a, start))) return
    if (!this.current(a) || a.stopped) return
    a.position = a.fetchAt = start
    this.kafka.seek({ topic: this.log.nameOf(a.topic), partition: a.partition, offset: String(start) })
    a.ready = true
    if (!this.stopping) this.kafka.resume([{ topic: this.log.nameOf(a.topic), partitions: [a.partition] }])
  }

  /**
   * Nothing may ever come from a truncated partition, so the handler hears of the gap at once. It may take its time to
   * fill it from elsewhere; false: the partition went to another meanwhile. kafkajs itself stays alive for the group.
   */
  private async announceGap(a: Assignment, start: number): Promise<boolean> {
    const heartbeat = async () => {
      if (this.current(a) && !this.stopping) return
      a.cut = joinAgain()
      throw a.cut
    }
    try {
      await this.handler!.batch(a.topic, a.partition, [], {
        ...this.fetchInfo(a, async () => {}),
        heartbeat,
        requested: start,
      })
      return true
    } catch (e) {
      if (a.cut !== null && e === a.cut) return false
      throw e
    }
  }

  private async eachBatch(payload: EachBatchPayload): Promise<void> {
    const { topic: name, partition } = payload.batch
    if (this.broken) throw endConsumer(this.broken)
    const a = this.held.get(idOf(this.log.topicOf(name), partition))
    if (this.stopping || !a) return
    if (this.outside || a.cut !== null) throw joinAgain()
    if (!a.ready || a.stopped) return
    await this.lanes.run(idOf(a.topic, partition), async () => {
      try {
        if (this.current(a)) await this.deliver(a, payload)
      } catch (e) {
        if (e === a.cut || e instanceof kafkajs.KafkaJSError) throw e
        this.fail(e as Error)
        throw endConsumer(e as Error)
      }
    })
  }

  private fetchInfo(a: Assignment, heartbeat: () => Promise<void>, highWatermark = 0): FetchInfo {
    return {
      requested: a.position,
      highWatermark,
      heartbeat: async () => {
        try {
          await heartbeat()
        } catch (e) {
          // A connection that broke is found out by the next fetch; the batch may end first.
          if (!membershipLost(e)) return
          a.cut = e
          throw e
        }
      },
      stopPartition: () => {
        a.stopped = true
        if (this.current(a)) this.kafka.pause([{ topic: this.log.nameOf(a.topic), partitions: [a.partition] }])
      },
    }
  }

  private async deliver(a: Assignment, { batch, resolveOffset, heartbeat }: EachBatchPayload): Promise<void> {
    const jumped = await skippedTo(this.log, a, batch)
    if (!this.current(a)) return
    const records = batch.messages.map(toRecord).filter((r) => r.offset >= a.position)
    if (records.length === 0) {
      // A fetch that was overtaken: read on where we stand.
      this.kafka.seek({ topic: batch.topic, partition: batch.partition, offset: String(a.position) })
      return
    }
    const { maxRecords } = this.options
    for (let i = 0; i < records.length; i += maxRecords) {
      const chunk = records.slice(i, i + maxRecords)
      const info = this.fetchInfo(a, heartbeat, Number(batch.highWatermark))
      if (i === 0 && jumped !== null) info.requested = jumped
      await this.handler!.batch(a.topic, a.partition, chunk, info)
      if (!this.current(a) || a.stopped) return
      const last = chunk.at(-1)!.offset
      resolveOffset(String(last))
      a.position = last + 1
      a.fetchAt = i + maxRecords >= records.length ? Number(batch.lastOffset()) + 1 : a.position
      if (this.stopping) return
      await info.heartbeat()
    }
  }

  async report(topic: TopicName, partition: number, nextOffset: number): Promise<void> {
    if (this.held.has(idOf(topic, partition))) this.reports.add(this.log.nameOf(topic), partition, nextOffset)
  }

  async reported(topic: TopicName, partition: number): Promise<number | null> {
    this.offsets ??= this.log.offsetsOf(this.group, this.options.topics)
    try {
      return (await this.offsets).get(idOf(topic, partition)) ?? null
    } catch (e) {
      this.offsets = null
      throw e
    }
  }

  owns(topic: TopicName, partition: number): boolean {
    return this.held.has(idOf(topic, partition))
  }

  stop(): Promise<void> {
    this.stopping ??= this.leave()
    return this.stopping
  }

  private async leave(): Promise<void> {
    // After this line `stopping` is set: no batch begins, and none is fetched in vain.
    await Promise.resolve()
    try {
      for (const a of this.held.values())
        this.kafka.pause([{ topic: this.log.nameOf(a.topic), partitions: [a.partition] }])
    } catch {
      // It never ran, or has just crashed.
    }
    await this.lanes.idle()
    await this.reports.flush()
    await atMost(LEAVE_MS, this.kafka.disconnect())
  }
}
