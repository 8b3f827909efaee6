import type { Json, Schedule, ScheduleStanding } from '../ports/job-queue.ts'
import { nextTime, parseCron } from './cron.ts'
import type { JobStore } from './ledger.ts'
import { type CheckedSpec, DEFAULT_ATTEMPTS, DEFAULT_BACKOFF_MS, type JobDefinitions } from './spec.ts'

/** Two schedules are the same if their JSON in this order is. */
export function scheduleText({ id, name, payload, cron, timeZone, attempts }: Schedule): string {
  return JSON.stringify([id, name, payload, cron, timeZone, attempts ?? null])
}

/** The schedules of a JobTable, each with the next time at which it fires. */
export class Timetable {
  private readonly store: JobStore
  private readonly jobs: JobDefinitions

  constructor(store: JobStore, jobs: JobDefinitions) {
    this.store = store
    this.jobs = jobs
  }

  list(): ScheduleStanding[] {
    return [...this.store.range('schedule/')].map(([, s]) => s as unknown as ScheduleStanding)
  }

  /** An unchanged schedule keeps its next time, so that a firing that was missed is made up for. */
  set(schedules: readonly Schedule[], now: number): void {
    this.store.transaction(() => {
      const before = new Map(this.list().map((s) => [s.id, s]))
      for (const s of schedules) {
        const old = before.get(s.id)
        before.delete(s.id)
        if (!old || scheduleText(old) !== scheduleText(s)) this.put(s, now)
      }
      for (const id of before.keys()) this.store.remove(`schedule/${id}`)
    })
  }

  /** The jobs of the schedules that are due, one each, however many times passed meanwhile; and moves them on. */
  due(now: number): { spec: CheckedSpec; schedule: string }[] {
    return this.list().flatMap(({ nextAt, ...s }) => {
      if (nextAt > now) return []
      this.put(s, now)
      const job = this.jobs.get(s.name)
      const id = `${s.name}/${s.id}.${nextAt}`
      const spec = {
        name: s.name,
        payload: s.payload,
        id,
        idempotencyKey: id,
        attempts: s.attempts ?? job?.attempts ?? DEFAULT_ATTEMPTS,
        backoffMs: job?.backoffMs ?? DEFAULT_BACKOFF_MS,
        notBefore: 0,
      }
      return [{ spec, schedule: s.id }]
    })
  }

  private put(schedule: Schedule, now: number): void {
    const nextAt = nextTime(parseCron(schedule.cron, schedule.timeZone), now)
    this.store.put(`schedule/${schedule.id}`, { ...schedule, nextAt } as unknown as Json)
  }
}
