import { randomUUID } from 'node:crypto'
import {
  checkedSchedules,
  checkedSpec,
  definitionsOf,
  type JobDefinitions,
  refuseOtherName,
} from '@mastery/topology/jobs/spec.ts'
import { scheduleText } from '@mastery/topology/jobs/timetable.ts'
import {
  JOB_STATES,
  type JobDefinition,
  type JobHandler,
  type JobLedger,
  type JobQueue,
  type JobSpec,
  type JobState,
  JobStateError,
  type JobWorker,
  type Json,
  type Schedule,
  type ScheduleStanding,
  type Job as View,
  type WorkOptions,
} from '@mastery/topology/ports/job-queue.ts'
import { type JobType, Queue } from 'bullmq'
import { redisFailure } from '../redis/failure.ts'
import { openRedisJobLedger } from '../redis/job-ledger.ts'
import { type BullOptions, jobOptions, prefixOf, queueConnection, SETTINGS } from './options.ts'
import { type BullJob, bullId, bullIds, type Data, viewOf } from './view.ts'
import { BullWorker } from './worker.ts'

/** Where jobs of a state lie. A job that was called off while it waited stays there until a worker sets it aside. */
const PLACES: Record<JobState, readonly JobType[]> = {
  waiting: ['wait', 'prioritized'],
  delayed: ['delayed'],
  active: ['active'],
  completed: ['completed'],
  dead: ['failed'],
  cancelled: ['failed', 'wait', 'delayed'],
}
/** Most jobs of one place that are looked through for a list. */
const LOOK = 5_000

/**
 * The job queue on BullMQ: a BullMQ queue per job name, so that an exclusive job is one with a global concurrency of 1.
 * What BullMQ forgets with a job, the ledger remembers.
 */
export class BullJobs implements JobQueue {
  private readonly queues: Map<string, Queue<Data, Json>>
  private readonly definitions: JobDefinitions
  private readonly ledger: JobLedger
  private readonly options: BullOptions
  private readonly host: string
  private readonly workers: BullWorker[] = []

  constructor(options: BullOptions, jobs: readonly JobDefinition[], ledger: JobLedger) {
    this.options = options
    this.host = new URL(options.url).host
    this.definitions = definitionsOf(jobs)
    this.ledger = ledger
    const common = { connection: queueConnection(options), prefix: prefixOf(options), settings: SETTINGS }
    this.queues = new Map(jobs.map(({ name }) => [name, new Queue<Data, Json>(name, common)]))
    // Each call reports its own failure.
    for (const q of this.queues.values()) q.on('error', () => {})
  }

