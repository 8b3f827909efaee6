import type { StageLike } from './generation-stages.ts'

/** Several stages in one process, asked after as one. */
export class Together implements StageLike {
  readonly name: string
  private readonly stages: readonly StageLike[]

  constructor(name: string, stages: readonly StageLike[]) {
    this.name = name
    this.stages = stages
  }

  async start(): Promise<void> {
    for (const s of this.stages) await s.start()
  }

  problems(): string[] {
    return this.stages.flatMap((s) => s.problems())
  }

  rebuilding(): string[] {
    return this.stages.flatMap((s) => s.rebuilding())
  }

  async lag(): Promise<number> {
    let lag = 0
    for (const s of this.stages) lag += await s.lag()
    return lag
  }

  async stop(): Promise<void> {
    await Promise.all(this.stages.map((s) => s.stop()))
  }
}
