import { hasParameters } from '@mastery/topology/models/parameters.ts'
import type { PartitionCounts } from '@mastery/topology/partition.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { Fence, StateScope, StateStore } from '@mastery/topology/ports/state-store.ts'
import { type AnyStage, placesOf, type StageOutput, type StepResult } from '@mastery/topology/stage.ts'
import type { ProvideFiles } from './artefacts.ts'
import type { BatchResult, DeadLetter, Decoded, PartitionLogic } from './logic.ts'

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
  }

  reset(meta: Uint8Array | null): void {
    this.cache.clear()
    this.batch = emptyBatch()
    this.provided = false
    this.meta = meta ? this.stage.meta.decode(meta, '') : this.stage.meta.empty('')
  }

  /** Puts the keys' states into `states`, loaded where they are not at hand: each state is one object. */
  private async states(
    keys: readonly (string | null)[],
    fence: Fence,
    states = new Map<string, unknown>(),
  ): Promise<Map<string, unknown>> {
    const missing: string[] = []
    for (const key of keys) {
      if (key === null || states.has(key)) continue
      // A state that this batch changed is not in the store yet, and the cache may have let go of it.
      const cached = this.batch.changed.get(key) ?? this.cache.get(key)
      states.set(key, cached)
      if (cached === undefined) missing.push(key)
    }
    if (missing.length > 0) {
      const bytes = await this.store.load(this.scope, missing, fence)
      missing.forEach((key, i) => {
        const state = bytes[i] ? this.stage.state.decode(bytes[i], key) : this.stage.state.empty(key)
        states.set(key, state)
        this.cache.set(key, state)
      })
    }
    return states
  }

  async fold(records: readonly Decoded[], fence: Fence, alive?: () => Promise<void>): Promise<void> {
    await this.files(records)
    const { stage, batch } = this
    const keys = records.map((d) => stage.keyOf(d.record))
    const states = await this.states(keys, fence)
    if (stage.wakes) return this.waking(records, keys, states, fence)
    const stateOf = (key: string | null) => (key === null ? null : states.get(key))
    const together = stage.together?.(
      records.map((d) => d.record),
      keys.map(stateOf),
      this.meta,
      alive,
    )
    const results = together ? await together : null
    records.forEach((d, i) => {
      const key = keys[i]!
      const result = results?.[i] ?? stage.step(d.record, stateOf(key), this.meta)
      if (this.took(d, key, result) && key !== null) batch.changed.set(key, states.get(key))
    })
  }

  /** One record at a time: which keys a record wakes depends on what those before it left in the meta. */
  private async waking(
    records: readonly Decoded[],
    keys: readonly (string | null)[],
    states: Map<string, unknown>,
    fence: Fence,
  ): Promise<void> {
    const { stage, batch } = this
    for (const [i, d] of records.entries()) {
      // Given again after the store did not answer in the middle of them.
      if (d.record.origin.offset <= batch.folded) continue
      const key = keys[i]!
      const awake = key === null ? stage.wakes!(d.record, this.meta) : []
      if (awake.length > 0) await this.states(awake, fence, states)
      const woken = awake.length > 0 ? new Map(awake.map((k) => [k, states.get(k)])) : undefined
      const result = stage.step(d.record, key === null ? null : states.get(key), this.meta, woken)
      if (this.took(d, key, result)) {
        if (key !== null) batch.changed.set(key, states.get(key))
        for (const [k, state] of woken ?? []) batch.changed.set(k, state)
      }
      batch.folded = d.record.origin.offset
    }
  }

  /** Keeps what a step gave. False where it left the states as they were. */
  private took(d: Decoded, key: string | null, result: StepResult): boolean {
    const { batch } = this
    if (result.type === 'dead_letter') {
      const { topic, partition } = d.record.origin
      const { code, message } = result
      batch.deadLetters.push({ topic, partition, raw: d.raw, code, message, student: result.student ?? key })
      if (result.outputs) this.write(d, result.outputs)
      return false
    }
    if (result.type !== 'drop') this.write(d, result.outputs)
    return true
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
  return {
    outputs: [] as LogAppend[],
    deadLetters: [] as DeadLetter[],
    changed: new Map<string, unknown>(),
    /** Offset of the last record that a waking stage has folded. */
    folded: -1,
  }
}
