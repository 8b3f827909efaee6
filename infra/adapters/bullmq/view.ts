import type { JobFailure, JobState, Json, Job as View } from '@mastery/topology/ports/job-queue.ts'
import type { Job } from 'bullmq'

/** What a BullMQ job carries. */
export interface Data {
  payload: Json
  idempotencyKey: string | null
  schedule: string | null
  /** When it was called off, null while it was not. */
  cancelledAt: number | null
}

export type BullJob = Job<Data, Json>

/** BullMQ takes no plain number for an id, and keeps ids with colons for itself. */
export const bullId = (own: string) => `j.${own}`

const FIRED = /^repeat:(.+):(\d+)$/

/** The port's id of a BullMQ job: `<name>/<id>`, for a firing `<name>/<schedule>.<its time>`. */
export function idOf(name: string, id: string): string {
  const fired = FIRED.exec(id)
  return `${name}/${fired ? `${fired[1]}.${fired[2]}` : id.replace(/^j\./, '')}`
}

/** The BullMQ ids that a port's id may stand for. */
export function bullIds(own: string): string[] {
  const fired = /^(.+)\.(\d{13})$/.exec(own)
  return [bullId(own), ...(fired ? [`repeat:${fired[1]}:${fired[2]}`] : [])]
}

export function keyOf(job: BullJob): string {
  return job.data.idempotencyKey ?? idOf(job.name, job.id!)
}

/** The state that the port gives to one of BullMQ's. */
function stateOf(job: BullJob, bull: string): JobState {
  if (job.data.cancelledAt !== null && bull !== 'active' && bull !== 'completed') return 'cancelled'
  switch (bull) {
    case 'active':
    case 'completed':
    case 'delayed':
      return bull
    case 'failed':
      return 'dead'
    default:
      return 'waiting'
  }
}

/** The error's name stands before its message, so that other tools of BullMQ show both. */
export const reasonOf = (f: JobFailure) => `${f.name}: ${f.message}`

function failureIn(reason: string): JobFailure {
  if (/stalled more than/.test(reason))
    return { name: 'JobLost', message: 'Its process ended, or gave no sign of life, too often while it ran.' }
  const m = /^([A-Z]\w*): ([\s\S]*)$/.exec(reason)
  return m ? { name: m[1]!, message: m[2]! } : { name: 'Error', message: reason }
}

export function viewOf(job: BullJob, bull: string): View {
  const state = stateOf(job, bull)
  const progress = job.progress as unknown as View['progress'] | number
  const shown = typeof progress === 'object' ? progress : { fraction: 0, message: '' }
  const { timestamp, delay, processedOn, finishedOn } = job
  const fired = FIRED.exec(job.id!)
  // BullMQ counts every run that ended; the one that completed and the one that was called off are no failures.
  const failures = job.attemptsMade - (state === 'completed' || (state === 'cancelled' && bull === 'failed') ? 1 : 0)
  return {
    id: idOf(job.name, job.id!),
    name: job.name,
    state,
    payload: job.data.payload,
    idempotencyKey: keyOf(job),
    failures: Math.max(0, failures),
    deliveries: job.attemptsStarted,
    attempts: job.opts.attempts ?? 1,
    progress: state === 'completed' ? { ...shown, fraction: 1 } : shown,
    result: state === 'completed' ? (job.returnvalue ?? null) : null,
    lastError: job.failedReason && state !== 'cancelled' ? failureIn(job.failedReason) : null,
    addedAt: timestamp,
    dueAt:
      failures > 0 && state === 'delayed'
        ? (processedOn ?? timestamp) + delay
        : fired
          ? Number(fired[2])
          : timestamp + delay,
    startedAt: processedOn ?? null,
    finishedAt: finishedOn ?? (state === 'cancelled' ? job.data.cancelledAt : null),
    schedule: job.data.schedule,
  }
}
