import { describe, expect, it } from 'vitest'
import { decodeBundle, encodeBundle } from './bundle.ts'

const WEIGHTS = new Map([
  ['a', { shape: [2, 3], values: Float32Array.of(1, -2, 0.1, 1e-30, 3e38, -0) }],
  ['empty', { shape: [0], values: new Float32Array(0) }],
  ['b', { shape: [1], values: Float32Array.of(Math.PI) }],
])

describe('a bundle of weights', () => {
  it.each(['', 'x', 'xy', 'ä', '日本'])('comes back to the bit, whatever its manifest: %j', (about) => {
    const { manifest, weights } = decodeBundle(encodeBundle({ about }, WEIGHTS))
    expect(manifest).toEqual({ about })
    expect([...weights]).toEqual([...WEIGHTS])
  })

  it('is read from within a larger buffer', () => {
    const bytes = encodeBundle(1, WEIGHTS)
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect([...decodeBundle(shifted.subarray(3)).weights]).toEqual([...WEIGHTS])
    expect([...decodeBundle(Buffer.from(bytes)).weights]).toEqual([...WEIGHTS])
  })

  it('notices every changed byte of its numbers, and every cut', () => {
    const bytes = encodeBundle({}, WEIGHTS)
    for (let i = 1; i <= 28; i++) {
      const changed = Uint8Array.from(bytes)
      changed[bytes.length - i]! ^= 4
      expect(() => decodeBundle(changed)).toThrow(/checksum/)
    }
    for (let n = 0; n < bytes.length; n++) expect(() => decodeBundle(bytes.subarray(0, n))).toThrow(Error)
  })

  it('refuses weights that do not fill their shape', () => {
    const short = new Map([['w', { shape: [3], values: new Float32Array(2) }]])
    expect(() => encodeBundle({}, short)).toThrow(/"w"/)
  })
})
