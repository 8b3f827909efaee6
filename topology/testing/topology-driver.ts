import type { FeatureRecord, TopicFeatures } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { MasteryScore, TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { partitionOf } from '../partition.ts'
import type { Codec } from '../ports/codec.ts'
import { type AnyStage, placesOf, type StageOutput, type StageRecord, type StepResult } from '../stage.ts'
import { scoringStage } from '../stages/scoring/stage.ts'
import type { RingLimits } from '../stages/windowing/apply.ts'
import { windowingStage } from '../stages/windowing/stage.ts'
import { type SubjectName, type TopicName, topicSpec } from '../topics.ts'
import { wokenBy } from './woken.ts'

/** One input record, before it has a place in a log. */
export type Input =
  | { subject: 'learning-event'; value: LearningEvent }
  | { subject: 'student-command'; value: StudentCommand }
  | { subject: 'marker'; value: Marker }
  | { subject: 'tick'; value: { at: number } }

/** What a stage made of one record: `outputs` as written, with their places. */
export interface Driven {
  stage: string
  record: StageRecord
  result: StepResult
}

export interface DriverOptions {
  /** Of learning.events. */
  partitions?: number
  /** Of what the stages compute; default: as many. */
  derived?: number
  /**
   * True where the stage's states go through their bytes after its `count`-th record (from 1): what a batch's commit
   * and a restart do. Default: never.
   */
  cut?(stage: string, count: number): boolean
  /** Carries every record between stages through bytes. Default: objects as they are. */
  codec?: Codec
}

interface Held {
  stage: AnyStage
  /** Per partition. */
  states: Map<string, unknown>[]
  metas: unknown[]
  /** Keys that have changed since the last cut, per partition. */
  changed: Set<string>[]
  count: number
}

export const RING: RingLimits = { min: 1024, max: 4096, days: 90 }

/** Both stages as the services run them. `ring` and `scoringRing` default to the shipped limits. */
export function bothStages(ring: RingLimits = RING, scoringRing: RingLimits = ring): AnyStage[] {
  return [
    windowingStage({ days: [7, 30, 90], ring, generation: 0 }),
    scoringStage({ ring: scoringRing, generation: 0 }),
  ]
}

/**
 * Stages chained in memory: records in, records out, time as ticks. Keeps offsets, partitions and states as the
 * runtime does, and does no I/O.
 */
export class TopologyDriver {
  /** Every step of every stage, in order. */
  readonly steps: Driven[] = []
  private readonly held: Held[]
  private readonly offsets = new Map<string, number>()
  private readonly partitions: number
  private readonly derived: number
  private readonly options: DriverOptions

  constructor(stages: readonly AnyStage[] = bothStages(), options: DriverOptions = {}) {
    this.options = options
    this.partitions = options.partitions ?? 1
    this.derived = options.derived ?? this.partitions
    this.held = stages.map((stage) => {
      const length = this.countOf(stage.inputs[0]!)
      return {
        stage,
        states: Array.from({ length }, () => new Map()),
        metas: Array.from({ length }, () => stage.meta.empty('')),
        changed: Array.from({ length }, () => new Set()),
        count: 0,
      }
    })
  }

  private countOf(topic: TopicName): number {
    return topicSpec(topic).derived ? this.derived : this.partitions
  }

  /** Appends to learning.events: markers and ticks to every partition, the rest to the student's. */
  send(...inputs: Input[]): this {
    for (const { subject, value } of inputs) {
      if (subject === 'marker' || subject === 'tick')
        for (let p = 0; p < this.partitions; p++) this.append('learning.events', p, subject, '', value)
      else this.append('learning.events', partitionOf(value.student, this.partitions), subject, value.student, value)
    }
    return this
  }

  events(...events: LearningEvent[]): this {
    return this.send(...events.map((value): Input => ({ subject: 'learning-event', value })))
  }

  tick(at: number): this {
    return this.send({ subject: 'tick', value: { at } })
  }

  /** Appends a record as it stands, also one that no writer of ours makes. */
  append(topic: TopicName, partition: number, subject: SubjectName, key: string, value: unknown): void {
    const place = `${topic}/${partition}`
    const offset = this.offsets.get(place) ?? 0
    this.offsets.set(place, offset + 1)
    const { codec } = this.options
    const record: StageRecord = {
      subject,
      key,
      origin: { topic, partition, offset },
      ...(codec ? codec.decode(codec.encode(subject, value)) : { value }),
    }
    for (const held of this.held) if (held.stage.inputs.includes(topic)) this.step(held, record)
  }

  private step(held: Held, record: StageRecord): void {
    const { stage } = held
    const { partition } = record.origin
    const key = stage.keyOf(record)
    const states = held.states[partition]!
    if (key !== null && !states.has(key)) states.set(key, stage.state.empty(key))
    const state = key === null ? null : states.get(key)
    if (key !== null) held.changed[partition]!.add(key)
    const woken = wokenBy(stage, record, states, held.metas[partition])
    for (const w of woken) held.changed[partition]!.add(w.key)
    const result = stage.step(record, state, held.metas[partition], woken)
    this.steps.push({ stage: stage.name, record, result })
    held.count++
    if (this.options.cut?.(stage.name, held.count)) this.reopen(held)
    for (const o of outputsOf(result)) {
      const counts = { input: this.countOf(record.origin.topic), output: this.countOf(o.topic) }
      for (const p of placesOf(o, partition, counts)) this.append(o.topic, p, o.subject, o.key, o.value)
    }
  }

  private reopen(held: Held): void {
    const { stage } = held
    for (let p = 0; p < held.metas.length; p++) {
      held.metas[p] = stage.meta.decode(copy(stage.meta.encode(held.metas[p])), '')
      const states = held.states[p]!
      for (const key of held.changed[p]!)
        states.set(key, stage.state.decode(copy(stage.state.encode(states.get(key))), key))
      held.changed[p]!.clear()
    }
  }

  /** What a stage wrote, in order. */
  outputs(topic: TopicName): StageOutput[] {
    const found: StageOutput[] = []
    for (const { result } of this.steps) for (const o of outputsOf(result)) if (o.topic === topic) found.push(o)
    return found
  }

  features(): FeatureRecord[] {
    return this.outputs('learning.features').flatMap((o) =>
      o.subject === 'feature-record' ? [o.value as FeatureRecord] : [],
    )
  }

  scores(): MasteryScore[] {
    return this.outputs('mastery.scores').flatMap((o) =>
      o.subject === 'mastery-score' ? [o.value as MasteryScore] : [],
    )
  }

  deadLetters(): { stage: string; code: string; message: string }[] {
    return this.steps.flatMap(({ stage, result }) => (result.type === 'dead_letter' ? [{ ...result, stage }] : []))
  }

  /** The newest feature row by `student/topic`: what gold's current table shows. */
  currentFeatures(): Map<string, TopicFeatures> {
    const rows = new Map<string, TopicFeatures>()
    for (const f of this.features()) for (const r of f.rows) rows.set(`${f.student}/${r.topic}`, r)
    return rows
  }

  /** The newest score row by `student/topic`; topics whose opportunities were all voided are left out. */
  currentScores(): Map<string, TopicScore> {
    const rows = new Map<string, TopicScore>()
    for (const s of this.scores()) for (const r of s.rows) rows.set(`${s.student}/${r.topic}`, r)
    for (const [key, row] of rows) if (row.opportunities === 0) rows.delete(key)
    return rows
  }

  state<S>(stage: string, key: string): S {
    const held = this.held.find((h) => h.stage.name === stage)!
    return held.states[partitionOf(key, this.countOf(held.stage.inputs[0]!))]!.get(key) as S
  }

  /** Bytes of a student's state. */
  bytes(stage: string, key: string): Uint8Array {
    return this.held.find((h) => h.stage.name === stage)!.stage.state.encode(this.state(stage, key))
  }
}

function outputsOf(result: StepResult): readonly StageOutput[] {
  return result.type === 'drop' ? [] : (result.outputs ?? [])
}

function copy(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes)
}
