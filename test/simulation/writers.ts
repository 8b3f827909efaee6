import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import { Process, type Scheduler } from './scheduler.ts'
import type { Sending } from './workload.ts'

/**
 * A process that sends what it has to, in order, each append until it is acknowledged. Started again after a crash it
 * repeats the sending in which it crashed from its beginning, so that a half-written broadcast becomes whole.
 */
export class Writer {
  private next = 0
  private readonly name: string
  private readonly sendings: readonly Sending[]
  private readonly scheduler: Scheduler
  private readonly open: (process: Process) => EventLog

  constructor(name: string, sendings: readonly Sending[], scheduler: Scheduler, open: (process: Process) => EventLog) {
    this.name = name
    this.sendings = sendings
    this.scheduler = scheduler
    this.open = open
  }

  get done(): boolean {
    return this.next === this.sendings.length
  }

  start(failed: (e: Error) => void): void {
    const process = new Process(this.name)
    process.watchers.push(() => {
      if (!process.alive && !this.done) this.scheduler.at(null, 60, () => this.start(failed))
    })
    this.send(process, this.open(process)).catch(failed)
  }

  private async send(process: Process, log: EventLog): Promise<void> {
    while (!this.done) {
      const { at, appends } = this.sendings[this.next]!
      if (at > this.scheduler.now) await this.scheduler.sleep(process, at - this.scheduler.now)
      for (const records of appends) {
        for (;;) {
          try {
            await log.append(records)
            break
          } catch (e) {
            if (!(e instanceof TransientError)) throw e
            await this.scheduler.sleep(process, 25)
          }
        }
      }
      this.next++
    }
  }
}
