/** A place in JSON: an RFC 6901 pointer, in which a segment `*` stands for every element of a list. */
export type Pointer = readonly string[]

type Container = Record<string, unknown> | unknown[]

/** The segments, null where the text is no pointer. The empty pointer, the document itself, is none here. */
export function parsePointer(text: string): Pointer | null {
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return null
  return text
    .slice(1)
    .split('/')
    .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export function printPointer(pointer: Pointer): string {
  return pointer.map((s) => `/${s.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** One place that a pointer names in a document. */
export class Place {
  readonly path: Pointer
  readonly #parent: Container
  readonly #key: string

  constructor(parent: Container, key: string, path: Pointer) {
    this.#parent = parent
    this.#key = key
    this.path = path
  }

  get exists(): boolean {
    return Object.hasOwn(this.#parent, this.#key)
  }

  /** Undefined where nothing stands there. */
  get value(): unknown {
    return this.exists ? (this.#parent as Record<string, unknown>)[this.#key] : undefined
  }

  /** False where a list has no such element. */
  put(value: unknown): boolean {
    if (Array.isArray(this.#parent) && !this.exists) return false
    // A property called __proto__ is a property like any other.
    Object.defineProperty(this.#parent, this.#key, { value, writable: true, enumerable: true, configurable: true })
    return true
  }

  remove(): void {
    if (Array.isArray(this.#parent)) this.#parent.splice(Number(this.#key), 1)
    else delete this.#parent[this.#key]
  }
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

/**
 * Every place that the pointer names. Where an object on the way is missing nothing is named, or it is made where
 * `make` is set; a value on the way that holds nothing (a text, a number) ends it, so that it is never replaced.
 */
export function places(root: unknown, pointer: Pointer, make = false): Place[] {
  const found: Place[] = []
  const walk = (at: unknown, depth: number, path: Pointer): void => {
    if (!isContainer(at)) return
    const segment = pointer[depth]!
    if (segment === '*') {
      if (Array.isArray(at)) for (let i = 0; i < at.length; i++) step(at, String(i), depth, path)
      return
    }
    if (Array.isArray(at) && !/^(0|[1-9]\d{0,8})$/.test(segment)) return
    step(at, segment, depth, path)
  }
  const step = (at: Container, key: string, depth: number, path: Pointer): void => {
    const place = new Place(at, key, [...path, key])
    if (depth === pointer.length - 1) {
      found.push(place)
      return
    }
    if (make && (place.value === undefined || place.value === null) && pointer[depth + 1] !== '*') place.put({})
    walk(place.value, depth + 1, place.path)
  }
  walk(root, 0, [])
  return found
}
