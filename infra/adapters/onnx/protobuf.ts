/**
 * Writes the few messages of ONNX (onnx/onnx.proto, IR version 8) that a graph of ours needs, in protocol buffers' wire
 * format. Field numbers are those of that file.
 */
export class Message {
  readonly #parts: Uint8Array[] = []

  int(field: number, value: number): this {
    this.#parts.push(varint(field * 8), varint(value))
    return this
  }

  ints(field: number, values: readonly number[]): this {
    for (const v of values) this.int(field, v)
    return this
  }

  bytes(field: number, value: Uint8Array): this {
    this.#parts.push(varint(field * 8 + 2), varint(value.length), value)
    return this
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.encode())
  }

  encode(): Uint8Array {
    const all = new Uint8Array(this.#parts.reduce((n, p) => n + p.length, 0))
    let at = 0
    for (const p of this.#parts) {
      all.set(p, at)
      at += p.length
    }
    return all
  }
}

/** Base 128, least first; negative integers as 64 bits in two's complement. */
function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    const low = Number(rest & 127n)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 128 : low)
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}

/** ONNX's numbers for element types. */
export const FLOAT = 1
export const INT32 = 6
export const INT64 = 7

/** TensorProto with raw data, little endian. */
export function tensorProto(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): Message {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return new Message()
    .ints(1, shape)
    .int(2, data instanceof Float32Array ? FLOAT : INT64)
    .text(8, name)
    .bytes(9, raw)
}

/** ValueInfoProto of a tensor. */
export function valueInfo(name: string, type: number, shape: readonly number[]): Message {
  const dims = new Message()
  for (const d of shape) dims.message(1, new Message().int(1, d))
  return new Message().text(1, name).message(2, new Message().message(1, new Message().int(1, type).message(2, dims)))
}

export type Attribute = number | readonly number[]

/** AttributeProto: an integer or integers. */
export function attribute(name: string, value: Attribute): Message {
  const a = new Message().text(1, name)
  return typeof value === 'number' ? a.int(3, value).int(20, 2) : a.ints(8, value).int(20, 7)
}
