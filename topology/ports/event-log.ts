import type { TopicName } from '../topics.ts'

/** One record as it stands in the log. */
export interface LogRecord {
  offset: number
  key: string
  value: Buffer
  /** UTC milliseconds, set by the writer. */
  timestamp: number
}

export interface LogAppend {
  topic: TopicName
  partition: number
  key: string
  value: Buffer
  timestamp: number
}

export interface ConsumerHandler {
  /**
   * Called for every partition that this member now owns, before anything is read from it. Returns the offset to
   * start from. An error stops the consumer.
   */
  assigned(topic: TopicName, partition: number): Promise<number>
  /**
   * Records in ascending offset; offsets may be missing between them. Resolved: they are done with, and the consumer
   * reads on from the last offset plus one. An empty batch only tells of a gap, by `fetch.requested`.
   */
  batch(topic: TopicName, partition: number, records: LogRecord[], fetch: FetchInfo): Promise<void>
  /** The consumer can't go on. Called once. */
  failed(error: Error): void
}

export interface FetchInfo {
  /** Where this fetch began. Above the offset that was due: the log no longer has the records between. */
  requested: number
  /** One beyond the newest offset in the partition when this was fetched. */
  highWatermark: number
  /**
   * Tells the group that this member is alive; to be called between chunks of long work.
   * @throws what says that the membership is lost; `batch` passes it on, and counts as not done
   */
  heartbeat(): Promise<void>
  /** Nothing more is read from this partition until it is assigned again; the present batch counts as not done. */
  stopPartition(): void
}

export interface ConsumerOptions {
  group: string
  topics: readonly TopicName[]
  /** Batches end at this many records, */
  maxRecords: number
  /** or this long after their first record was there, in milliseconds. */
  maxDelayMs: number
}

export interface LogConsumer {
  start(handler: ConsumerHandler): Promise<void>
  /** Stops reading, waits for batches in flight, leaves the group. */
  stop(): Promise<void>
  /** For lag displays; the state store decides where to read on. */
  report(topic: TopicName, partition: number, nextOffset: number): Promise<void>
  /**
   * The next offset that the group was told last, by any of its members before this one joined; null where nothing
   * was, or the log keeps none. States are stored before they are reported, so a store that knows less has lost
   * something.
   */
  reported(topic: TopicName, partition: number): Promise<number | null>
  /** Whether this member has the partition now. Without it: whatever was assigned once. */
  owns?(topic: TopicName, partition: number): boolean
}

/** Whose records are removed from a log. */
export interface Forget {
  topic: TopicName
  partition: number
  /** Of the records, as they were appended: a student's pseudonym. Null: of every key. */
  key: string | null
  /** Offset; records from here on stay. */
  before: number
  /** Whether a record stays all the same. */
  keep(value: Buffer): boolean
}

/**
 * The event log: ordered, durable partitions. Offsets start at 0 and grow; a partition may lack some of them, and its
 * beginning. Every operation throws a TransientError where the log can't be reached for the moment.
 */
export interface EventLog {
  /** Creates what is missing; never shrinks or deletes. */
  ensureTopics(topics: readonly TopicName[], partitions: number): Promise<void>
  /** Deletes topics with their records, for good; those that are not there are passed over. Nobody may be reading them. */
  dropTopics(topics: readonly TopicName[]): Promise<void>
  partitions(topic: TopicName): Promise<number>
  /** Resolves once all records are durable, in the order given per partition. Gives each record's offset where the log tells. */
  append(records: readonly LogAppend[]): Promise<void>
  /** [first offset kept, one beyond the newest]. */
  bounds(topic: TopicName, partition: number): Promise<{ start: number; end: number }>
  /** One beyond the newest offset, by partition, where the log tells all of a topic at once. */
  ends?(topic: TopicName): Promise<number[]>
  /** A finite read for tools and rebuilds: records from `from` on, at most `max`. */
  read(topic: TopicName, partition: number, from: number, max: number): Promise<LogRecord[]>
  /**
   * Removes records of a key, or those that are not to be kept whatever their key, before an offset, and leaves holes. Gives how many were removed, 0 where none is left;
   * null: this log forgets only as its retention says. Every reader must have passed them; one that starts from the
   * beginning later does not see them. The partition's newest record always stays: the log ends behind it.
   */
  forget(of: Forget): Promise<number | null>
  consumer(options: ConsumerOptions): LogConsumer
  close(): Promise<void>
}
