import type { ConsumerOptions, EventLog, LogAppend, LogConsumer, LogRecord } from '@mastery/topology/ports/event-log.ts'
import { SILENT, type Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { TOPICS, type TopicName, topicSpec } from '@mastery/topology/topics.ts'
import { type Admin, Kafka, type KafkaConfig, logLevel, type Producer, type SASLOptions } from 'kafkajs'
import { Appender } from './appender.ts'
import { KafkaConsumer } from './consumer.ts'
import { isPassing, kafkaFailure } from './failure.ts'
import { readRange } from './reader.ts'
import { dropNegativeTimeoutWarning } from './timeout-warning.ts'

export interface KafkaLogOptions {
  /** host:port of some brokers; the others are found through them. */
  brokers: string[]
  clientId: string
  ssl?: KafkaConfig['ssl']
  sasl?: SASLOptions
  /** Begins the name of every topic and group, where several installations share a cluster. */
  prefix?: string
  /** Copies of each topic that `ensureTopics` makes; 1 unless given. */
  replicationFactor?: number
  telemetry?: Telemetry
  /** After this long without a sign of life a member's partitions go to others, milliseconds; 30 s unless given. */
  sessionTimeoutMs?: number
}

/** A single record may be this large; bigger ones are refused by the broker. */
const MAX_RECORD_BYTES = 8 * 1024 * 1024
/** What a dead letter adds to the record that it holds: else the largest record would be poison that can't be parked. */
const ENVELOPE_BYTES = 64 * 1024
const DEAD_LETTERS: ReadonlySet<TopicName> = new Set(TOPICS.map((t) => t.deadLetter))
const HOSTED_MS = 15_000
const HOSTED_POLL_MS = 50
const PARTITIONS_KNOWN_MS = 30_000

dropNegativeTimeoutWarning()

/**
 * Writers try for a second or two, so that an outage reaches the caller, who keeps its place in the group while it
 * waits. Readers try for a minute: when they give up, kafkajs begins anew as another member, and the group waits for
 * the old one's session to end.
 */
const WRITER_RETRIES = 4
const READER_RETRIES = 60

/** A client of its own for each user: kafkajs shares the offsets of a group between all consumers of one client. */
function clientOf(options: KafkaLogOptions, retries: number): Kafka {
  const { brokers, clientId, ssl, sasl, telemetry = SILENT } = options
  return new Kafka({
    brokers,
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry: { retries, initialRetryTime: 150, maxRetryTime: 1_000 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, log: { message, error, groupId } }) =>
        telemetry.warn(`kafkajs ${namespace}: ${message}`, { error, groupId }),
  })
}

/** The event log on Apache Kafka. */
export class KafkaLog implements EventLog {
  readonly brokers: readonly string[]
  private readonly options: KafkaLogOptions
  private readonly prefix: string
  private readonly admin: Admin
  private readonly producer: Producer
  private readonly appender: Appender
  private readonly consumers = new Set<LogConsumer>()
  private readonly counts = new Map<TopicName, { partitions: number; until: number }>()

