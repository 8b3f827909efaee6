import { hasParameters } from '@mastery/topology/models/parameters.ts'
import type { PartitionCounts } from '@mastery/topology/partition.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { Fence, StateScope, StateStore } from '@mastery/topology/ports/state-store.ts'
import { type AnyStage, placesOf, type StageOutput, type StepResult } from '@mastery/topology/stage.ts'
import type { ProvideFiles } from './artefacts.ts'
import type { BatchResult, DeadLetter, Decoded, PartitionLogic } from './logic.ts'
import { Waking } from './waking.ts'

/** Two generations of recently used states: bounded memory at the cost of one map look-up. */
class StateCache {
  private young = new Map<string, unknown>()
  private old = new Map<string, unknown>()
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }
  get(key: string): unknown {
    const y = this.young.get(key)
    if (y !== undefined) return y
    const o = this.old.get(key)
    if (o !== undefined) this.set(key, o)
    return o
  }
  set(key: string, state: unknown): void {
    this.young.set(key, state)
    if (this.young.size * 2 < this.limit) return
    this.old = this.young
    this.young = new Map()
  }
  clear(): void {
    this.young.clear()
    this.old.clear()
  }
}

interface Held {
  /** By record. */
  keys: (string | null)[]
  states: Map<string, unknown>
}

/** Folds a stage over one partition. States live in memory while the claim holds; the store has what was committed. */
export class FoldLogic implements PartitionLogic {
  private readonly stage: AnyStage
  private readonly scope: StateScope
  private readonly store: StateStore
  private readonly codec: Codec
  private readonly cache: StateCache
  private readonly partitions: PartitionCounts | null
  private meta: unknown
  private batch = emptyBatch()
  private readonly provide: ProvideFiles | null
  /** Whether what the meta relies on was provided. */
  private provided = false
  private readonly waking: Waking | null
  /** How far records got that a dependency stopped half-way. */
  private halfway: { records: readonly Decoded[]; done: number } | null = null

  /** `partitions`: of the stage's topics; null for a stage that keeps its input's partition. */
  constructor(
    stage: AnyStage,
    scope: StateScope,
    store: StateStore,
    codec: Codec,
    cachedStates: number,
    partitions: PartitionCounts | null = null,
    provide: ProvideFiles | null = null,
  ) {
    this.stage = stage
    this.scope = scope
    this.store = store
    this.codec = codec
    this.cache = new StateCache(cachedStates)
    this.partitions = partitions
    this.provide = provide
    this.meta = stage.meta.empty('')
    this.waking = stage.wakes ? new Waking(stage, stage.wakes, scope, store) : null
  }

  reset(meta: Uint8Array | null): void {
    this.cache.clear()
    this.batch = emptyBatch()
    this.provided = false
    this.halfway = null
    this.waking?.reset()
    this.meta = meta ? this.stage.meta.decode(meta, '') : this.stage.meta.empty('')
  }

  private async states(records: readonly Decoded[], fence: Fence): Promise<Held> {
    const held: Held = { keys: [], states: new Map() }
    for (const d of records) held.keys.push(this.stage.keyOf(d.record))
    await this.load(held.keys, held.states, fence)
    return held
  }

  private async load(keys: readonly (string | null)[], states: Map<string, unknown>, fence: Fence): Promise<void> {
    const missing: string[] = []
    for (const key of keys) {
      if (key === null || states.has(key)) continue
      // A state that this batch changed is not in the store yet, and the cache may have let go of it.
      const cached = this.batch.changed.get(key) ?? this.cache.get(key)
      states.set(key, cached)
      if (cached === undefined) missing.push(key)
    }
    if (missing.length === 0) return
    const bytes = await this.store.load(this.scope, missing, fence).catch((e: unknown) => {
      for (const key of missing) states.delete(key)
      throw e
    })
    missing.forEach((key, i) => {
      const state = bytes[i] ? this.stage.state.decode(bytes[i], key) : this.stage.state.empty(key)
      states.set(key, state)
      this.cache.set(key, state)
    })
  }

