import type { EventLog, LogAppend } from '@mastery/topology/ports/event-log.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'

/** One append takes what has queued up, to about this many bytes. */
const GROUP_BYTES = 8 * 1024 * 1024

interface Waiting {
  records: readonly LogAppend[]
  bytes: number
  done(): void
  failed(error: Error): void
}

/**
 * Appends of concurrent requests as one: while an append is under way the next ones queue up and go together, so that
 * throughput does not depend on the log's latency. Order within one caller is kept. Resolves only once the log holds
 * the records. Where a group fails for good its members are tried one by one, so that one request's bad record does
 * not fail the others; records may then be in the log twice, which their ids make harmless.
 */
export class GroupCommit {
  private queue: Waiting[] = []
  private running: Promise<void> | null = null
  private readonly log: Pick<EventLog, 'append'>
  private readonly timeoutMs: number

  constructor(log: Pick<EventLog, 'append'>, timeoutMs: number) {
    this.log = log
    this.timeoutMs = timeoutMs
  }

  append(records: readonly LogAppend[], bytes: number): Promise<void> {
    if (records.length === 0) return Promise.resolve()
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new TransientError(`The log took longer than ${this.timeoutMs} ms.`)),
        this.timeoutMs,
      )
      this.queue.push({
        records,
        bytes,
        done: () => {
          clearTimeout(timer)
          resolve()
        },
        failed: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      this.running ??= this.run()
    })
  }

  /** Resolves when nothing is queued or under way. */
  async drained(): Promise<void> {
    while (this.running) await this.running
  }

  private async run(): Promise<void> {
    // Requests that arrive in the same turn of the event loop go together.
    await new Promise((r) => setImmediate(r))
    while (this.queue.length > 0) {
      const group = this.take()
      try {
        await this.log.append(group.flatMap((w) => w.records))
        for (const w of group) w.done()
      } catch (error) {
        if (group.length === 1 || error instanceof TransientError) for (const w of group) w.failed(error as Error)
        else for (const w of group) await this.alone(w)
      }
    }
    // In the same turn as the look at the queue, so that nobody can join a run that has ended.
    this.running = null
  }

  private take(): Waiting[] {
    let bytes = 0
    let n = 0
    while (n < this.queue.length && (n === 0 || bytes + this.queue[n]!.bytes <= GROUP_BYTES))
      bytes += this.queue[n++]!.bytes
    return this.queue.splice(0, n)
  }

  private async alone(w: Waiting): Promise<void> {
    try {
      await this.log.append(w.records)
      w.done()
    } catch (error) {
      w.failed(error as Error)
    }
  }
}
