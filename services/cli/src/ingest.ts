import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { RejectCode } from '@mastery/topology/rejects/codes.ts'
import { type ImportedRow, ROW_TYPE, writeRow } from '@mastery/topology/rejects/imported-row.ts'

const CHUNK = 4000

export interface RejectedRow {
  code: RejectCode
  message: string
  /** Named by the reject as where it came from. */
  origin: string
  row: ImportedRow
  /** Pseudonym, where the row says whose it is. */
  student: string | null
}

/** Appends events, rejects and virtual ticks to the log in large batches, in the order in which they are given. */
export class Ingest {
  events = 0
  rejects = 0
  ticks = 0
  /** Greatest occurred_at so far. */
  newest = 0
  private readonly to: Installation
  private readonly stage: string
  private waiting: LogAppend[] = []
  private readonly partitions: number
  private appending: Promise<void> = Promise.resolve()

  constructor(to: Installation, stage: string) {
    this.to = to
    this.stage = stage
    this.partitions = to.profile.partitions
  }

  event(e: LearningEvent): void {
    this.waiting.push({
      topic: 'learning.events',
      partition: partitionOf(e.student, this.partitions),
      key: e.student,
      value: this.to.codec.encode('learning-event', e),
      timestamp: e.observed_at,
    })
    this.events++
    if (e.occurred_at > this.newest) this.newest = e.occurred_at
  }

  /** Time, to every partition. */
  tick(at: number): void {
    const value = this.to.codec.encode('tick', { at })
    for (let partition = 0; partition < this.partitions; partition++)
      this.waiting.push({ topic: 'learning.events', partition, key: 'tick', value, timestamp: at })
    this.ticks++
  }

  /** The id comes from the row as it stood, so that another import of the file gives the same reject. */
  reject(tenant: string, r: RejectedRow): void {
    const { line, row } = r.row
    const id = hash128('reject', tenant, r.origin, String(line), Buffer.from(row).toString('latin1'))
    const sealed = this.to.sealer.seal(id, writeRow(r.row))
    this.waiting.push({
      topic: 'learning.rejects',
      partition: partitionOf(id, this.partitions),
      key: id,
      timestamp: this.newest,
      value: this.to.codec.encode('reject', {
        reject_id: id,
        stage: this.stage,
        code: r.code,
        message: r.message,
        tenant,
        origin_topic: r.origin,
        origin_partition: 0,
        origin_offset: line,
        content_type: ROW_TYPE,
        bytes: sealed.bytes,
        encryption: sealed.encryption,
        attempts: 1,
        service_version: this.to.version,
        observed_at: this.newest,
        student: r.student,
      }),
    })
    this.rejects++
  }

  /** True when enough waits that the caller should await `flush`. */
  get full(): boolean {
    return this.waiting.length >= CHUNK
  }

  /** Resolves once what was given before the previous flush is durable: one batch is in flight while the next fills. */
  async flush(): Promise<void> {
    const batch = this.waiting
    this.waiting = []
    await this.appending
    this.appending = batch.length > 0 ? this.to.log.append(batch) : Promise.resolve()
    this.appending.catch(() => {})
  }

  /** Resolves once everything is durable. */
  async finish(): Promise<void> {
    await this.flush()
    await this.appending
  }
}
