import { type Codec, CodecError, type Read } from '@mastery/topology/ports/codec.ts'
import type { SubjectName } from '@mastery/topology/topics.ts'
import type avro from 'avsc'
import { avroType } from './avro-type.ts'

type AvroType = avro.Type

interface Reader {
  subject: SubjectName
  /** The type that comes out: the newest version, or the writer's where this build has none. */
  type: AvroType
  /** From the writer's version to `type`; null where they are the same. avsc takes it on the reading type only. */
  resolver: unknown
  /** 0: not one of this build's. */
  version: number
}

const HEADER = 5
const SLAB = 256 * 1024

/**
 * Bytes to records with avsc types that are built once per schema id. The registry client's own deserializer builds
 * its resolver again for every record and is an order of magnitude slower; `npm run bench` shows both.
 */
export class AvroCodec implements Codec {
  private readonly writers = new Map<SubjectName, { id: number; type: AvroType }>()
  private readonly readers = new Map<number, Reader>()
  /** Why a version that the registry knows can't be read. */
  private readonly unreadable = new Map<number, string>()
  private readonly fetchById: (id: number) => Promise<{ subject: SubjectName; text: string } | null>
  private slab = Buffer.allocUnsafeSlow(SLAB)
  private used = 0

  constructor(fetchById: (id: number) => Promise<{ subject: SubjectName; text: string } | null>) {
    this.fetchById = fetchById
  }

  /** Makes `text`, known to the registry as `id`, the version that `encode` writes for the subject. */
  useWriter(subject: SubjectName, id: number, text: string, version = 0): void {
    const type = avroType(text)
    this.writers.set(subject, { id, type })
    this.readers.set(id, { subject, type, resolver: null, version })
  }

  /** Lets `decode` read an older or newer version. Throws where the newest version can't read it. */
  addReader(subject: SubjectName, id: number, text: string, version = 0): void {
    if (this.readers.has(id)) return
    const writer = avroType(text)
    const newest = this.writers.get(subject)?.type
    this.readers.set(id, {
      subject,
      type: newest ?? writer,
      resolver: newest?.createResolver(writer) ?? null,
      version,
    })
  }

  encode(subject: SubjectName, value: unknown): Buffer {
    const w = this.writers.get(subject)
    if (!w) throw new CodecError('unknown_schema', `Subject ${subject} was not registered.`)
    if (this.used > SLAB - 4096) this.renew()
    let end = this.write(w, value, this.slab, this.used)
    if (end < 0) {
      this.renew()
      end = this.write(w, value, this.slab, 0)
      if (end < 0) {
        const big = Buffer.allocUnsafeSlow(SLAB - end)
        end = this.write(w, value, big, 0)
        return big.subarray(0, end)
      }
    }
    const out = this.slab.subarray(this.used, end)
    this.used = end
    return out
  }

  private renew(): void {
    this.slab = Buffer.allocUnsafeSlow(SLAB)
    this.used = 0
  }

  /** One beyond the last byte, or minus the number of bytes by which the buffer is too short. */
  private write(w: { id: number; type: AvroType }, value: unknown, buf: Buffer, at: number): number {
    buf[at] = 0
    buf.writeUInt32BE(w.id, at + 1)
    try {
      return w.type.encode(value, buf, at + HEADER)
    } catch (e) {
      const bad: string[] = []
      w.type.isValid(value, {
        errorHook: (path, v, t) => bad.push(`${path.join('.')} is ${shown(v)}, not ${t.toString()}`),
      })
      throw new CodecError('invalid_value', bad.length > 0 ? bad.slice(0, 3).join('; ') : (e as Error).message, w.id)
    }
  }

  decode(bytes: Uint8Array): Read {
    const buf = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (buf.length < HEADER || buf[0] !== 0)
      throw new CodecError(
        'bad_magic',
        `The record does not begin with a zero byte and a schema id (${buf.length} bytes): it is not in Confluent wire format.`,
      )
    const id = buf.readUInt32BE(1)
    const r = this.readers.get(id)
    if (!r)
      throw new CodecError('unknown_schema', this.unreadable.get(id) ?? `The registry has no schema with id ${id}.`, id)
    let end: number
    let value: unknown
    try {
      const d = r.type.decode(buf, HEADER, r.resolver as undefined)
      value = d.value
      end = d.offset
    } catch (e) {
      throw new CodecError(
        'invalid_value',
        `The bytes are no ${r.subject} of schema ${id}: ${(e as Error).message}.`,
        id,
      )
    }
    if (end < 0) throw new CodecError('truncated', `The record of schema ${id} ends too early.`, id)
    if (end !== buf.length)
      throw new CodecError('trailing_bytes', `The record of schema ${id} has ${buf.length - end} bytes too many.`, id)
    return { subject: r.subject, value, version: r.version }
  }

  async learn(schemaId: number): Promise<boolean> {
    const found = await this.fetchById(schemaId)
    if (!found) return false
    try {
      this.addReader(found.subject, schemaId, found.text)
    } catch (e) {
      const why = `Schema ${schemaId} is a version of ${found.subject} that this build can't read: ${(e as Error).message}. Replay the record after an upgrade.`
      this.unreadable.set(schemaId, why)
      return false
    }
    return true
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value)
}
