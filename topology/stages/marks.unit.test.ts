import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from './bytes.ts'
import { Marks, readHashes, Times, type Widths, writeHashes } from './marks.ts'

const at = (origin_partition: number, origin_offset: number, ordinal = 0) => ({
  origin_partition,
  origin_offset,
  ordinal,
})
const bytesOf = (write: (w: ByteWriter) => void) => {
  const w = new ByteWriter(8)
  write(w)
  return Buffer.from(w.finish())
}
/** As the builds before wrote them, field by field. */
const LAYOUTS: [Widths, Buffer][] = [
  [{ count: 'u16', partition: 'u32' }, Buffer.from('0200030000000000000000001c400100000007000000', 'hex')],
  [{ count: 'u32', partition: 'u32' }, Buffer.from('02000000030000000000000000001c400100000007000000', 'hex')],
  [{ count: 'u16', partition: 'u16' }, Buffer.from('020003000000000000001c40010000000700', 'hex')],
]
const SECOND = Buffer.from('000080e168d9d94102000000', 'hex')

describe('marks of what was taken', () => {
  it('take each record of a source once, however often stretches of it come again', () => {
    const record = fc.record({ origin_partition: fc.nat(2), origin_offset: fc.nat(5), ordinal: fc.nat(2) })
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const marks = new Marks()
        const taken: typeof records = []
        for (const r of records) {
          const own = taken.filter((t) => t.origin_partition === r.origin_partition)
          const isNew = own.every(
            (t) => r.origin_offset > t.origin_offset || (r.origin_offset === t.origin_offset && r.ordinal > t.ordinal),
          )
          expect(marks.isNew(r)).toBe(isNew)
          expect(marks.take(r)).toBe(isNew)
          if (isNew) taken.push(r)
        }
      }),
    )
  })

  it.each(LAYOUTS)('are read and written in the bytes of states that stand: %o', (widths, first) => {
    const marks = new Marks()
    marks.take(at(3, 7, 1))
    marks.take(at(7, 1_734_714_246, 2))
    const bytes = bytesOf((w) => marks.write(w, widths))
    expect(bytes.toString('hex')).toBe(first.toString('hex') + SECOND.toString('hex'))
    const read = Marks.read(new ByteReader(bytes), widths)
    expect(bytesOf((w) => read.write(w, widths))).toEqual(bytes)
    expect([read.isNew(at(3, 7, 1)), read.isNew(at(3, 7, 2)), read.isNew(at(7, 1_734_714_246, 2))]).toEqual([
      false,
      true,
      false,
    ])
  })
})

describe('times of sources', () => {
  it('only grow, and are those of all once each has told of one', () => {
    const times = new Times()
    times.hear(0, 50)
    times.hear(0, 40)
    expect([times.of(0), times.of(1), times.size, times.least()]).toEqual([50, 0, 1, 50])
    expect([times.leastWith(2, 0, 60), times.leastWith(2, 1, 20), times.leastWith(2, 1, 90)]).toEqual([0, 20, 50])
    const read = Times.read(new ByteReader(bytesOf((w) => times.write(w))))
    expect([read.of(0), read.size]).toEqual([50, 1])
    expect(new Times().least()).toBe(Number.POSITIVE_INFINITY)
  })

  it('are read and written in the bytes of states that stand, and so are hashes', () => {
    const times = new Times()
    times.hear(2, 7)
    expect(bytesOf((w) => times.write(w)).toString('hex')).toBe('01000000020000000000000000001c40')
    expect(bytesOf((w) => times.write(w, { count: 'u16', partition: 'u16' })).toString('hex')).toBe(
      '010002000000000000001c40',
    )
    const bytes = bytesOf((w) => writeHashes(w, new Set([7])))
    expect(bytes.toString('hex')).toBe('010000000000000000001c40')
    expect([...readHashes(new ByteReader(bytes))]).toEqual([7])
  })
})
