import avro from 'avsc'

/** avsc's cursor over a buffer. */
interface Tap {
  buf: Buffer
  pos: number
  readLong(): number
  readString(): string
  skipLong(): void
  readDouble(): number
  writeDouble(v: number): void
}
/** What avsc calls on every type, and does not declare. */
interface Cursory {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

/**
 * A type that decodes bytes which nobody vouches for. avsc believes the item counts inside the bytes: six bytes can ask
 * for 2^34 items, or for blocks that lead backwards, and hold the process for ever. Here an array or map never has more
 * items than bytes are left, which holds for all our items (none is empty), and a number is finite: a NaN that gets
 * into a running sum never leaves it.
 */
export function avroType(text: string): avro.Type {
  return avro.Type.forSchema(JSON.parse(text) as avro.Schema, { typeHook: guarded })
}

function guarded(schema: avro.Schema, opts: unknown): avro.Type | undefined {
  const type = typeof schema === 'string' ? schema : (schema as { type?: unknown }).type
  if (type === 'array') return new GuardedArray(schema, opts)
  if (type === 'map') return new GuardedMap(schema, opts)
  if (type === 'double') return new FiniteDouble()
  return undefined
}

/** Items of the next block; where the count can't be true the cursor goes beyond the end, which is how avsc says truncated. */
function blockSize(tap: Tap): number {
  let n = tap.readLong()
  if (n < 0) {
    n = -n
    tap.skipLong()
  }
  if (n <= tap.buf.length - tap.pos) return n
  tap.pos = tap.buf.length + 1
  return 0
}

// Resolvers borrow `_read` and bring their own items: both classes take them from `this`.
class GuardedArray extends avro.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items = this.itemsType as unknown as Cursory
    let n = blockSize(tap)
    const found: unknown[] = new Array(n)
    for (let i = 0; n > 0; n = blockSize(tap)) for (; n > 0; n--) found[i++] = items._read(tap)
    return found
  }
  _skip(tap: Tap): void {
    const items = this.itemsType as unknown as Cursory
    for (let n = blockSize(tap); n > 0; n = blockSize(tap)) for (; n > 0; n--) items._skip(tap)
  }
}

class GuardedMap extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = this.valuesType as Cursory
    const found: Record<string, unknown> = {}
    for (let n = blockSize(tap); n > 0; n = blockSize(tap))
      for (; n > 0; n--) {
        const key = tap.readString()
        const value = values._read(tap)
        // A plain assignment would take this name for the prototype.
        if (key === '__proto__') Object.defineProperty(found, key, { value, enumerable: true })
        else found[key] = value
      }
    return found
  }
  _skip(tap: Tap): void {
    const values = this.valuesType as Cursory
    for (let n = blockSize(tap); n > 0; n = blockSize(tap))
      for (; n > 0; n--) {
        tap.readString()
        values._skip(tap)
      }
  }
}

class FiniteDouble extends avro.types.DoubleType {
  _read(tap: Tap): number {
    const value = tap.readDouble()
    if (!Number.isFinite(value)) throw new Error(`${value} is not a number that can be counted with`)
    return value
  }
  _write(tap: Tap, value: unknown): void {
    if (!Number.isFinite(value)) throw new Error(`${String(value)} is not a finite double`)
    tap.writeDouble(value as number)
  }
}
