import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { studentCommand } from '@mastery/topology/events/command.ts'
import { checkpointOf, foldHistory, type HistoryRecord } from '@mastery/topology/history/fold.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { CodecError } from '@mastery/topology/ports/codec.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import { SCORE_META } from '@mastery/topology/stages/scoring/meta.ts'
import { DAY_ZERO } from '@mastery/topology/testing/learner-log.ts'
import { Process, type Scheduler } from './scheduler.ts'
import { CODEC } from './sim-codec.ts'
import type { Logged, LogPort, SimLog } from './sim-log.ts'
import type { SimQueue } from './sim-queue.ts'
import type { StatePort } from './sim-state.ts'
import type { Rebuild, Workload } from './workload.ts'

export interface RebuilderPorts {
  log: LogPort
  state: StatePort
}

/** What a student's records were, from the log or, beyond its retention, from gold. */
function historyOf(records: readonly Logged[], student: string): HistoryRecord[] {
  return records.flatMap((r): HistoryRecord[] => {
    if (r.key !== student) return []
    try {
      const { subject, value } = CODEC.decode(r.value)
      if (subject === 'learning-event' && (value as LearningEvent).student === student)
        return [{ subject, offset: r.offset, value: value as LearningEvent }]
      if (subject === 'student-command' && (value as StudentCommand).student === student)
        return [{ subject, offset: r.offset, value: value as StudentCommand }]
    } catch (e) {
      if (!(e instanceof CodecError)) throw e
    }
    return []
  })
}

/**
 * The two sides of key repair: somebody asks for rebuilds, a worker folds the student's whole history and has the stages
 * install it, beside live traffic, crashing and repeating itself as everything does here.
 */
export class Rebuilder {
  private asked = 0
  private readonly scheduler: Scheduler
  private readonly log: SimLog
  private readonly queue: SimQueue
  private readonly workload: Workload
  private readonly open: (p: Process) => RebuilderPorts

  constructor(
    scheduler: Scheduler,
    log: SimLog,
    queue: SimQueue,
    workload: Workload,
    open: (p: Process) => RebuilderPorts,
  ) {
    this.scheduler = scheduler
    this.log = log
    this.queue = queue
    this.workload = workload
    this.open = open
  }

  get done(): boolean {
    return this.asked === this.workload.rebuilds.length && [...this.queue.jobs.values()].every((j) => j.done)
  }

  start(failed: (e: Error) => void): void {
    if (this.workload.rebuilds.length === 0) return
    this.keep('asker', (p) => this.ask(p), failed)
    this.keep('worker', (p) => this.work(p), failed)
    this.keep('worker', (p) => this.work(p), failed)
  }

  private keep(name: string, run: (p: Process) => Promise<void>, failed: (e: Error) => void): void {
    const process = new Process(name)
    process.watchers.push(() => {
      if (!process.alive && !this.done) this.scheduler.at(null, 80, () => this.keep(name, run, failed))
    })
    run(process).catch(failed)
  }

  private async trying<T>(process: Process, work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (e) {
        if (!(e instanceof TransientError)) throw e
        await this.scheduler.sleep(process, 30)
      }
    }
  }

  private async ask(process: Process): Promise<void> {
    for (; this.asked < this.workload.rebuilds.length; this.asked++) {
      const { at, student, id } = this.workload.rebuilds[this.asked] as Rebuild
      await this.scheduler.sleep(process, Math.max(0, at - this.scheduler.now))
      await this.trying(process, () => this.queue.add(process, id, student))
    }
  }

  private async work(process: Process): Promise<void> {
    while (!this.done) {
      const job = await this.trying(process, () => this.queue.take(process))
      if (job === null) {
        await this.scheduler.sleep(process, 40)
        continue
      }
      await this.rebuild(process, job)
      await this.trying(process, () => this.queue.finish(process, job.id))
    }
  }

  private async rebuild(process: Process, job: { id: string; student: string; delivery: number }): Promise<void> {
    const { student } = job
    const { ring, partitions } = this.workload
    const partition = partitionOf(student, partitions)
    const { log, state } = this.open(process)
    const records = await this.trying(process, () =>
      this.scheduler.effect(process, {
        port: 'gold',
        kind: 'read',
        name: `history of ${student}`,
        perform: () => [...this.log.everything('learning.events', partition)],
      }),
    )
    const scope = { stage: 'scoring', generation: 0, topic: 'learning.features' as const, partition }
    const scoring = await this.trying(process, () => state.peek(scope))
    const options = {
      ring,
      days: [7, 30, 90],
      scoring: scoring ? SCORE_META.decode(scoring.meta, '') : SCORE_META.empty(''),
    }
    const folded = foldHistory(student, historyOf(records, student), options)
    // Of an erased student nothing is put back.
    if (folded.windows.erasure?.floor === Number.POSITIVE_INFINITY) return
    const command = studentCommand({
      command_id: `${job.id}/${job.delivery}`,
      tenant: 'school',
      student,
      kind: 'install_checkpoint',
      issued_at: DAY_ZERO + Math.round(this.scheduler.now),
      after_offset: records.length - 1,
      payload: checkpointOf(folded, options),
    })
    const value = Buffer.from(CODEC.encode('student-command', command))
    const append = { topic: 'learning.events' as const, partition, key: student, value, timestamp: command.issued_at }
    await this.trying(process, () => log.append([append]))
  }
}
