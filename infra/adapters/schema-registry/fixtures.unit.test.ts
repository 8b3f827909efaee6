import { subjects } from '@mastery/schemas/src/subjects.ts'
import { CodecError } from '@mastery/topology/ports/codec.ts'
import type { SubjectName } from '@mastery/topology/topics.ts'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AvroCodec } from './codec.ts'
import { poisonFixtures, validFixtures } from './fixtures.ts'
import { openCodec } from './registry.ts'

let codec: AvroCodec
const headers = new Map<string, Buffer>()
const valid = validFixtures()
const poison = poisonFixtures()

beforeAll(async () => {
  codec = await openCodec({ url: 'mock://fixtures' })
  for (const { subject, value } of valid) headers.set(subject, Buffer.from(codec.encode(subject, value).subarray(0, 5)))
})

/** Plain objects and bytes, as the fixtures hold them: avsc gives class instances. */
const plain = (value: unknown) => JSON.stringify(value)

describe('valid fixtures', () => {
  it('exist for every subject', () => {
    expect([...new Set(valid.map((v) => v.subject))].sort()).toEqual(subjects())
  })

  it.each(valid.map((v) => [`${v.subject}/${v.name}`, v] as const))('%s goes through bytes unchanged', (_name, v) => {
    const bytes = codec.encode(v.subject, v.value)
    expect(bytes[0]).toBe(0)
    const back = codec.decode(bytes)
    expect(back.subject).toBe(v.subject)
    expect(plain(back.value)).toBe(plain(v.value))
    expect(codec.encode(v.subject, back.value)).toEqual(bytes)
  })

  it('keep their bytes while later records are encoded, of any size', () => {
    const reject = valid.find((v) => v.subject === 'reject')!
    const sizes = [1, 262_080, 262_139, 262_144, 262_200, 1, 600_000, 5, 3_000_000, 100_000, 200_000]
    const encoded = sizes.map((n, i) =>
      codec.encode('reject', { ...(reject.value as object), bytes: Buffer.alloc(n, i) }),
    )
    for (const [i, bytes] of encoded.entries()) {
      const back = codec.decode(bytes).value as { bytes: Buffer }
      expect(back.bytes.equals(Buffer.alloc(sizes[i]!, i))).toBe(true)
    }
  })
})

/** What decoding says, and how long it took. */
function decoded(bytes: Uint8Array): string {
  try {
    return codec.decode(bytes).subject
  } catch (e) {
    if (!(e instanceof CodecError)) throw e
    return e.code
  }
}

describe('poison', () => {
  it.each(poison.map((p) => [p.name, p] as const))('%s is refused by its code', (_name, p) => {
    const head = p.subject === null ? Buffer.alloc(0) : headers.get(p.subject)!
    const before = process.cpuUsage()
    expect(decoded(Buffer.concat([head, Buffer.from(p.hex, 'hex')]))).toBe(p.code)
    // A length that is read and believed would fill memory for seconds. Work is counted, not time: others may be busy.
    expect(process.cpuUsage(before).user).toBeLessThan(500_000)
  })

  it('has every code that decoding can give', () => {
    const codes = ['bad_magic', 'invalid_value', 'trailing_bytes', 'truncated', 'unknown_schema']
    expect([...new Set(poison.map((p) => p.code))].sort()).toEqual(codes)
  })

  it.each<[string, SubjectName, object, RegExp]>([
    ['a number that is none', 'mastery-score', { stale: 'yes' }, /stale is "yes"/],
    ['NaN', 'learning-event', { score: Number.NaN }, /not a finite double/],
    ['infinity', 'learning-event', { video_coverage: Number.POSITIVE_INFINITY }, /not a finite double/],
    ['a fraction for a whole number', 'tick', { at: 0.5 }, /at is 0\.5/],
    ['a bigint', 'tick', { at: 5n }, /at is 5/],
    ['an unknown symbol', 'learning-event', { kind: 'exam' }, /kind is "exam"/],
    ['a missing field', 'learning-event', { tenant: undefined }, /tenant is undefined/],
  ])('is not written either: %s', (_name, subject, wrong, message) => {
    const good = valid.find((v) => v.subject === subject)!.value as object
    const write = () => codec.encode(subject, { ...good, ...wrong })
    expect(write).toThrow(CodecError)
    expect(write).toThrow(message)
    expect(codec.decode(codec.encode(subject, good)).subject).toBe(subject)
  })
})

describe('any bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 400 })
  const subject = fc.constantFrom(...(subjects() as SubjectName[]))
  const codes = ['bad_magic', 'unknown_schema', 'truncated', 'trailing_bytes', 'invalid_value', ...subjects()]

  it('give a record or a CodecError: random ones', () => {
    fc.assert(
      fc.property(bytes, (b) => codes.includes(decoded(b))),
      { numRuns: 2000, seed: 1 },
    )
  })

  it('give a record or a CodecError: random ones behind a real header', () => {
    fc.assert(
      fc.property(subject, bytes, (s, b) => codes.includes(decoded(Buffer.concat([headers.get(s)!, b])))),
      { numRuns: 4000, seed: 2 },
    )
  })

  it('give a record or a CodecError: real records with bytes changed, cut out or put in', () => {
    const edit = fc.record({ at: fc.nat(2000), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 9 }) })
    const used = process.memoryUsage().arrayBuffers
    fc.assert(
      fc.property(fc.constantFrom(...valid), fc.array(edit, { minLength: 1, maxLength: 3 }), (v, edits) => {
        let b = Buffer.from(codec.encode(v.subject, v.value))
        for (const { at, remove, insert } of edits) {
          const i = 5 + (at % (b.length - 4))
          b = Buffer.concat([b.subarray(0, i), insert, b.subarray(i + remove)])
        }
        return codes.includes(decoded(b))
      }),
      { numRuns: 6000, seed: 3 },
    )
    expect(process.memoryUsage().arrayBuffers - used).toBeLessThan(200e6)
  })

  it('keep a map entry called __proto__', () => {
    const event = {
      ...(valid.find((v) => v.subject === 'learning-event')!.value as object),
      actions: JSON.parse('{"__proto__":3,"a":1}'),
    }
    const back = codec.decode(codec.encode('learning-event', event)).value as { actions: Record<string, number> }
    expect(JSON.stringify(back.actions)).toBe('{"__proto__":3,"a":1}')
  })
})
