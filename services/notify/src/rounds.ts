import { TransientError } from '@mastery/topology/ports/failure.ts'

interface Asked<A, R> {
  asked: A
  done(result: R): void
  failed(why: unknown): void
}

/**
 * Work that costs little more for many than for one. While one round of it is under way, whatever is asked meanwhile
 * waits and goes together as the next. `work` gives one result for each, in their order.
 */
export class Rounds<A, R> {
  private readonly work: (all: readonly A[]) => Promise<readonly R[]>
  private readonly most: number
  private waiting: Asked<A, R>[] = []
  private running = false

  constructor(work: (all: readonly A[]) => Promise<readonly R[]>, most = 500) {
    this.work = work
    this.most = most
  }

  /** Rejects with what the work for it throws; that of others in its round does not matter. */
  ask(asked: A): Promise<R> {
    return new Promise((done, failed) => {
      this.waiting.push({ asked, done, failed })
      void this.run()
    })
  }

  private async run(): Promise<void> {
    if (this.running) return
    this.running = true
    // What is asked in the same turn goes with it.
    await Promise.resolve()
    while (this.waiting.length > 0) await this.round(this.waiting.splice(0, this.most))
    this.running = false
  }

  private async round(all: readonly Asked<A, R>[]): Promise<void> {
    try {
      const results = await this.work(all.map((a) => a.asked))
      all.forEach((a, i) => {
        a.done(results[i]!)
      })
    } catch (e) {
      // Where it is not reached, nobody is; else one that can't be done is no reason for the others to fail.
      if (all.length === 1 || e instanceof TransientError) for (const a of all) a.failed(e)
      else for (const a of all) await this.round([a])
    }
  }
}
