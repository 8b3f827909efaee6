import { DueIndex } from '@mastery/topology/due-index.ts'
import type { Fence, StateScope, StateStore } from '@mastery/topology/ports/state-store.ts'
import type { AnyStage, StageRecord, Wakes } from '@mastery/topology/stage.ts'

/** States that are read at a time where all of them are asked when they are due. */
const CHUNK = 1000

/**
 * Knows when the states of one partition are next due. It is made from the states themselves, after a claim and where
 * the stage says that all of them may have changed their minds, and follows every step from there on.
 */
export class Waking {
  private readonly stage: AnyStage
  private readonly wakes: Wakes<unknown, unknown>
  private readonly scope: StateScope
  private readonly store: StateStore
  /** Null: to be made anew. */
  private index: DueIndex | null = null
  private epoch = -1

  constructor(stage: AnyStage, wakes: Wakes<unknown, unknown>, scope: StateScope, store: StateStore) {
    this.stage = stage
    this.wakes = wakes
    this.scope = scope
    this.store = store
  }

  reset(): void {
    this.index = null
  }

  /** The keys that a record wakes, in order. `changed`: states that the store does not have yet. */
  async keysOf(
    record: StageRecord,
    meta: unknown,
    changed: ReadonlyMap<string, unknown>,
    fence: Fence,
    alive?: () => Promise<void>,
  ): Promise<readonly string[]> {
    const now = this.wakes.timeOf(record, meta)
    if (now === null) return []
    const epoch = this.wakes.epochOf(meta)
    if (this.index === null || this.epoch !== epoch) {
      this.index = await this.ask(meta, changed, fence, alive)
      this.epoch = epoch
    }
    return this.index.due(now, this.wakes.most)
  }

  /** To be told after every step. */
  stepped(key: string, state: unknown, meta: unknown): void {
    this.index?.set(key, this.wakes.dueOf(state, meta))
  }

  private async ask(
    meta: unknown,
    changed: ReadonlyMap<string, unknown>,
    fence: Fence,
    alive?: () => Promise<void>,
  ): Promise<DueIndex> {
    const index = new DueIndex()
    const take = async (keys: readonly string[]) => {
      const bytes = await this.store.load(this.scope, keys, fence)
      keys.forEach((key, i) => {
        if (bytes[i]) index.set(key, this.wakes.dueOf(this.stage.state.decode(bytes[i], key), meta))
      })
      await alive?.()
    }
    let keys: string[] = []
    for await (const key of this.store.keys(this.scope)) {
      if (changed.has(key)) continue
      keys.push(key)
      if (keys.length < CHUNK) continue
      await take(keys)
      keys = []
    }
    if (keys.length > 0) await take(keys)
    for (const [key, state] of changed) index.set(key, this.wakes.dueOf(state, meta))
    return index
  }
}