  async fold(records: readonly Decoded[], fence: Fence, alive?: () => Promise<void>): Promise<void> {
    await this.files(records)
    const held = await this.states(records, fence)
    if (this.waking) return this.foldWaking(this.waking, records, held, fence, alive)
    const { keys, states } = held
    const stateOf = (key: string | null) => (key === null ? null : states.get(key))
    const together = this.stage.together?.(
      records.map((d) => d.record),
      keys.map(stateOf),
      this.meta,
      alive,
    )
    const results = together ? await together : null
    records.forEach((d, i) => {
      const key = keys[i]!
      this.take(d, key, states, results?.[i] ?? this.stage.step(d.record, stateOf(key), this.meta))
    })
  }

  /** One record after the other: a tick wakes those who are due after all that stands before it. */
  private async foldWaking(
    waking: Waking,
    records: readonly Decoded[],
    { keys, states }: Held,
    fence: Fence,
    alive?: () => Promise<void>,
  ): Promise<void> {
    const at = this.halfway?.records === records ? this.halfway : { records, done: 0 }
    this.halfway = at
    for (; at.done < records.length; at.done++) {
      const d = records[at.done]!
      const key = keys[at.done]!
      const due = await waking.keysOf(d.record, this.meta, this.batch.changed, fence, alive)
      if (due.length > 0) await this.load(due, states, fence)
      const woken = due.map((key) => ({ key, state: states.get(key) }))
      const state = key === null ? null : states.get(key)
      this.take(d, key, states, this.stage.step(d.record, state, this.meta, woken))
      for (const w of woken) {
        this.batch.changed.set(w.key, w.state)
        waking.stepped(w.key, w.state, this.meta)
      }
      if (key !== null) waking.stepped(key, state, this.meta)
    }
    this.halfway = null
  }

  private take(d: Decoded, key: string | null, states: ReadonlyMap<string, unknown>, result: StepResult): void {
    const { batch } = this
    if (result.type === 'dead_letter') {
      const { topic, partition } = d.record.origin
      const { code, message } = result
      batch.deadLetters.push({ topic, partition, raw: d.raw, code, message, student: result.student ?? key })
      if (result.outputs) this.write(d, result.outputs)
      return
    }
    if (key !== null) batch.changed.set(key, states.get(key))
    if (result.type !== 'drop') this.write(d, result.outputs)
  }

  private async files(records: readonly Decoded[]): Promise<void> {
    const { stage, meta } = this
    if (!stage.files) return
    const wanted = this.provided ? [] : [...stage.files(null, meta)]
    for (const d of records) wanted.push(...stage.files(d.record, meta))
    const missing = wanted.filter((f) => !hasParameters(f))
    if (missing.length > 0) {
      if (this.provide === null)
        throw new Error(`Stage ${stage.name} needs trained models, but was started without an artefact store.`)
      await this.provide(missing)
    }
    this.provided = true
  }

  private write(from: Decoded, outputs: readonly StageOutput[]): void {
    for (const o of outputs) {
      const { topic, key } = o
      const value = this.codec.encode(o.subject, o.value)
      const { timestamp } = from.raw
      for (const partition of placesOf(o, from.record.origin.partition, this.partitions))
        this.batch.outputs.push({ topic, partition, key, value, timestamp })
    }
  }

  async finish(): Promise<BatchResult> {
    const { outputs, deadLetters, changed } = this.batch
    this.batch = emptyBatch()
    const changes: (readonly [string, Uint8Array])[] = []
    for (const [key, state] of changed) changes.push([key, this.stage.state.encode(state)])
    return { outputs, deadLetters, changes, meta: this.stage.meta.encode(this.meta) }
  }
}

function emptyBatch() {
  return { outputs: [] as LogAppend[], deadLetters: [] as DeadLetter[], changed: new Map<string, unknown>() }
}
