import type { Profile } from '@mastery/infra/config/profile.ts'
import type { ParameterFile } from '@mastery/topology/models/parameters.ts'
import type { Difference } from '@mastery/topology/reconcile/tally.ts'

/** What a worker needs to know for all ranges of a round. */
export interface Round {
  type: 'round'
  windows: Profile['windows']
  /** Of the topics that the generation computes. */
  partitions: number
  /** Partition state of the scoring stage, by partition. */
  metas: readonly (readonly [partition: number, meta: Uint8Array | null])[]
  /** Of the versions in those: what a thread of its own has to be given. */
  parameters: readonly (readonly [file: ParameterFile, bytes: Uint8Array])[]
  /** Offset in learning.events from which the model versions in force hold, by partition of the scoring stage. */
  since: readonly (readonly [partition: number, offset: number])[]
}

/** Bytes of query results in RowBinary, and the states of the students in them. */
export interface Task {
  type: 'range'
  id: number
  events: Uint8Array[]
  commands: Uint8Array[]
  features: Uint8Array[]
  scores: Uint8Array[]
  /** Offset of the newest command that installed a checkpoint or brought models to the versions in force, by student. */
  installed: readonly (readonly [student: string, offset: number])[]
  states: readonly (readonly [student: string, windows: Uint8Array | null, scores: Uint8Array | null])[]
  /** What events came to that have expired since; no bytes where a build of before wrote it. */
  checkpoints: readonly (readonly [tenant: string, student: string, payload: Uint8Array])[]
  /** Students that are not compared: records came after the cut. */
  skip: readonly string[]
}

/** A student whose stores are not what the history gives. */
export interface Differing {
  tenant: string
  student: string
  /** The first of them. */
  differences: Difference[]
  /** How many there are. */
  count: number
  /** Topics of rows that nothing stands behind. */
  extra: string[]
}

export interface RangeResult {
  type: 'range'
  id: number
  students: number
  events: number
  tally: Float64Array
  differing: Differing[]
  stale: { tenant: string; student: string }[]
  approximate: number
  otherVersions: number
  /** Students that were folded from a checkpoint, and their later records that concern expired events. */
  fromCheckpoint: number
  behind: number
  /** Students who were not compared, since their checkpoint can't be read. */
  expired: number
}

export interface Failed {
  type: 'failed'
  id: number
  message: string
  stack: string
}

/** Differences of one student that are kept one by one; all of them are counted. */
export const KEPT_DIFFERENCES = 60
