import type { SubjectName } from '../topics.ts'

export interface Read {
  subject: SubjectName
  value: unknown
  version: number
}

/** Confluent wire format: a zero byte, a four-byte big-endian schema id, the Avro bytes. */
export interface Codec {
  /** Throws CodecError `invalid_value` naming the field, where the value does not fit the subject's schema. */
  encode(subject: SubjectName, value: unknown): Buffer
  /**
   * `version`: that of the schema it was written with, as schemas/avro counts them; 0 for one that this build does not have.
   * Throws CodecError.
   */
  decode(bytes: Uint8Array): Read
  /** Asks the registry for a schema id that `decode` did not know. False: the registry does not know it either. */
  learn(schemaId: number): Promise<boolean>
}

export type CodecErrorCode = 'bad_magic' | 'unknown_schema' | 'truncated' | 'trailing_bytes' | 'invalid_value'

export class CodecError extends Error {
  override name = 'CodecError'
  readonly code: CodecErrorCode
  readonly schemaId: number | null
  constructor(code: CodecErrorCode, message: string, schemaId: number | null = null) {
    super(message)
    this.code = code
    this.schemaId = schemaId
  }
}
