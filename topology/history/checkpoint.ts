import type { TopicFeatures } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import { ByteReader, ByteWriter } from '../stages/bytes.ts'

const VERSION = 2

/** Both stages' states of one student, as bytes of their own formats. */
export interface Checkpoint {
  windows: Uint8Array
  scores: Uint8Array
  /** Rows of topics that the windows' state no longer reaches back to, as the whole history gives them. */
  rows: readonly TopicFeatures[]
}

/** Payload of an install_checkpoint command. */
export function writeCheckpoint(c: Checkpoint): Buffer {
  // Decimal text gives a double back to the bit.
  const rows = Buffer.from(JSON.stringify(c.rows))
  const w = new ByteWriter(16 + c.windows.length + c.scores.length + rows.length)
  w.u8(VERSION)
  for (const part of [c.windows, c.scores, rows]) {
    w.u32(part.length)
    w.array(part, part.length)
  }
  return Buffer.from(w.finish())
}

/** Throws an Error that says what is wrong with the bytes. */
export function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const r = new ByteReader(bytes)
  const version = r.u8()
  if (version !== VERSION) throw new Error(`It has format ${version}, this build reads ${VERSION}.`)
  const part = () => {
    const n = r.u32()
    if (n > bytes.length) throw new Error('It is cut short.')
    const found = new Uint8Array(n)
    r.into(found, n)
    return found
  }
  const windows = part()
  const scores = part()
  return { windows, scores, rows: JSON.parse(Buffer.from(part()).toString()) as TopicFeatures[] }
}
