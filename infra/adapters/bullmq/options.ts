import { nextTime, parseCron } from '@mastery/topology/jobs/cron.ts'
import { backoff, DEFAULT_ATTEMPTS, DEFAULT_BACKOFF_MS } from '@mastery/topology/jobs/spec.ts'
import type { JobDefinition } from '@mastery/topology/ports/job-queue.ts'
import type { AdvancedOptions, JobsOptions, RedisOptions } from 'bullmq'

export interface BullOptions {
  /** redis:// or rediss:// with user, password and database where they are needed. */
  url: string
  /** Begins every key. The queue's own keys share one hash slot. */
  keyPrefix?: string
  /** A run whose lock was not renewed for so long is given to another worker, milliseconds. */
  lockMs: number
}

/** One schedule means the same time, and one failure the same wait, on every profile. */
export const SETTINGS: AdvancedOptions = {
  repeatStrategy: (millis, { pattern, tz }) => nextTime(parseCron(pattern!, tz!), millis) ?? undefined,
  backoffStrategy: (failures, _type, _error, job) => backoff(delayOf(job?.opts.backoff), failures),
}

function delayOf(backoffOption: JobsOptions['backoff']): number {
  return typeof backoffOption === 'object' ? (backoffOption.delay ?? 0) : (backoffOption ?? DEFAULT_BACKOFF_MS)
}

/** Dead jobs stay until somebody retries them; the ledger remembers completed ones for longer than the queue does. */
export function jobOptions(job: JobDefinition | undefined, attempts?: number, backoffMs?: number): JobsOptions {
  return {
    attempts: attempts ?? job?.attempts ?? DEFAULT_ATTEMPTS,
    backoff: { type: 'mastery', delay: backoffMs ?? job?.backoffMs ?? DEFAULT_BACKOFF_MS },
    removeOnComplete: { age: 7 * 86_400, count: 1_000 },
    removeOnFail: false,
  }
}

export const prefixOf = (options: BullOptions) => `{${options.keyPrefix ?? ''}mastery-jobs}`

/** A command that can't be sent fails soon, and its caller tries again. */
export const queueConnection = (options: BullOptions): RedisOptions => ({
  url: options.url,
  maxRetriesPerRequest: 1,
  connectTimeout: 5_000,
  retryStrategy: (attempt: number) => Math.min(100 * attempt, 1_000),
})

/** A worker waits for the server as long as it takes. */
export const workerConnection = (options: BullOptions): RedisOptions => ({
  ...queueConnection(options),
  maxRetriesPerRequest: null,
})
