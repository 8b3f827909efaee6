import { FencedError } from '@mastery/topology/ports/failure.ts'
import {
  type Claim,
  type CommitResult,
  type Fence,
  type StateCommit,
  type StateScope,
  type StateStore,
  scopeId,
} from '@mastery/topology/ports/state-store.ts'
import type { Process, Scheduler } from './scheduler.ts'
import type { SimLog } from './sim-log.ts'

export interface Held {
  epoch: number
  /** Process that claimed it last. */
  owner: string
  nextOffset: number
  meta: Uint8Array | null
  states: Map<string, Uint8Array>
  /** Every commit that took effect: how far, and after how many effects. */
  commits: { next: number; seq: number }[]
  /** Offsets that history no longer had when this was folded from it. */
  holes: Set<number>
}

/** The state store itself. Processes reach it through a StatePort of their own. */
export class SimState {
  private readonly scopes = new Map<string, Held>()
  private readonly scheduler: Scheduler
  /** Never begins again, not even in a store that was flushed. */
  private epochs = 0
  /** Null where outputs travel by themselves, as with Redis. */
  readonly joined: SimLog | null

  constructor(scheduler: Scheduler, joined: SimLog | null) {
    this.scheduler = scheduler
    this.joined = joined
  }

  held(scope: StateScope): Held {
    const id = scopeId(scope)
    let held = this.scopes.get(id)
    if (!held) {
      held = { epoch: 0, owner: '', nextOffset: 0, meta: null, states: new Map(), commits: [], holes: new Set() }
      this.scopes.set(id, held)
    }
    return held
  }

  /** The store has lost everything about the scope. */
  flush(scope: StateScope): void {
    this.scopes.delete(scopeId(scope))
  }

  claim(scope: StateScope, owner: string): Claim {
    const held = this.held(scope)
    held.epoch = ++this.epochs
    held.owner = owner
    return { epoch: held.epoch, nextOffset: held.nextOffset, meta: held.meta?.slice() ?? null }
  }

  /** `fenced` is false only in a system that is broken on purpose. */
  commit(scope: StateScope, c: StateCommit, fenced = true): CommitResult {
    const held = this.held(scope)
    if (fenced && held.epoch !== c.epoch) return 'fenced'
    if (fenced && held.nextOffset !== c.expectedOffset) return held.nextOffset === c.nextOffset ? 'already' : 'fenced'
    if (c.outputs.length > 0) this.joined?.append(c.outputs)
    for (const [key, bytes] of c.changes) held.states.set(key, Uint8Array.from(bytes))
    held.meta = Uint8Array.from(c.meta)
    held.nextOffset = c.nextOffset
    held.commits.push({ next: c.nextOffset, seq: this.scheduler.effects })
    return 'committed'
  }
}

/** The state store as one process sees it. */
export class StatePort implements StateStore {
  readonly carriesOutputs: boolean
  private readonly state: SimState
  private readonly scheduler: Scheduler
  private readonly process: Process
  private readonly fenced: boolean

  constructor(state: SimState, scheduler: Scheduler, process: Process, fenced = true) {
    this.state = state
    this.scheduler = scheduler
    this.process = process
    this.fenced = fenced
    this.carriesOutputs = state.joined !== null
  }

  claim(scope: StateScope, _owner: string): Promise<Claim> {
    const name = `claim ${scopeId(scope)}`
    return this.scheduler.effect(this.process, {
      port: 'state',
      kind: 'write',
      name,
      perform: () => this.state.claim(scope, this.process.name),
    })
  }

  async load(scope: StateScope, keys: readonly string[], fence?: Fence): Promise<(Uint8Array | null)[]> {
    const found = await this.scheduler.effect(this.process, {
      port: 'state',
      kind: 'read',
      name: `load ${keys.length} of ${scopeId(scope)}`,
      perform: () => {
        const { epoch, nextOffset, states } = this.state.held(scope)
        if (this.fenced && fence && (fence.epoch !== epoch || fence.nextOffset !== nextOffset)) return null
        return keys.map((k) => states.get(k)?.slice() ?? null)
      },
    })
    if (found === null) throw new FencedError(`${scopeId(scope)} is held by another owner.`)
    return found
  }

  commit(scope: StateScope, c: StateCommit): Promise<CommitResult> {
    return this.scheduler.effect(this.process, {
      port: 'state',
      kind: 'write',
      name: `commit ${scopeId(scope)} ${c.expectedOffset} to ${c.nextOffset}`,
      perform: () => this.state.commit(scope, c, this.fenced),
    })
  }

  peek(scope: StateScope): Promise<{ nextOffset: number; meta: Uint8Array } | null> {
    return this.scheduler.effect(this.process, {
      port: 'state',
      kind: 'read',
      name: `peek ${scopeId(scope)}`,
      perform: () => {
        const { nextOffset, meta } = this.state.held(scope)
        return meta ? { nextOffset, meta: meta.slice() } : null
      },
    })
  }

  drop(scope: StateScope): Promise<void> {
    return this.scheduler.effect(this.process, {
      port: 'state',
      kind: 'write',
      name: `drop ${scopeId(scope)}`,
      perform: () => this.state.flush(scope),
    })
  }

  async *keys(scope: StateScope): AsyncIterable<string> {
    yield* this.state.held(scope).states.keys()
  }

  async close(): Promise<void> {}
}
