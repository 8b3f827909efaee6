import { type Generation, isRunning, partitionsOf } from '@mastery/topology/generations/generation.ts'
import type { PartitionCounts } from '@mastery/topology/partition.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { TOPICS, topicAt } from '@mastery/topology/topics.ts'
import { Generations } from './generations.ts'
import type { RunningStage, RuntimeParts } from './stage-runner.ts'

const LOOK_MS = 1000

/** What a process runs and asks after: one stage, or one for each generation. */
export interface StageLike {
  readonly name: string
  start(): Promise<void>
  problems(): string[]
  /** Partitions that fold again what a lost state had held. */
  rebuilding(): string[]
  lag(): Promise<number>
  stop(): Promise<void>
}

/** Creates the topics of a generation, with as many partitions as it is to have, and gives that number. Idempotent. */
export async function ensureGenerationTopics(
  log: EventLog,
  g: Pick<Generation, 'id' | 'partitions'>,
): Promise<PartitionCounts> {
  const derived = TOPICS.filter((t) => t.derived).map((t) => topicAt(t.name, g.id))
  const input = await log.partitions('learning.events')
  const output = partitionsOf(g, input)
  await log.ensureTopics(derived, output)
  return { input, output }
}

/** Runs a stage for every generation that there is, and follows what mastery.control says of them. */
export class GenerationStages implements StageLike {
  readonly name: string
  private readonly parts: RuntimeParts
  private readonly make: (g: Generation, partitions: PartitionCounts) => RunningStage
  private readonly keeps: (g: Generation) => boolean
  private readonly generations: Generations
  private readonly running = new Map<number, RunningStage>()
  private readonly failed: (e: Error) => void
  private readonly telemetry: Telemetry
  private unwatch: () => Promise<void> = async () => {}

  /** `partitions`: of learning.events, and of what the generation computes. `keeps`: for which ones the stage runs. */
  constructor(
    name: string,
    parts: RuntimeParts,
    make: (g: Generation, partitions: PartitionCounts) => RunningStage,
    onFailure: (e: Error) => void,
    keeps: (g: Generation) => boolean = isRunning,
  ) {
    this.name = name
    this.keeps = keeps
    this.parts = parts
    this.make = make
    this.failed = onFailure
    this.telemetry = parts.telemetry
    this.generations = new Generations(parts.log, parts.codec)
  }

  async start(): Promise<void> {
    await this.generations.refresh()
    await this.follow()
    this.unwatch = this.generations.watch(
      LOOK_MS,
      () => this.follow(),
      (e) => {
        if (e instanceof TransientError) this.telemetry.warn(`mastery.control can't be read: ${e.message}`)
        else this.failed(e)
      },
    )
  }

  /** Starts what is new, stops what was dropped. */
  private async follow(): Promise<void> {
    for (const g of this.generations.all()) {
      const stage = this.running.get(g.id)
      if (this.keeps(g) && !stage) {
        const partitions = await ensureGenerationTopics(this.parts.log, g)
        if (g.id > 0)
          this.telemetry.info(`generation ${g.id}: ${this.name} starts`, {
            status: g.status,
            reason: g.reason,
            partitions: partitions.output,
          })
        const started = this.make(g, partitions)
        this.running.set(g.id, started)
        try {
          await started.start()
        } catch (e) {
          // Looked at again, it is made anew.
          this.running.delete(g.id)
          await started.stop().catch(() => {})
          throw e
        }
      } else if (!this.keeps(g) && stage) {
        this.running.delete(g.id)
        await stage.stop()
        this.telemetry.info(`generation ${g.id}: ${this.name} has stopped, it is dropped`)
      }
    }
  }

  problems(): string[] {
    return [...this.running].flatMap(([id, s]) => s.problems().map((p) => (id === 0 ? p : `generation ${id}: ${p}`)))
  }

  rebuilding(): string[] {
    return [...this.running.values()].flatMap((s) => s.rebuilding())
  }

  /** Of the generation that readers see. */
  async lag(): Promise<number> {
    return (await this.running.get(this.generations.active.id)?.lag()) ?? 0
  }

  async stop(): Promise<void> {
    await this.unwatch()
    await Promise.all([...this.running.values()].map((s) => s.stop()))
  }
}
