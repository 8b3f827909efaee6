// Generated from avro/ops-metric/v1.avsc by `npm run generate`. Do not edit.

/** What came from one source of one organisation. */
export interface OpsSource {
  /** The organisation. */
  tenant: string
  /** The way by which it came: json, xapi or caliper over HTTP, intake for what producers wrote to learning.intake. */
  source: string
  /** Events that were taken. */
  accepted: number
  /** Events that could not be read. */
  rejected: number
}

/** How one part of a service fared since its last such record. Clock: that of the service, UTC. */
export interface OpsMetric {
  /** The process: collector, features, scoring, drift, alerts, notify, gold, jobs, api; embedded where one process holds all. */
  service: string
  /** Which part of it: the stage's name, or the service's where it has none. */
  part: string
  /** Names the process: host and process id. */
  instance: string
  /** Generation of the computation; 0 where there is none. */
  generation: number
  /** Beginning of the interval, exclusive. */
  from: number
  /** Its end, inclusive: when this was written. */
  to: number
  /** When the process started. */
  started: number
  /** The process was told to end and has: nobody misses it. */
  last: boolean
  /** What was done: records taken, requests answered, jobs or messages finished. */
  operations: number
  /** Those of them that failed for good: requests answered with 5xx, failed jobs, dead messages. */
  errors: number
  /** Records that could not be processed and were set aside with their bytes. */
  dead_letters: number
  /** Attempts that failed in a way that passes and were made again. */
  retries: number
  /** Records in the log that are not in the state yet; null where there is nothing to read, or the log could not be asked. */
  lag: null | number
  /** Partitions that it owns. */
  partitions: number
  /** Of these, those that stand still. */
  stopped: number
  /** Of these, those that fold their records again. */
  rebuilding: number
  /** Why the first of these stands still; no personal data. */
  problem: null | string
  /** Operations by how long they took, in the bins of topology/ops/latency.ts: for a stage from the fetch of the record to its commit. Empty: not measured. */
  latency: number[]
  /** Records by how old they were when they were committed, in the same bins: since their cause, an event or a tick, was appended to the log, for what is computed keeps its time. Records that carry another clock, as those of an import, are left out. */
  age: number[]
  /** What came from which source; the collector only. */
  sources: OpsSource[]
}
