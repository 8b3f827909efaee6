import { AvroCodec } from '@mastery/infra/adapters/schema-registry/codec.ts'
import { schemaVersions, subjects } from '@mastery/schemas/src/subjects.ts'
import { type Codec, CodecError, type Read } from '@mastery/topology/ports/codec.ts'
import type { SubjectName } from '@mastery/topology/topics.ts'
import type { Process, Scheduler } from './scheduler.ts'

/** Schema ids that a process does not know from its start, by how far they lie above those that it knows. */
const LATER = 100
/** An id that the registry has never given out. */
export const NO_SCHEMA = 9_999

/** Reads and writes everything; also the records that another build wrote under an id of its own. */
export const CODEC: AvroCodec = (() => {
  const codec = new AvroCodec(async () => null)
  const names = subjects() as SubjectName[]
  names.forEach((subject, i) => {
    const versions = schemaVersions(subject)
    codec.useWriter(subject, i + 1, versions.at(-1)!.text, versions.at(-1)!.version)
    codec.addReader(subject, LATER + i + 1, versions.at(-1)!.text)
  })
  return codec
})()

/** The same record as a producer of another build writes it: under a schema id that readers have to ask for. */
export function underLaterId(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt32BE(copy.readUInt32BE(1) + LATER, 1)
  return copy
}

/** A codec that has to ask the registry, as one process sees it. */
export class CodecPort implements Codec {
  private readonly scheduler: Scheduler
  private readonly process: Process
  private readonly learned = new Set<number>()

  constructor(scheduler: Scheduler, process: Process) {
    this.scheduler = scheduler
    this.process = process
  }

  encode(subject: SubjectName, value: unknown): Buffer {
    return CODEC.encode(subject, value)
  }

  decode(bytes: Uint8Array): Read {
    if (bytes.length >= 5 && bytes[0] === 0) {
      const id = Buffer.from(bytes.buffer, bytes.byteOffset, 5).readUInt32BE(1)
      if (id > LATER && id < NO_SCHEMA && !this.learned.has(id))
        throw new CodecError('unknown_schema', `The registry has no schema with id ${id}.`, id)
    }
    return CODEC.decode(bytes)
  }

  learn(schemaId: number): Promise<boolean> {
    return this.scheduler.effect(this.process, {
      port: 'registry',
      kind: 'read',
      name: `learn ${schemaId}`,
      perform: () => {
        if (schemaId === NO_SCHEMA) return false
        this.learned.add(schemaId)
        return true
      },
    })
  }
}
