import type { FetchInfo, LogRecord } from '@mastery/topology/ports/event-log.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { COUNTING, JSON_CODEC } from '@mastery/topology/testing/counting-stage.ts'
import { MemoryLog, MemoryState } from '@mastery/topology/testing/memory.ts'
import { FoldLogic } from '../fold-logic.ts'
import { PLAIN } from '../logic.ts'
import { PartitionRunner, type RunnerParts } from '../partition-runner.ts'

export const SCOPE: StateScope = { stage: 'counting', generation: 1, topic: 'learning.events', partition: 1 }

/** One partition of the counting stage on ports in memory, and what its runner did with them. */
export class RunnerWorld {
  readonly log = new MemoryLog()
  state = new MemoryState()
  readonly steps: string[] = []
  stopped = false
  beats = 0

  static async make(): Promise<RunnerWorld> {
    const world = new RunnerWorld()
    await world.log.ensureTopics(['learning.events', 'learning.features', 'learning.rejects'], 2)
    return world
  }

  runner(change: Partial<RunnerParts> = {}, stage = COUNTING): PartitionRunner {
    return new PartitionRunner(SCOPE, new FoldLogic(stage, SCOPE, this.state, JSON_CODEC, 100), {
      stage: 'counting',
      version: '1',
      log: this.log,
      state: this.state,
      codec: JSON_CODEC,
      sealer: PLAIN,
      telemetry: SILENT,
      raw: false,
      report: async () => {},
      trace: (step) => this.steps.push(step),
      backoff: () => 0,
      stopping: () => false,
      ...change,
    })
  }

  fetchFrom(requested: number): FetchInfo {
    return {
      requested,
      highWatermark: 100,
      heartbeat: async () => {
        this.beats++
      },
      stopPartition: () => {
        this.stopped = true
      },
    }
  }

  async outputs(): Promise<{ n: number; from: number }[]> {
    const all = await this.log.read('learning.features', 1, 0, 10_000)
    return all.map((r) => JSON_CODEC.decode(r.value).value as { n: number; from: number })
  }

  /** Records folded, as the committed state has it. */
  async seen(): Promise<number> {
    return JSON.parse(Buffer.from((await this.state.peek(SCOPE))!.meta).toString()).seen
  }

  async committed(): Promise<number> {
    return (await this.state.peek(SCOPE))?.nextOffset ?? 0
  }
}

/** A buffer stands in the log as it is, anything else as the codec writes it. */
export function recordsFrom(from: number, ...values: unknown[]): LogRecord[] {
  return values.map((v, i) => ({
    offset: from + i,
    key: `s${(from + i) % 2}`,
    value: v instanceof Buffer ? v : JSON_CODEC.encode('learning-event', v),
    timestamp: 1_700_000_000_000 + from + i,
  }))
}
