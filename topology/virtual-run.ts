import { DueIndex } from './due-index.ts'
import type { AnyStage, StageOutput, StageRecord, StepResult } from './stage.ts'

/**
 * A stage over one partition's records in memory, at the speed of the machine: time is what the records say. What it
 * gives is what the running stage gives over the same records.
 */
export class VirtualRun {
  private readonly stage: AnyStage
  private readonly states = new Map<string, unknown>()
  readonly meta: unknown
  private index = new DueIndex()
  private epoch: number | null = null

  constructor(stage: AnyStage) {
    this.stage = stage
    this.meta = stage.meta.empty('')
  }

  /** Students that the stage has a state of. */
  get size(): number {
    return this.states.size
  }

  state(key: string): unknown {
    return this.states.get(key)
  }

  step(record: StageRecord): StepResult {
    const { stage, states, meta } = this
    const key = stage.keyOf(record)
    if (key !== null && !states.has(key)) states.set(key, stage.state.empty(key))
    const state = key === null ? null : states.get(key)
    const woken = this.woken(record)
    const result = stage.step(record, state, meta, woken)
    if (stage.wakes) {
      for (const w of woken) this.index.set(w.key, stage.wakes.dueOf(w.state, meta))
      if (key !== null) this.index.set(key, stage.wakes.dueOf(state, meta))
    }
    return result
  }

  /** What the stage writes for a record; what it refuses is left out. */
  outputs(record: StageRecord): readonly StageOutput[] {
    const result = this.step(record)
    return result.type === 'drop' ? [] : (result.outputs ?? [])
  }

  private woken(record: StageRecord) {
    const { wakes } = this.stage
    const now = wakes?.timeOf(record, this.meta) ?? null
    if (!wakes || now === null) return []
    const epoch = wakes.epochOf(this.meta)
    if (epoch !== this.epoch) {
      this.index = new DueIndex()
      for (const [key, state] of this.states) this.index.set(key, wakes.dueOf(state, this.meta))
      this.epoch = epoch
    }
    return this.index.due(now, wakes.most).map((key) => ({ key, state: this.states.get(key) }))
  }
}
