import { createHmac } from 'node:crypto'
import { sourceOf } from '@mastery/topology/partition.ts'
import { type Codec, CodecError } from '@mastery/topology/ports/codec.ts'
import type { LogAppend, LogRecord } from '@mastery/topology/ports/event-log.ts'
import type { Fence } from '@mastery/topology/ports/state-store.ts'
import type { RejectCode } from '@mastery/topology/rejects/codes.ts'
import { isPseudonym } from '@mastery/topology/rejects/pseudonym.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { type TopicName, topicSpec } from '@mastery/topology/topics.ts'

/** One partition's work, between decoding and producing. Two exist: folding a stage, and writing to a sink. */
export interface PartitionLogic {
  /** Starts over from what the claim found; everything remembered is void. */
  reset(meta: Uint8Array | null): void
  /**
   * Folds the batch's next records, in order. After a TransientError the same records, in the same array, are to be given
   * again: nothing of them has changed anything, or what has is not done twice. States are loaded under the fence, so that outputs never come from another's.
   * `alive` is to be called now and then by work that takes long.
   */
  fold(records: readonly Decoded[], fence: Fence, alive?: () => Promise<void>): Promise<void>
  /** What the batch made: outputs in order, and the state after its last record. */
  finish(): Promise<BatchResult>
}

export interface Decoded {
  record: StageRecord
  raw: LogRecord
}

export interface BatchResult {
  outputs: LogAppend[]
  deadLetters: DeadLetter[]
  changes: (readonly [key: string, bytes: Uint8Array])[]
  meta: Uint8Array
}

/** A record that its reader cannot process: kept with its bytes, its origin and the reason. */
export interface DeadLetter {
  topic: TopicName
  partition: number
  raw: LogRecord
  code: RejectCode
  message: string
  /** Whose record it seems to be: only a pseudonym is passed on. Null where that is not known. */
  student: string | null
}

/** Encrypts the bytes of rejects. The same bytes give the same ciphertext, so that a restart emits equal records. */
export interface Sealer {
  seal(id: string, bytes: Uint8Array): { bytes: Buffer; encryption: string | null }
}

export const PLAIN: Sealer = { seal: (_id, bytes) => ({ bytes: Buffer.from(bytes), encryption: null }) }

/** Identity of a dead letter: where it stood and who refused it. */
export function deadLetterId(stage: string, topic: string, partition: number, offset: number): string {
  return createHmac('sha256', 'dead-letter')
    .update(`${stage}\u0000${topic}\u0000${partition}\u0000${offset}`)
    .digest('hex')
    .slice(0, 32)
}

/** `rejects`: partitions of the topic of dead letters; a computed topic may have more. */
export function deadLetterRecord(
  d: DeadLetter,
  rejects: number,
  stage: string,
  version: string,
  codec: Codec,
  sealer: Sealer,
): LogAppend {
  const id = deadLetterId(stage, d.topic, d.partition, d.raw.offset)
  const sealed = sealer.seal(id, d.raw.value)
  return {
    topic: 'learning.rejects',
    partition: sourceOf(d.partition, rejects),
    key: id,
    timestamp: d.raw.timestamp,
    value: codec.encode('reject', {
      reject_id: id,
      stage,
      code: d.code,
      message: d.message,
      tenant: null,
      origin_topic: d.topic,
      origin_partition: d.partition,
      origin_offset: d.raw.offset,
      content_type: topicSpec(d.topic).subjects.length === 0 ? 'application/json' : 'application/vnd.confluent.avro',
      bytes: sealed.bytes,
      encryption: sealed.encryption,
      attempts: 1,
      service_version: version,
      observed_at: Math.max(0, Math.round(d.raw.timestamp)),
      student: d.student !== null && isPseudonym(d.student) ? d.student : null,
    }),
  }
}

/** Decodes what can be decoded; the rest becomes dead letters. Asks the registry once per unknown schema id. */
export async function decodeAll(
  codec: Codec,
  topic: TopicName,
  partition: number,
  records: readonly LogRecord[],
  raw: boolean,
): Promise<{ decoded: Decoded[]; dead: DeadLetter[] }> {
  const decoded: Decoded[] = []
  const dead: DeadLetter[] = []
  const asked = new Set<number>()
  for (const r of records) {
    const origin = { topic, partition, offset: r.offset }
    if (raw) {
      decoded.push({
        raw: r,
        record: { subject: 'reject', value: r.value, key: r.key, origin, timestamp: r.timestamp },
      })
      continue
    }
    let read = decodeOne(codec, r)
    if (
      read instanceof CodecError &&
      read.code === 'unknown_schema' &&
      read.schemaId !== null &&
      !asked.has(read.schemaId)
    ) {
      asked.add(read.schemaId)
      if (await codec.learn(read.schemaId)) read = decodeOne(codec, r)
    }
    if (read instanceof CodecError)
      dead.push({ topic, partition, raw: r, code: read.code, message: read.message, student: r.key })
    else decoded.push({ raw: r, record: { ...read, key: r.key, origin } })
  }
  return { decoded, dead }
}

function decodeOne(codec: Codec, r: LogRecord): ReturnType<Codec['decode']> | CodecError {
  try {
    return codec.decode(r.value)
  } catch (e) {
    if (e instanceof CodecError) return e
    throw e
  }
}
