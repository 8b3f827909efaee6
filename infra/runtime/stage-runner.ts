import { hostname } from 'node:os'
import type { PartitionCounts } from '@mastery/topology/partition.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog, FetchInfo, LogConsumer } from '@mastery/topology/ports/event-log.ts'
import type { StateStore } from '@mastery/topology/ports/state-store.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { ServerSource } from '@mastery/topology/served/servers.ts'
import type { AnyStage } from '@mastery/topology/stage.ts'
import { type TopicName, topicSpec } from '@mastery/topology/topics.ts'
import type { ProvideFiles } from './artefacts.ts'
import { FoldLogic } from './fold-logic.ts'
import type { History } from './history.ts'
import type { PartitionLogic, Sealer } from './logic.ts'
import type { Meter, Meters, Standing } from './ops/meters.ts'
import { PartitionRunner } from './partition-runner.ts'

export interface RuntimeParts {
  log: EventLog
  state: StateStore
  codec: Codec
  sealer: Sealer
  telemetry: Telemetry
  version: string
  /** Reads trained models that stages need; without it such a stage stops. */
  provide?: ProvideFiles
  /** Trained models; without it a stage stops where one is in force. */
  servers?: ServerSource
  /** How a retry waits; default: a timer of the process. A simulation gives one that runs on virtual time. */
  sleep?(ms: number): Promise<void>
  /** Milliseconds, rising; a simulation, whose batches must not depend on it, gives none. */
  clock?(): number
  /** Of what this process does; without them nothing is measured. */
  meters?: Meters
}

export interface StageOptions {
  name: string
  topics: readonly TopicName[]
  generation: number
  batch: { maxRecords: number; maxDelayMs: number }
  logic(topic: TopicName, partition: number): PartitionLogic
  trace?(step: string): void
  /** Records that the log no longer has. */
  history?: History
  /** All that it keeps is in a store of its own, and was there before its offset was committed. */
  sink?: boolean
  /** It begins where the log begins, if it was never here before and the log no longer has its beginning. */
  joinsLate?: boolean
  /** Records a second that a partition may take; null: as fast as it goes. */
  rate?: number | null
  /** The stage can't go on. */
  onFailure(error: Error): void
}

/** A running consumer of some topics: one runner per assigned partition. */
export class RunningStage {
  readonly name: string
  readonly runners = new Map<string, PartitionRunner>()
  private readonly consumer: LogConsumer
  private readonly options: StageOptions
  private readonly parts: RuntimeParts
  private readonly owner = `${hostname()}:${process.pid}:${performance.timeOrigin}`
  private stopping = false
  private meter: Meter | null = null

  constructor(parts: RuntimeParts, options: StageOptions) {
    this.name = options.name
    this.parts = parts
    this.options = options
    this.consumer = parts.log.consumer({
      group: `mastery.${options.name}.g${options.generation}`,
      topics: options.topics,
      ...options.batch,
      // Batches of a quarter of a second, so that others come in between.
      maxRecords: Math.min(options.batch.maxRecords, options.rate ? Math.ceil(options.rate / 4) : Infinity),
    })
  }

  async start(): Promise<void> {
    const { name, generation } = this.options
    this.meter = this.parts.meters?.part(name, generation, () => this.standing()) ?? null
    await this.consumer.start({
      assigned: (topic, partition) => this.runner(topic, partition).claim(this.owner),
      batch: async (topic, partition, records, fetch) => {
        const began = performance.now()
        await this.runner(topic, partition).batch(records, fetch)
        await this.rest(records.length, performance.now() - began, fetch)
      },
      failed: (error) => {
        if (!this.stopping) this.options.onFailure(error)
      },
    })
  }

  /** Waits until a batch has taken as long as the rate allows, alive for the group. */
  private async rest(records: number, tookMs: number, fetch: FetchInfo): Promise<void> {
    const { rate } = this.options
    if (!rate) return
    for (let left = (records / rate) * 1000 - tookMs; left > 0 && !this.stopping; left -= 1000) {
      await new Promise((r) => setTimeout(r, Math.min(left, 1000)))
      await fetch.heartbeat()
    }
  }

