import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from './bytes.ts'

describe('state bytes', () => {
  it.each(Array.from({ length: 40 }, (_, size) => size + 1))(
    'read back what was written, from a buffer of %i bytes that has to grow',
    (size) => {
      const w = new ByteWriter(size)
      const numbers = Float64Array.of(1.5, -2.5)
      w.u8(200)
      w.u16(60_000)
      w.u32(4_000_000_000)
      w.f64(Math.PI)
      w.text('Größe '.repeat(9))
      w.u8(7)
      w.array(numbers, 2)
      w.text('')
      w.u16(1)
      const r = new ByteReader(w.finish())
      const back = new Float64Array(2)
      expect([r.u8(), r.u16(), r.u32(), r.f64(), r.text(), r.u8()]).toEqual([
        200,
        60_000,
        4_000_000_000,
        Math.PI,
        'Größe '.repeat(9),
        7,
      ])
      r.into(back, 2)
      expect([...back, r.text(), r.u16()]).toEqual([1.5, -2.5, '', 1])
    },
  )
})
