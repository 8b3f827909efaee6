import { encodeJson, type Fitted, parseJson } from '../artefact.ts'

/** Bytes before the JSON: its length, little endian. */
const LENGTH = 4

/** One artefact that holds others: a length, JSON, then the others' bytes, whose lengths the JSON gives in `held`. */
export function pack(json: object, held: readonly Uint8Array[]): Uint8Array {
  const head = encodeJson({ ...json, held: held.map((b) => b.length) })
  const size = LENGTH + head.length + held.reduce((sum, b) => sum + b.length, 0)
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, head.length, true)
  let at = LENGTH
  for (const part of [head, ...held]) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/**
 * @param count artefacts that it must hold; null: any number
 * @throws Error where the bytes are cut off, another learner's, or refused by `check`
 */
export function unpack<A extends Fitted>(
  learner: string,
  bytes: Uint8Array,
  count: number | null,
  check: (json: A) => void,
): { json: A; held: Uint8Array[] } {
  const cut = () =>
    new Error(`The artefact of learner "${learner}" is cut off or none: give the file that the fit wrote.`)
  if (bytes.length < LENGTH) throw cut()
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true)
  if (LENGTH + length > bytes.length) throw cut()
  const { held: lengths, ...json } = parseJson<A & { held?: unknown }>(
    learner,
    bytes.subarray(LENGTH, LENGTH + length),
    (j) => check(j),
  )
  if (
    !Array.isArray(lengths) ||
    lengths.length !== (count ?? lengths.length) ||
    !lengths.every((n) => Number.isInteger(n) && n >= 0)
  )
    throw new Error(`The artefact of learner "${learner}" does not hold the ${count} models that it is made of.`)
  let at = LENGTH + length
  const held = (lengths as number[]).map((n) => bytes.subarray(at, (at += n)))
  if (at !== bytes.length) throw cut()
  return { json: json as unknown as A, held }
}