  private runner(topic: TopicName, partition: number): PartitionRunner {
    const id = `${topic}/${partition}`
    let r = this.runners.get(id)
    if (!r) {
      const { name, generation, trace, history, sink, joinsLate } = this.options
      r = new PartitionRunner({ stage: name, generation, topic, partition }, this.options.logic(topic, partition), {
        ...this.parts,
        stage: name,
        raw: topicSpec(topic).subjects.length === 0,
        report: (next) => this.consumer.report(topic, partition, next),
        reported: () => this.consumer.reported(topic, partition),
        stopping: () => this.stopping,
        ...(trace ? { trace } : {}),
        ...(history ? { history } : {}),
        ...(sink ? { sink } : {}),
        ...(joinsLate ? { joinsLate } : {}),
        ...(this.meter ? { meter: this.meter } : {}),
      })
      this.runners.set(id, r)
    }
    return r
  }

  /** Partitions that stand still, with the reason. */
  problems(): string[] {
    return [...this.runners.values()].flatMap((r) => (r.stopped === null ? [] : [r.stopped]))
  }

  /** Partitions that fold records again because the state store lost what they had made, with the reason. */
  rebuilding(): string[] {
    return [...this.runners.values()].flatMap((r) => (r.rebuilding === null ? [] : [r.rebuilding]))
  }

  /** Records that are in the log and not yet in the state. */
  async lag(): Promise<number> {
    let lag = 0
    for (const topic of this.options.topics) {
      const n = await this.parts.log.partitions(topic)
      for (let p = 0; p < n; p++) {
        const { end } = await this.parts.log.bounds(topic, p)
        const runner = this.runners.get(`${topic}/${p}`)
        if (runner?.stopped == null) lag += end - (runner?.nextOffset ?? 0)
      }
    }
    return lag
  }

  /** Of the partitions that this process has now; others have theirs. */
  private async standing(): Promise<Standing> {
    const mine = [...this.runners.values()].filter(
      ({ isClaimed, scope }) => isClaimed && (this.consumer.owns?.(scope.topic, scope.partition) ?? true),
    )
    const ends = new Map<TopicName, readonly number[]>()
    for (const topic of new Set(mine.map((r) => r.scope.topic))) ends.set(topic, await endsOf(this.parts.log, topic))
    let lag = 0
    for (const { scope, nextOffset } of mine) lag += Math.max(0, ends.get(scope.topic)![scope.partition]! - nextOffset)
    const still = mine.filter((r) => r.stopped !== null)
    return {
      lag,
      partitions: mine.length,
      stopped: still.length,
      rebuilding: mine.filter((r) => r.rebuilding !== null).length,
      problem: still[0]?.stopped ?? null,
    }
  }

  /** Stops fetching, finishes and commits what is in flight, leaves the group. */
  async stop(): Promise<void> {
    this.stopping = true
    await this.consumer.stop()
    if (this.meter) this.meter.ended = true
  }
}

async function endsOf(log: EventLog, topic: TopicName): Promise<readonly number[]> {
  if (log.ends) return log.ends(topic)
  const n = await log.partitions(topic)
  return Promise.all(Array.from({ length: n }, async (_, p) => (await log.bounds(topic, p)).end))
}

export function foldStage(
  parts: RuntimeParts,
  stage: AnyStage,
  options: {
    generation: number
    batch: StageOptions['batch']
    cachedStates: number
    /** Needed by a stage that writes by key, or to more partitions than it reads. */
    partitions?: PartitionCounts
    onFailure(e: Error): void
    trace?(s: string): void
    history?: History
    joinsLate?: boolean
    rate?: number | null
  },
): RunningStage {
  const { generation, batch, onFailure, trace, history, joinsLate, rate = null } = options
  return new RunningStage(parts, {
    name: stage.name,
    topics: stage.inputs,
    generation,
    batch,
    onFailure,
    rate,
    ...(trace ? { trace } : {}),
    ...(history ? { history } : {}),
    ...(joinsLate ? { joinsLate } : {}),
    logic: (topic, partition) =>
      new FoldLogic(
        stage,
        { stage: stage.name, generation, topic, partition },
        parts.state,
        parts.codec,
        options.cachedStates,
        options.partitions ?? null,
        parts.provide ?? null,
      ),
  })
}
