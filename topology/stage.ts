import type { ParameterFile } from './models/parameters.ts'
import { branchesOf, branchOf, type PartitionCounts, partitionOf } from './partition.ts'
import type { RejectCode } from './rejects/codes.ts'
import type { SubjectName, TopicName } from './topics.ts'

/** Where a record stands. */
export interface Origin {
  topic: TopicName
  partition: number
  offset: number
}

/** A decoded record as a stage sees it. */
export interface StageRecord {
  subject: SubjectName
  value: unknown
  key: string
  origin: Origin
  /** Of the schema that it was written with; 0 or none: not known. */
  version?: number
  /** When the log's writer wrote it, UTC milliseconds; only for bytes that nobody has read yet. */
  timestamp?: number
}

/**
 * A record that a stage wants written: to the partition of its input, or, where the output topic has more partitions, to
 * the branch of it that takes the key.
 */
export interface StageOutput {
  topic: TopicName
  /** To the partition of the key: the input stood in no student's partition yet. */
  byKey?: true
  /** It concerns the input's whole partition: every branch of it gets one. */
  broadcast?: true
  /** It concerns everybody: every partition of the output topic gets one. */
  everywhere?: true
  subject: SubjectName
  key: string
  value: unknown
}

/**
 * What a step makes of one record. Closed: the runtime acts on each case and there is no other.
 * A step decides before it changes any state: `drop` and `dead_letter` leave the state as it was. The outputs of a
 * dead letter tell the flow that it happened; its bytes go to the dead-letter topic. `student`: whose record it is, where
 * the record key does not say.
 */
export type StepResult =
  | { type: 'ok'; outputs: StageOutput[] }
  | { type: 'drop'; reason: string }
  | { type: 'redirect'; reason: string; outputs: StageOutput[] }
  | { type: 'dead_letter'; code: RejectCode; message: string; outputs?: StageOutput[]; student?: string | null }

/** The partitions of its topic that an output of a record of partition `from` goes to; `counts` null: as many as the input has. */
export function placesOf(o: StageOutput, from: number, counts: PartitionCounts | null): readonly number[] {
  if (o.everywhere) return Array.from({ length: outputCount(o, counts) }, (_, p) => p)
  if (o.byKey) return [partitionOf(o.key, outputCount(o, counts))]
  if (counts === null || counts.input === counts.output) return [from]
  return o.broadcast ? branchesOf(from, counts) : [branchOf(o.key, from, counts)]
}

function outputCount(o: StageOutput, counts: PartitionCounts | null): number {
  if (counts === null)
    throw new Error(
      `An output to ${o.topic} goes by key or everywhere, and nothing says how many partitions that topic has; give foldStage the option partitions.`,
    )
  return counts.output
}

/** Bytes for a state and back. `decode(encode(s))` behaves as `s` in every later step. */
export interface StateCodec<S> {
  empty(key: string): S
  encode(state: S): Uint8Array
  decode(bytes: Uint8Array, key: string): S
}

/** A student whom time has come to. */
export interface Woken<S> {
  key: string
  state: S
}

/**
 * How time reaches single students without a look at every one: each state says when it is next due, and a record that
 * brings time (a tick) comes with the states that are due by then. When they are due follows from states and meta alone,
 * so the runtime keeps no record of it but in memory.
 */
export interface Wakes<S, M> {
  /** The time, UTC milliseconds, by which the state wants to be woken; Infinity: never. */
  dueOf(state: S, meta: M): number
  /** Another number where `dueOf` may have changed for states that no record has touched: all of them are asked again. */
  epochOf(meta: M): number
  /** The time that the record brings, before it was folded; null: none, or none that is new. */
  timeOf(record: StageRecord, meta: M): number | null
  /** So many are woken by one record at most; the others wait for the next that brings time. */
  most: number
}

/**
 * A pure fold over one partition. No clock, no I/O, no randomness: state, meta and outputs are functions of the
 * partition's prefix, however it was cut into batches.
 */
export interface Stage<S, M> {
  name: string
  inputs: readonly TopicName[]
  outputs: readonly TopicName[]
  /** State per student. */
  state: StateCodec<S>
  /** State per partition: the tick, marks of what was read, active versions. */
  meta: StateCodec<M>
  /** The student whose state the record needs; null for records that concern the partition. */
  keyOf(record: StageRecord): string | null
  /**
   * Files of artefacts that the step will look up: for this record, or, asked with null, because of `meta` alone. The
   * runtime provides them first; where it can't, the partition waits.
   */
  files?(record: StageRecord | null, meta: M): readonly ParameterFile[]
  /**
   * Changes `state` and `meta` in place, and the states of the `woken`, which are there for a record that brings time, in
   * order of when they were due. `state` is null exactly where `keyOf` gave null.
   */
  step(record: StageRecord, state: S | null, meta: M, woken?: readonly Woken<S>[]): StepResult
  /** For a stage that time alone can move. It has no `together`. */
  wakes?: Wakes<S, M>
  /**
   * Steps for records in order, where a part of the work is done for many students at a time; what comes out does not
   * hang on how records are put together. Null: `step` alone does for these. After an error the states are void. `alive`
   * is called between parts of the work, which may take long.
   */
  together?(
    records: readonly StageRecord[],
    states: readonly (S | null)[],
    meta: M,
    alive?: () => Promise<void>,
  ): Promise<StepResult[]> | null
}

/** Stages differ in their state types; the runtime treats them alike. */
// biome-ignore lint/suspicious/noExplicitAny: the runtime never looks inside a state
export type AnyStage = Stage<any, any>
