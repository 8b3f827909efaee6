import { type Codec, CodecError } from '../ports/codec.ts'
import type { Stage, StepResult } from '../stage.ts'
import type { SubjectName } from '../topics.ts'

/** JSON with its subject, for tests that are not about Avro. Anything that does not begin with a brace is `bad_magic`. */
export const JSON_CODEC: Codec = {
  encode: (subject, value) => Buffer.from(JSON.stringify({ subject, value })),
  decode(bytes) {
    const text = Buffer.from(bytes).toString('utf8')
    if (!text.startsWith('{')) throw new CodecError('bad_magic', `These bytes are no JSON: ${text.slice(0, 20)}.`)
    return { ...(JSON.parse(text) as { subject: SubjectName; value: unknown }), version: 1 }
  },
  learn: async () => false,
}

const json = <T>(empty: () => T) => ({
  empty,
  encode: (value: T) => Buffer.from(JSON.stringify(value)),
  decode: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString('utf8')) as T,
})

/**
 * Counts records per key and keeps the sum of what they say: a lost, doubled or reordered record shows in the state.
 * The values 'drop' and 'poison' are dropped and refused.
 */
export const COUNTING: Stage<{ count: number; last: number }, { seen: number }> = {
  name: 'counting',
  inputs: ['learning.events'],
  outputs: ['learning.features'],
  state: json(() => ({ count: 0, last: -1 })),
  meta: json(() => ({ seen: 0 })),
  keyOf: (record) => record.key,
  step(record, state, meta): StepResult {
    if (record.value === 'drop') return { type: 'drop', reason: 'asked to' }
    if (record.value === 'poison')
      return { type: 'dead_letter', code: 'wrong_subject', message: 'This record is poison.' }
    state!.count++
    state!.last = record.origin.offset
    meta.seen++
    const value = { n: state!.count, from: record.origin.offset }
    return {
      type: 'ok',
      outputs: [{ topic: 'learning.features', subject: 'feature-record', key: record.key, value }],
    }
  },
}
