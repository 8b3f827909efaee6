import { createHash } from 'node:crypto'
import type { Tenant } from '@mastery/infra/config/secrets.ts'
import type { Sealer } from '@mastery/infra/runtime/logic.ts'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { type Codec, CodecError } from '@mastery/topology/ports/codec.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { RejectCode } from '@mastery/topology/rejects/codes.ts'
import type { IntakeContext, IntakeOutcome } from '@mastery/topology/stages/intake/outcome.ts'
import type { SubjectName, TopicName } from '@mastery/topology/topics.ts'
import type { Format } from './format.ts'
import { Receipt } from './receipt.ts'

/** Encoded bytes after which a request's records go to the log, so that a long one never waits as a whole. */
const FLUSH_BYTES = 1024 * 1024
/** What a record costs beside its value. */
const OVERHEAD = 64

export interface SubmissionParts {
  codec: Codec
  sealer: Sealer
  /** Resolves once the log holds the records. */
  append(records: readonly LogAppend[], bytes: number): Promise<void>
  partitions: number
  version: string
  /** Bytes of a body or record that a reject keeps. */
  recordBytes: number
}

/** Bytes that could not be read. `total` is their length where only a part was kept. */
export interface Unread {
  bytes: Buffer
  total: number
  contentType: string
}

/** Why bytes are refused. `student` is a pseudonym, where it is known whose they are. */
export interface Refusal {
  code: RejectCode
  message: string
  id?: string | null
  student?: string | null
}

function studentOf(outcome: IntakeOutcome): string | null {
  return outcome.type === 'event' ? outcome.event.student : outcome.type === 'command' ? outcome.command.student : null
}

/** The records of one request on their way to the log. */
export class Submission {
  readonly receipt = new Receipt()
  private readonly parts: SubmissionParts
  private readonly format: Format
  private readonly context: IntakeContext
  private pending: LogAppend[] = []
  private pendingBytes = 0

  constructor(
    parts: SubmissionParts,
    format: Format,
    tenant: Tenant,
    pseudonym: (studentId: string) => string,
    receivedAt: number,
  ) {
    this.parts = parts
    this.format = format
    this.context = { tenant: tenant.id, pseudonym, receivedAt }
  }

  /** One record: an event, a command, or a reject that keeps what `raw` gives. */
  record(json: unknown, raw: () => Unread): void {
    const outcome = this.format.read(json, this.context)
    try {
      this.take(outcome, raw)
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      const message = 'A field does not fit the schema of events: check ranges and types.'
      this.reject(raw(), { code: 'not_encodable', message, id: null, student: studentOf(outcome) })
    }
  }

  private take(outcome: IntakeOutcome, raw: () => Unread): void {
    switch (outcome.type) {
      case 'event':
        this.append('learning.events', 'learning-event', outcome.event.student, outcome.event)
        this.receipt.take(outcome.id, outcome.unread)
        break
      case 'command':
        this.append('learning.events', 'student-command', outcome.command.student, outcome.command)
        this.receipt.take(outcome.id, outcome.unread)
        break
      case 'ignored':
        this.receipt.ignore(outcome.id, outcome.reason)
        break
      case 'reject':
        this.reject(raw(), outcome)
    }
  }

  /** Keeps what could not be read, and gives its reject id. */
  reject(unread: Unread, why: Refusal): string {
    const { code, message: problem, id = null, student = null } = why
    const kept = unread.bytes.subarray(0, this.parts.recordBytes)
    const digest = createHash('sha256').update(kept).digest('hex')
    const rejectId = hash128('collector', this.context.tenant, String(unread.total), digest)
    const sealed = this.parts.sealer.seal(rejectId, kept)
    const message =
      kept.length < unread.total
        ? `${problem} Only the first ${kept.length} of its ${unread.total} bytes are kept; send it again when it is mended.`
        : problem
    const value: Reject = {
      reject_id: rejectId,
      stage: 'collector',
      code,
      message,
      tenant: this.context.tenant,
      origin_topic: this.format.route,
      origin_partition: 0,
      origin_offset: this.receipt.records,
      content_type: kept.length < unread.total ? `${unread.contentType}; partial` : unread.contentType,
      bytes: sealed.bytes,
      encryption: sealed.encryption,
      attempts: 1,
      service_version: this.parts.version,
      observed_at: this.context.receivedAt,
      student,
    }
    this.append('learning.rejects', 'reject', rejectId, value)
    this.receipt.reject(id, { code, message, reject_id: rejectId })
    return rejectId
  }

  private append(topic: TopicName, subject: SubjectName, key: string, value: unknown): void {
    const bytes = this.parts.codec.encode(subject, value)
    const partition = partitionOf(key, this.parts.partitions)
    this.pending.push({ topic, partition, key, value: bytes, timestamp: this.context.receivedAt })
    this.pendingBytes += bytes.length + key.length + OVERHEAD
  }

  get full(): boolean {
    return this.pendingBytes >= FLUSH_BYTES
  }

  /** Resolves once the log holds everything so far. */
  async flush(): Promise<void> {
    const { pending, pendingBytes } = this
    this.pending = []
    this.pendingBytes = 0
    await this.parts.append(pending, pendingBytes)
  }
}