  constructor(options: KafkaLogOptions) {
    this.options = options
    this.brokers = options.brokers
    this.prefix = options.prefix ?? ''
    const client = clientOf(options, WRITER_RETRIES)
    this.admin = client.admin()
    this.producer = client.producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      maxInFlightRequests: 1,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition!,
    })
    this.appender = new Appender(
      (topicMessages) => this.producer.sendBatch({ acks: -1, topicMessages }),
      (r) => this.nameOf(r.topic),
    )
  }

  nameOf(topic: TopicName): string {
    return this.prefix + topic
  }

  topicOf(name: string): TopicName {
    return name.slice(this.prefix.length) as TopicName
  }

  private async asking<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (e) {
      throw kafkaFailure(e, what, this.brokers)
    }
  }

  async connect(): Promise<void> {
    await this.asking('be connected to', async () => {
      await this.admin.connect()
      await this.producer.connect()
    })
  }

  async ensureTopics(topics: readonly TopicName[], partitions: number): Promise<void> {
    await this.asking(`create ${topics.join(', ')}`, async () => {
      const there = new Set(await this.admin.listTopics())
      const missing = topics.filter((t) => !there.has(this.nameOf(t)))
      if (missing.length === 0) return
      await this.admin.createTopics({
        waitForLeaders: false,
        topics: missing.map((topic) => {
          const { retentionDays, compacted } = topicSpec(topic)
          const config = {
            'cleanup.policy': compacted ? 'compact' : 'delete',
            'retention.ms': String(retentionDays === 0 ? -1 : retentionDays * 86_400_000),
            'max.message.bytes': String(MAX_RECORD_BYTES + (DEAD_LETTERS.has(topic) ? ENVELOPE_BYTES : 0)),
          }
          return {
            topic: this.nameOf(topic),
            numPartitions: partitions,
            replicationFactor: this.options.replicationFactor ?? 1,
            configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
          }
        }),
      })
      for (const topic of missing) await this.hosted(topic)
    })
  }

  /**
   * Waits until a new topic's partitions can be written. Before that a broker refuses some of them, and kafkajs would
   * send all of a request again, so that records of the others were in the log twice.
   */
  private async hosted(topic: TopicName): Promise<void> {
    for (let waited = 0; ; waited += HOSTED_POLL_MS) {
      try {
        await this.admin.fetchTopicOffsets(this.nameOf(topic))
        return
      } catch (e) {
        if (waited >= HOSTED_MS || !isPassing(e)) throw e
        await new Promise((resolve) => setTimeout(resolve, HOSTED_POLL_MS))
      }
    }
  }

  async dropTopics(topics: readonly TopicName[]): Promise<void> {
    await this.asking(`delete ${topics.join(', ')}`, async () => {
      const there = new Set(await this.admin.listTopics())
      const found = topics.map((t) => this.nameOf(t)).filter((name) => there.has(name))
      if (found.length > 0) await this.admin.deleteTopics({ topics: found })
      for (const topic of topics) this.counts.delete(topic)
    })
  }

  async partitions(topic: TopicName): Promise<number> {
    const known = this.counts.get(topic)
    if (known && known.until > Date.now()) return known.partitions
    return this.asking(`tell the partitions of ${this.nameOf(topic)}`, async () => {
      const { topics } = await this.admin.fetchTopicMetadata({ topics: [this.nameOf(topic)] })
      const partitions = topics[0]!.partitions.length
      this.counts.set(topic, { partitions, until: Date.now() + PARTITIONS_KNOWN_MS })
      return partitions
    })
  }

  append(records: readonly LogAppend[]): Promise<void> {
    return this.asking('take records', () => this.appender.append(records))
  }

  async bounds(topic: TopicName, partition: number): Promise<{ start: number; end: number }> {
    return this.asking(`tell the offsets of ${this.nameOf(topic)}`, async () => {
      const all = await this.admin.fetchTopicOffsets(this.nameOf(topic))
      const found = all.find((o) => o.partition === partition)
      if (!found) throw new Error(`it has no partition ${partition}`)
      return { start: Number(found.low), end: Number(found.high) }
    })
  }

  async ends(topic: TopicName): Promise<number[]> {
    return this.asking(`tell the offsets of ${this.nameOf(topic)}`, async () => {
      const all = await this.admin.fetchTopicOffsets(this.nameOf(topic))
      return all.sort((a, b) => a.partition - b.partition).map((o) => Number(o.high))
    })
  }

  async offsetsOf(group: string, topics: readonly TopicName[]): Promise<ReadonlyMap<string, number>> {
    return this.asking(`tell the offsets of group ${group}`, async () => {
      const found = await this.admin.fetchOffsets({ groupId: group, topics: topics.map((t) => this.nameOf(t)) })
      const told = found.flatMap(({ topic, partitions }) =>
        partitions.map((p) => [`${this.topicOf(topic)}/${p.partition}`, Number(p.offset)] as const),
      )
      return new Map(told.filter(([, offset]) => offset >= 0))
    })
  }

  async read(topic: TopicName, partition: number, from: number, max: number): Promise<LogRecord[]> {
    const { start, end } = await this.bounds(topic, partition)
    const first = Math.max(from, start)
    if (max <= 0 || first >= end) return []
    const range = { topic: this.nameOf(topic), partition, from: first, end, max, group: `${this.prefix}mastery.read` }
    return this.asking(`read ${range.topic}`, () =>
      readRange(clientOf(this.options, WRITER_RETRIES), this.admin, range),
    )
  }

  /** Kafka removes whole segments by their age, and nothing from the middle. */
  async forget(): Promise<null> {
    return null
  }

  consumer(options: ConsumerOptions): LogConsumer {
    const consumer = new KafkaConsumer(
      clientOf(this.options, READER_RETRIES),
      this,
      `${this.prefix}${options.group}`,
      options,
      this.options.sessionTimeoutMs,
    )
    this.consumers.add(consumer)
    return consumer
  }

  async close(): Promise<void> {
    await Promise.all([...this.consumers].map((c) => c.stop()))
    await this.appender.idle()
    await Promise.all([this.producer.disconnect(), this.admin.disconnect()])
  }
}

/** @throws TransientError when no broker answers; Error when they refuse us */
export async function openKafkaLog(options: KafkaLogOptions): Promise<KafkaLog> {
  const log = new KafkaLog(options)
  try {
    await log.connect()
    return log
  } catch (e) {
    await log.close().catch(() => {})
    throw e
  }
}
