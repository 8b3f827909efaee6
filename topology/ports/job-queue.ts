import type { Telemetry } from './telemetry.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * waiting: to be run as soon as a worker is free. delayed: not before `dueAt` (back-off, or asked for). active: a worker
 * has it. completed: its result is stored. dead: its attempts are used up, or it can't succeed; kept until somebody
 * retries it. cancelled: somebody called it off.
 */
export type JobState = 'waiting' | 'delayed' | 'active' | 'completed' | 'dead' | 'cancelled'
export const JOB_STATES: readonly JobState[] = ['waiting', 'delayed', 'active', 'completed', 'dead', 'cancelled']

/** Times are milliseconds since 1970, UTC. */
export interface Job {
  id: string
  name: string
  state: JobState
  payload: Json
  /** Of all jobs with one key, one takes effect. */
  idempotencyKey: string
  /** Runs that ended in an error; a run that was handed back or lost with its worker counts in `deliveries` only. */
  failures: number
  /** Runs that were begun. */
  deliveries: number
  /** Failures after which the job is dead. */
  attempts: number
  /** Done, 0 to 1, and what is being done. */
  progress: { fraction: number; message: string }
  result: Json
  /** The last run's error with its causes, null before the first. */
  lastError: JobFailure | null
  addedAt: number
  dueAt: number
  startedAt: number | null
  finishedAt: number | null
  /** Name of the schedule that added it, null for none. */
  schedule: string | null
}

export interface JobFailure {
  name: string
  /** The error's message, then those of its causes, each after "caused by". */
  message: string
}

export interface JobSpec {
  name: string
  /** At most 16 KiB as JSON; pseudonyms and relations only. `add` refuses what looks like personal data. */
  payload: Json
  /** Default: a new one. Letters, digits, `.`, `_`, `-`; the job's id is `<name>/<id>`. */
  id?: string
  /** Default: the job's id. Remembered for 90 days after the job is done, longer than the job itself. */
  idempotencyKey?: string
  /** Default: the handler's. */
  attempts?: number
  /** Wait after the first failure, milliseconds; doubles with each, up to an hour. Default: the handler's. */
  backoffMs?: number
  notBefore?: number
}

/** A repeatable job. A firing that was missed while no worker ran is made up for once. */
export interface Schedule {
  /** Identity; a schedule of the same id is replaced. */
  id: string
  name: string
  payload: Json
  /** Minute, hour, day of month, month, day of week, in the civil time of `timeZone`; before them seconds, if given. */
  cron: string
  timeZone: string
  attempts?: number
}

export interface ScheduleStanding extends Schedule {
  nextAt: number
}

/** What a job is called, takes and may do. */
export interface JobDefinition<P = Json> {
  readonly name: string
  /** One line for the list of jobs. */
  readonly about: string
  /** One run at a time over all processes. */
  readonly exclusive: boolean
  /** Failures after which it is dead. Default 3. */
  readonly attempts?: number
  /** Wait after the first failure, milliseconds; doubles with each. Default 1,000. */
  readonly backoffMs?: number
  /** Gives the payload as `run` takes it. Throws an Error that says what is wrong with it. */
  parse(payload: Json): P
}

/**
 * Runs a job. Delivery is at least once: a worker that is killed leaves the job to another one, and a worker that was
 * taken for dead may still be at work. A handler's effects are therefore idempotent, by what they write or by `once`;
 * a job that is done is not run again (its idempotency key is in the ledger). An error means another attempt, a
 * PermanentJobError that there is no use in one.
 */
export interface JobHandler<P = Json, R extends Json = Json> extends JobDefinition<P> {
  /** Ends within seconds of `context.signal`, by throwing. CPU-bound work belongs into `runInWorker`. */
  run(payload: P, context: JobContext): Promise<R>
}

/** Lost runs (the process was killed, or gave no sign of life) after which a job is dead: it may be what kills it. */
export const MAX_LOSSES = 3