  private async asking<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (e) {
      if (e instanceof JobStateError) throw e
      throw redisFailure(e, what, this.host)
    }
  }

  async add(spec: JobSpec): Promise<{ id: string; added: boolean }> {
    const job = checkedSpec(spec, this.definitions, randomUUID)
    const { jobId, done } = await this.ledger.reserve(job.idempotencyKey, job.id)
    refuseOtherName(job, jobId)
    if (done) return { id: jobId, added: false }
    return this.asking(`add a job ${job.name}`, async () => {
      const before = await this.find(jobId)
      if (before) return { id: jobId, added: false }
      const { name, payload, idempotencyKey } = job
      const delay = Math.max(0, job.notBefore - Date.now())
      await this.queues.get(name)!.add(
        name,
        { payload, idempotencyKey, schedule: null, cancelledAt: null },
        {
          ...jobOptions(this.definitions.get(name), job.attempts, job.backoffMs),
          jobId: bullId(jobId.slice(name.length + 1)),
          ...(delay > 0 ? { delay } : {}),
        },
      )
      return { id: jobId, added: true }
    })
  }

  private async find(id: string): Promise<BullJob | null> {
    const slash = id.indexOf('/')
    const queue = this.queues.get(id.slice(0, slash))
    if (!queue) return null
    for (const one of bullIds(id.slice(slash + 1))) {
      const job = (await queue.getJob(one)) as BullJob | undefined
      if (job) return job
    }
    return null
  }

  private async standing(id: string): Promise<{ job: BullJob; bull: string; view: View } | null> {
    const found = await this.find(id)
    if (!found) return null
    const bull = await found.getState()
    // Read after its state, so that a job that has just ended comes with its result.
    const job = (await this.find(id)) ?? found
    return { job, bull, view: viewOf(job, bull) }
  }

  private async existing(id: string) {
    const standing = await this.standing(id)
    if (!standing) throw new JobStateError(`There is no job ${id}.`)
    return standing
  }

  async get(id: string): Promise<View | null> {
    return this.asking('read a job', async () => (await this.standing(id))?.view ?? null)
  }

  async list(filter: { states?: readonly JobState[]; name?: string; limit?: number } = {}): Promise<View[]> {
    const states = filter.states ?? JOB_STATES
    const places = new Set(states.flatMap((s) => PLACES[s]))
    return this.asking('list jobs', async () => {
      const lists = [...this.queues.values()]
        .filter((q) => !filter.name || q.name === filter.name)
        .flatMap((q) =>
          [...places].map(async (place) => {
            const jobs = (await q.getJobs([place], 0, LOOK - 1, false)) as (BullJob | undefined)[]
            return jobs.flatMap((job) => (job ? [viewOf(job, place)] : []))
          }),
        )
      // A job that moves while it is looked for may be seen twice.
      const found = new Map((await Promise.all(lists)).flat().map((v) => [v.id, v]))
      // The next firing of a schedule waits in the queue; it is shown by `schedules`.
      return [...found.values()]
        .filter(
          (v) => states.includes(v.state) && !(v.schedule !== null && v.state === 'delayed' && v.deliveries === 0),
        )
        .sort((a, b) => b.addedAt - a.addedAt)
        .slice(0, filter.limit ?? 100)
    })
  }

  async retry(id: string): Promise<void> {
    await this.asking('retry a job', async () => {
      const { job, bull, view } = await this.existing(id)
      if (view.state !== 'dead' && view.state !== 'cancelled')
        throw new JobStateError(`${id} is ${view.state}; only a dead or cancelled job can be retried.`)
      await job.updateData({ ...job.data, cancelledAt: null })
      if (bull === 'failed') await job.retry('failed', { resetAttemptsMade: true })
      else if (bull === 'delayed') await job.promote()
    })
  }

  async cancel(id: string): Promise<void> {
    await this.asking('cancel a job', async () => {
      const { job, view } = await this.existing(id)
      if (view.state !== 'waiting' && view.state !== 'delayed' && view.state !== 'active')
        throw new JobStateError(`${id} is ${view.state}; only a job that has not ended can be cancelled.`)
      await job.updateData({ ...job.data, cancelledAt: Date.now() })
    })
  }

  async setSchedules(schedules: readonly Schedule[]): Promise<void> {
    checkedSchedules(schedules, this.definitions)
    await this.asking('set schedules', async () => {
      const before = new Map((await this.schedules()).map((s) => [`${s.name}/${s.id}`, s]))
      for (const s of schedules) {
        const old = before.get(`${s.name}/${s.id}`)
        before.delete(`${s.name}/${s.id}`)
        // An unchanged schedule keeps its waiting job, so that a firing that was missed is made up for.
        if (old && scheduleText(old) === scheduleText(s)) continue
        await this.queues.get(s.name)!.upsertJobScheduler(
          s.id,
          { pattern: s.cron, tz: s.timeZone },
          {
            name: s.name,
            data: { payload: s.payload, idempotencyKey: null, schedule: s.id, cancelledAt: null },
            opts: jobOptions(this.definitions.get(s.name), s.attempts) as never,
          },
        )
      }
      for (const { name, id } of before.values()) await this.queues.get(name)!.removeJobScheduler(id)
    })
  }

  async schedules(): Promise<ScheduleStanding[]> {
    return this.asking('read schedules', async () => {
      const all = await Promise.all(
        [...this.queues].map(async ([name, q]) =>
          (await q.getJobSchedulers()).flatMap((s): ScheduleStanding[] => {
            if (!s.template?.data || !s.pattern || !s.tz) return []
            const { attempts } = s.template.opts ?? {}
            const usual = jobOptions(this.definitions.get(name)).attempts
            return [
              {
                id: s.key,
                name,
                payload: s.template.data.payload,
                cron: s.pattern,
                timeZone: s.tz,
                ...(attempts !== undefined && attempts !== usual ? { attempts } : {}),
                nextAt: s.next ?? 0,
              },
            ]
          }),
        ),
      )
      return all.flat().sort((a, b) => (a.id < b.id ? -1 : 1))
    })
  }

  async work(handlers: readonly JobHandler[], options: WorkOptions): Promise<JobWorker> {
    await this.asking('begin to work', async () => {
      for (const h of handlers) {
        const queue = this.queues.get(h.name)!
        if (h.exclusive) await queue.setGlobalConcurrency(1)
        else await queue.removeGlobalConcurrency()
      }
    })
    const worker = new BullWorker(
      handlers,
      this.ledger,
      this.options,
      options,
      async (name, id) => (await this.queues.get(name)!.getJob(id)) as BullJob | undefined,
    )
    this.workers.push(worker)
    await worker.ready()
    return worker
  }

  async close(): Promise<void> {
    for (const w of this.workers) await w.stop(0)
    await Promise.all([...this.queues.values()].map((q) => q.close()))
    await this.ledger.close()
  }
}

/** @throws TransientError where Redis does not answer; Error where it would evict keys, or refuses us */
export async function openBullJobs(options: BullOptions, jobs: readonly JobDefinition[]): Promise<BullJobs> {
  const ledger = await openRedisJobLedger({
    url: options.url,
    ...(options.keyPrefix ? { keyPrefix: options.keyPrefix } : {}),
  })
  return new BullJobs(options, jobs, ledger)
}
