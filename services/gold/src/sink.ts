import type { PersonalTopic } from '@mastery/infra/provision/gold/personal.ts'
import type { BatchResult, Decoded, PartitionLogic } from '@mastery/infra/runtime/logic.ts'
import { RunningStage, type RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { DriftVerdict } from '@mastery/schemas/src/generated/drift-verdict.gen.ts'
import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import type { OpsSignal } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import type { Tick } from '@mastery/schemas/src/generated/tick.gen.ts'
import { sourceOf } from '@mastery/topology/partition.ts'
import type { Fence } from '@mastery/topology/ports/state-store.ts'
import { timeOf } from '@mastery/topology/stages/windowing/entry.ts'
import { plainTopic, type TopicName, topicsReadBy } from '@mastery/topology/topics.ts'
import { deliveryRows } from './delivery-rows.ts'
import { verdictRow } from './drift-rows.ts'
import type { Eraser, Passed } from './erasures.ts'
import { Floors } from './floors.ts'
import { metricRow, signalRows } from './ops-rows.ts'
import {
  alertRow,
  commandRow,
  eventRow,
  featureRows,
  generationRow,
  markerRow,
  type Put,
  type Row,
  rejectRow,
  rowVersion,
  scoreRows,
  tickRow,
} from './rows.ts'
import type { GoldWriter } from './writer.ts'

const NOTHING = new Uint8Array(0)
const NOBODY: ReadonlyMap<string, number> = new Map()

/**
 * How the sink erases; null: it keeps what everybody has erased. Only for tests of other things. `partition`: the
 * src_partition of the rows that it makes.
 */
export type Erasing = { eraser: Eraser; floors: Floors; generation: number; partition: number } | null

/** What came of an erase in a computed topic. */
type ErasedBy = Pick<
  MasteryScore,
  'student' | 'tenant' | 'event_id' | 'occurred_at' | 'origin_offset' | 'ordinal' | 'generation'
>

/** Rows of one batch reach gold before the batch's offset is committed. */
export class GoldLogic implements PartitionLogic {
  private readonly topic: TopicName
  private readonly writer: GoldWriter
  private readonly erasing: Erasing
  /** Of a current row only the batch's greatest version needs to travel: the table would keep no other. */
  private readonly latest = new Map<string, { table: string; version: number; row: () => Row }>()
  /** Of the students whom this batch's messages name, those who were erased, and up to when. */
  private erasedAmong: ReadonlyMap<string, number> = NOBODY
  /** Students with rejects in this batch. */
  private readonly rejected = new Set<string>()
  private readonly put: Put

  constructor(topic: TopicName, writer: GoldWriter, erasing: Erasing) {
    this.topic = topic
    this.writer = writer
    this.erasing = erasing
    this.put = Object.assign((table: string, row: Row) => writer.put(table, row), {
      latest: (table: string, key: string, version: number, row: () => Row) => {
        const there = this.latest.get(key)
        if (there === undefined || there.version <= version) this.latest.set(key, { table, version, row })
      },
    })
  }

  /** Identity in the sorting keys makes a repeat harmless; erased students are all that the sink remembers. */
  reset(meta: Uint8Array | null): void {
    this.latest.clear()
    this.rejected.clear()
    this.erasing?.floors.reset(meta)
  }

  async fold(records: readonly Decoded[], fence: Fence): Promise<void> {
    await this.erasing?.floors.load(fence)
    await this.lookForErased(records)
    for (const d of records) this.one(d)
  }

  /** Messages are decided by reader, and may have waited from before an erasure that stands in another partition. */
  private async lookForErased(records: readonly Decoded[]): Promise<void> {
    if (this.erasing === null) return
    const students = new Set<string>()
    for (const { record } of records)
      if (record.subject === 'delivery')
        for (const { student } of (record.value as Delivery).items) if (student !== null) students.add(student)
    this.erasedAmong = students.size === 0 ? NOBODY : await this.erasing.eraser.erasedAmong([...students])
  }

  private one(d: Decoded): void {
    const { put } = this
    const { record, raw } = d
    const place = record.origin
    if (record.subject === 'learning-event') this.event(d, record.value as LearningEvent)
    else if (record.subject === 'feature-record') this.features(record.value as FeatureRecord)
    else if (record.subject === 'mastery-score') this.score(record.value as MasteryScore)
    else if (record.subject === 'alert') this.alert(record.value as Alert)
    else if (record.subject === 'delivery') deliveryRows(record.value as Delivery, put, this.erasedAmong)
    else if (record.subject === 'drift-verdict') verdictRow(record.value as DriftVerdict, put)
    else if (record.subject === 'ops-metric') metricRow(record.value as OpsMetric, place, put)
    else if (record.subject === 'ops-signal') signalRows(record.value as OpsSignal, place, put)
    else if (record.subject === 'reject') {
      const { student } = record.value as Reject
      if (student !== null) this.rejected.add(student)
      rejectRow(record.value as Reject, place, put)
    } else if (record.subject === 'marker' && this.topic === 'learning.events')
      markerRow(record.value as Marker, place, raw, put)
    else if (record.subject === 'marker' && this.topic === 'mastery.control') generationRow(record.value as Marker, put)
    else if (record.subject === 'tick' && this.topic === 'learning.events')
      tickRow(record.value as Tick, place, raw, put)
    else if (record.subject === 'student-command' && this.topic === 'learning.events')
      this.command(d, record.value as StudentCommand)
  }

  private event(d: Decoded, e: LearningEvent): void {
    const { origin } = d.record
    if (!this.erasing?.floors.keepsOut(e.student, origin.offset, timeOf(e)))
      eventRow(e, origin, d.raw.timestamp, this.put)
  }

  private command(d: Decoded, c: StudentCommand): void {
    const { origin, key } = d.record
    const floors = this.erasing?.floors
    const lasting = c.kind === 'erase' || c.kind === 'readmit'
    // Under another key it stands in another student's partition, and the stages refuse it.
    if (lasting && c.student === key) floors?.command(c, origin.offset)
    if (!lasting && floors && (floors.shuts(c.student) || floors.keepsOut(c.student, origin.offset))) return
    commandRow(c, origin, d.raw.timestamp, this.put)
  }

  private features(f: FeatureRecord): void {
    const floors = this.erasing?.floors
    if (floors?.keepsOut(f.student, f.origin_offset)) return
    if (floors && f.ops.some((o) => o.op === 'reset')) this.passed(f)
    featureRows(f, this.put)
  }

  private score(s: MasteryScore): void {
    const floors = this.erasing?.floors
    if (floors?.keepsOut(s.student, s.origin_offset)) return
    if (floors && s.cause === 'erased' && s.rows.length === 0) this.passed(s)
    scoreRows(s, this.put)
  }

  private alert(a: Alert): void {
    const { student, tenant, alert_id: event_id, occurred_at, origin_offset, ordinal, generation } = a
    const floors = this.erasing?.floors
    if (student !== null && floors?.keepsOut(student, origin_offset)) return
    // It stands here under the id of what erased the student.
    if (student !== null && floors && a.cause === 'erased')
      this.passed({ student, tenant, event_id, occurred_at, origin_offset, ordinal, generation })
    alertRow(a, this.put)
  }

  private passed(r: ErasedBy): void {
    const { student, tenant, event_id: id, occurred_at: at } = r
    this.erasing!.floors.passed({ student, tenant, id, at }, r.origin_offset)
    const whose = `${r.generation}/${tenant}/${student}/`
    // A replaced owner may send the erase again behind what came after it: rows that are newer than the erase stay.
    const erase = rowVersion(r.origin_offset, r.ordinal)
    for (const [key, { version }] of this.latest) if (version < erase && key.startsWith(whose)) this.latest.delete(key)
  }

  async finish(): Promise<BatchResult> {
    for (const { table, row } of this.latest.values()) this.writer.put(table, row())
    this.latest.clear()
    const { erased, readmitted } = this.erasing?.floors.take() ?? { erased: [], readmitted: [] }
    await (erased.length > 0 ? this.writer.now() : this.writer.done())
    if (this.erasing) await this.erase(this.erasing, erased, readmitted)
    return { outputs: [], deadLetters: [], changes: this.erasing?.floors.changes() ?? [], meta: NOTHING }
  }

  /** The rows of this batch are stored. */
  private async erase(to: NonNullable<Erasing>, erased: Passed[], readmitted: Passed[]): Promise<void> {
    const { eraser, partition, generation } = to
    const topic = plainTopic(this.topic) as PersonalTopic
    if (erased.length > 0) await eraser.pass(topic, partition, generation, erased)
    if (readmitted.length > 0) await eraser.readmitted(partition, readmitted)
    const rejected = [...this.rejected]
    this.rejected.clear()
    if (rejected.length > 0) await eraser.sweepRejects(rejected)
  }
}

/**
 * A row has the place of the record that its cause was made from: a feature row that of the event, a score that of the
 * feature record. `sources`: partitions of learning.events.
 */
export function rowsPartition(topic: TopicName, partition: number, sources: number): number {
  return topic === 'learning.features' ? sourceOf(partition, sources) : partition
}

export function startGold(
  parts: RuntimeParts,
  writer: GoldWriter,
  options: {
    generation: number
    /** Partitions of learning.events. */
    sources: number
    batch: { maxRecords: number; maxDelayMs: number }
    eraser: Eraser | null
    onFailure(e: Error): void
  },
): RunningStage {
  const { generation, sources, eraser } = options
  return new RunningStage(parts, {
    name: 'gold',
    sink: true,
    topics: topicsReadBy('gold', generation),
    ...options,
    logic: (topic, partition) => {
      const scope = { stage: 'gold', generation, topic, partition }
      const placed = rowsPartition(plainTopic(topic), partition, sources)
      const erasing = eraser
        ? { eraser, floors: new Floors(scope, parts.state, eraser), generation, partition: placed }
        : null
      return new GoldLogic(topic, writer, erasing)
    },
  })
}