export interface JobContext {
  readonly jobId: string
  /** From 1. */
  readonly attempt: number
  readonly telemetry: Telemetry
  /** Aborted with a JobCancelled, a JobHandedBack (the process stops) or a JobLost (another worker has it now). */
  readonly signal: AbortSignal
  /** Never waits; of many calls in a second the last is stored. */
  progress(fraction: number, message: string): void
  /** What an earlier run saved, null for nothing. */
  readonly checkpoint: Json
  /** Stores where to go on from. */
  save(checkpoint: Json): Promise<void>
  /**
   * Runs the effect unless an earlier run of this job recorded the step, and gives its result. A kill between the
   * effect and its record repeats the effect.
   */
  once<T extends Json>(step: string, effect: () => Promise<T>): Promise<T>
}

export interface JobWorker {
  /** Ids of the jobs that run in this process. */
  running(): string[]
  /** Takes no new job, gives running ones `graceMs` to finish, then aborts them and hands them back. */
  stop(graceMs: number): Promise<void>
}

export interface WorkOptions {
  telemetry: Telemetry
  /** Jobs of one name that run at once in this process. */
  concurrency: number
}

/** Every operation throws a TransientError where the queue can't be reached for the moment. */
export interface JobQueue {
  /**
   * Adds a job, or finds the one that has its idempotency key.
   * @throws JobRefused on an unknown name, a bad id or payload, or a key that a job of another name has
   */
  add(spec: JobSpec): Promise<{ id: string; added: boolean }>
  /** Null where there is none, or it was forgotten. */
  get(id: string): Promise<Job | null>
  /** The last added first; 100 of them, if no limit is given. */
  list(filter?: { states?: readonly JobState[]; name?: string; limit?: number }): Promise<Job[]>
  /** Runs a dead or cancelled job again, with all its attempts. @throws JobStateError for any other */
  retry(id: string): Promise<void>
  /** Calls a job off; a running one is aborted by its worker within seconds. @throws JobStateError where it has ended */
  cancel(id: string): Promise<void>
  /**
   * Makes these the schedules, and no other. Workers in several processes may do so: a time fires once.
   * @throws JobRefused with all that is wrong with them; then none is changed
   */
  setSchedules(schedules: readonly Schedule[]): Promise<void>
  schedules(): Promise<ScheduleStanding[]>
  /** Begins to run the jobs of these handlers, and to fire the schedules, in this process. Jobs of other names wait. */
  work(handlers: readonly JobHandler[], options: WorkOptions): Promise<JobWorker>
  close(): Promise<void>
}

/**
 * What was done under each idempotency key: it outlives the queue's own memory of a job. First writer wins, so that a
 * worker that was taken for dead can't replace the result of its successor.
 */
export interface JobLedger {
  /** Takes the key for the job, or gives the entry of the job that has it. Entries are kept for 90 days after `finish`. */
  reserve(key: string, jobId: string): Promise<LedgerEntry>
  read(key: string): Promise<LedgerEntry | null>
  /** False where the job was done before; then the first result stands. */
  finish(key: string, result: Json): Promise<boolean>
  /** Stores where the job is to go on from. */
  save(key: string, checkpoint: Json): Promise<void>
  /** The recorded result of a step, undefined for none. */
  step(key: string, step: string): Promise<Json | undefined>
  /** Records a step's result; gives the one that stands, which is the first. */
  record(key: string, step: string, result: Json): Promise<Json>
  close(): Promise<void>
}

export interface LedgerEntry {
  jobId: string
  done: boolean
  result: Json
  checkpoint: Json
}

/** The job can't be taken; the message says what is wrong with it. */
export class JobRefused extends Error {
  override name = 'JobRefused'
}

/** The job is not in a state in which this can be done. */
export class JobStateError extends Error {
  override name = 'JobStateError'
}

/** Trying again is of no use: the job is dead at once. */
export class PermanentJobError extends Error {
  override name = 'PermanentJobError'
}

/** Somebody called the job off. */
export class JobCancelled extends Error {
  override name = 'JobCancelled'
}

/** The process stops; the job goes back into the queue, without a failure. */
export class JobHandedBack extends Error {
  override name = 'JobHandedBack'
}

/** The queue gave the job to another worker, for want of a sign of life. */
export class JobLost extends Error {
  override name = 'JobLost'
}
