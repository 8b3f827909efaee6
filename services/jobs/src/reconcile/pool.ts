import { Worker } from 'node:worker_threads'
import type { Failed, RangeResult, Round, Task } from './messages.ts'

interface Waiting {
  task: Task
  resolve(r: RangeResult): void
  reject(e: Error): void
}

/** Worker threads that fold and compare ranges, one range each at a time. */
export class Pool {
  private readonly workers: Worker[]
  private readonly idle: Worker[]
  private readonly busy = new Map<Worker, Waiting>()
  private queue: Waiting[] = []
  private broken: Error | null = null

  constructor(size: number) {
    // Parsed rows die with their range: room for them where they are born spares copying them.
    const options = { resourceLimits: { maxYoungGenerationSizeMb: 24 } }
    this.workers = Array.from({ length: size }, () => new Worker(new URL('./worker.ts', import.meta.url), options))
    this.idle = [...this.workers]
    for (const w of this.workers) {
      w.on('message', (m: RangeResult | Failed) => this.answered(w, m))
      w.on('error', (e) =>
        this.fail(new Error(`A worker of the reconcile ended: ${(e as Error).message}`, { cause: e })),
      )
      w.on('exit', (code) => {
        if (code !== 0) this.fail(new Error(`A worker of the reconcile ended with code ${code}.`))
      })
      w.unref()
    }
  }

  get size(): number {
    return this.workers.length
  }

  begin(round: Round): void {
    for (const w of this.workers) w.postMessage(round)
  }

  run(task: Task): Promise<RangeResult> {
    if (this.broken) return Promise.reject(this.broken)
    return new Promise((resolve, reject) => {
      this.queue.push({ task, resolve, reject })
      this.next()
    })
  }

  private next(): void {
    while (this.idle.length > 0 && this.queue.length > 0) {
      const worker = this.idle.pop()!
      const waiting = this.queue.shift()!
      this.busy.set(worker, waiting)
      worker.ref()
      const { events, commands, features, scores, checkpoints } = waiting.task
      const payloads = checkpoints.map(([, , payload]) => payload)
      const bytes = [...events, ...commands, ...features, ...scores, ...payloads].map((b) => b.buffer as ArrayBuffer)
      worker.postMessage(waiting.task, bytes)
    }
  }

  private answered(worker: Worker, m: RangeResult | Failed): void {
    const waiting = this.busy.get(worker)!
    this.busy.delete(worker)
    this.idle.push(worker)
    worker.unref()
    if (m.type === 'failed') {
      const e = new Error(m.message)
      e.stack = m.stack
      waiting.reject(e)
    } else waiting.resolve(m)
    this.next()
  }

  private fail(e: Error): void {
    this.broken ??= e
    for (const w of [...this.busy.values(), ...this.queue]) w.reject(e)
    this.busy.clear()
    this.queue = []
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((w) => w.terminate()))
  }
}
