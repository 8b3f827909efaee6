import { createHash } from 'node:crypto'
import type { Values, Weights } from '../ports/tensor-runtime.ts'
import { sizeOf } from './feeds.ts'

interface Head {
  manifest: unknown
  weights: { name: string; shape: readonly number[] }[]
  /** SHA-256 of the numbers' bytes, hexadecimal. */
  sha256: string
}

const MAGIC = 'MSTW'

/**
 * A manifest and weights as bytes: `MSTW`, the length of the JSON head (uint32, little endian), the head, padding to four
 * bytes, then every weight's float32 numbers, little endian, in the head's order. No engine's own format.
 */
export function encodeBundle(manifest: unknown, weights: Weights): Uint8Array {
  const total = [...weights.values()].reduce((n, w) => n + w.values.length, 0)
  const numbers = new Float32Array(total)
  let at = 0
  for (const [name, w] of weights) {
    if (sizeOf(w.shape) !== w.values.length) throw new Error(`Weight "${name}" does not fill its shape.`)
    numbers.set(w.values, at)
    at += w.values.length
  }
  const body = new Uint8Array(numbers.buffer)
  const head: Head = {
    manifest,
    weights: [...weights].map(([name, w]) => ({ name, shape: w.shape })),
    sha256: createHash('sha256').update(body).digest('hex'),
  }
  const text = new TextEncoder().encode(JSON.stringify(head))
  const start = Math.ceil((8 + text.length) / 4) * 4
  const bytes = new Uint8Array(start + body.length)
  bytes.set(new TextEncoder().encode(MAGIC))
  new DataView(bytes.buffer).setUint32(4, text.length, true)
  bytes.set(text, 8)
  bytes.set(body, start)
  return bytes
}

/** @throws Error that says what does not fit: another format, a cut file, numbers that changed. */
export function decodeBundle(bytes: Uint8Array): { manifest: unknown; weights: Weights } {
  if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(0, 4)) !== MAGIC)
    throw new Error('These bytes are no weights of ours: they do not begin with MSTW.')
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true)
  const start = Math.ceil((8 + length) / 4) * 4
  if (start > bytes.length) throw new Error('The weights are cut off within their head: fetch the file again.')
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Head
  // A Buffer's own slice would be a view into its file, and the numbers below those of the whole file.
  const body = Uint8Array.prototype.slice.call(bytes, start)
  if (createHash('sha256').update(body).digest('hex') !== head.sha256)
    throw new Error('The numbers of the weights do not have the checksum of their head: fetch the file again.')
  const numbers = new Float32Array(body.buffer)
  const weights = new Map<string, Values>()
  let at = 0
  for (const { name, shape } of head.weights) {
    weights.set(name, { shape, values: numbers.slice(at, (at += sizeOf(shape))) })
  }
  if (at !== numbers.length) throw new Error(`The head names ${at} numbers, and there are ${numbers.length}.`)
  return { manifest: head.manifest, weights }
}
