import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { asLedger } from '@mastery/topology/jobs/ledger.ts'
import { checkedSchedules, checkedSpec, definitionsOf, type JobDefinitions } from '@mastery/topology/jobs/spec.ts'
import type { StoredJob } from '@mastery/topology/jobs/stored-jobs.ts'
import { JobTable } from '@mastery/topology/jobs/table.ts'
import type {
  Job,
  JobDefinition,
  JobHandler,
  JobQueue,
  JobSpec,
  JobState,
  JobWorker,
  Schedule,
  ScheduleStanding,
  WorkOptions,
} from '@mastery/topology/ports/job-queue.ts'
import type { Environment } from './environment.ts'
import { LmdbJobStore } from './job-store.ts'
import { InProcessWorker } from './job-worker.ts'

/** Says within a process that a queue changed. */
const changes = new EventEmitter().setMaxListeners(0)

function viewOf({ backoffMs: _b, losses: _l, owner: _o, cancelAsked: _c, ...job }: StoredJob): Job {
  return job
}

/** The job queue of the embedded profile: a table in LMDB, run by the process that owns the data folder. */
export class EmbeddedJobs implements JobQueue {
  private readonly table: JobTable
  private readonly definitions: JobDefinitions
  private readonly event: string
  private readonly workers: InProcessWorker[] = []

  constructor(env: Environment, jobs: readonly JobDefinition[]) {
    this.definitions = definitionsOf(jobs)
    this.table = new JobTable(new LmdbJobStore(env), this.definitions)
    this.event = env.path
  }

  async add(spec: JobSpec): Promise<{ id: string; added: boolean }> {
    const added = this.table.add(checkedSpec(spec, this.definitions, randomUUID), Date.now())
    this.changed()
    return added
  }

  async get(id: string): Promise<Job | null> {
    const job = this.table.get(id)
    return job && viewOf(job)
  }

  async list(filter: { states?: readonly JobState[]; name?: string; limit?: number } = {}): Promise<Job[]> {
    return [...this.table.all()]
      .filter((j) => (filter.states?.includes(j.state) ?? true) && (!filter.name || j.name === filter.name))
      .sort((a, b) => b.addedAt - a.addedAt)
      .slice(0, filter.limit ?? 100)
      .map(viewOf)
  }

  async retry(id: string): Promise<void> {
    this.table.retry(id, Date.now())
    this.changed()
  }

  async cancel(id: string): Promise<void> {
    this.table.cancel(id, Date.now())
    this.changed()
  }

  async setSchedules(schedules: readonly Schedule[]): Promise<void> {
    this.table.timetable.set(checkedSchedules(schedules, this.definitions), Date.now())
    this.changed()
  }

  async schedules(): Promise<ScheduleStanding[]> {
    return this.table.timetable.list()
  }

  async work(handlers: readonly JobHandler[], options: WorkOptions): Promise<JobWorker> {
    const worker = new InProcessWorker(this.table, asLedger(this.table.ledger, Date.now), handlers, options, {
      on: (listener) => changes.on(this.event, listener),
      off: (listener) => changes.off(this.event, listener),
      emit: () => this.changed(),
    })
    this.workers.push(worker)
    worker.start()
    return worker
  }

  private changed(): void {
    changes.emit(this.event)
  }

  async close(): Promise<void> {
    for (const w of this.workers) await w.stop(0)
  }
}
