import { nestedTooDeeply } from '../stages/intake/outcome.ts'
import type { Condition, Fix, Operation, ValueType } from './fix.ts'
import { type Place, type Pointer, places, printPointer } from './pointer.ts'

/** Texts longer than this are not searched by patterns of a field. */
const LONGEST_FIELD = 20_000

export interface Change {
  /** JSON pointer. */
  path: string
  /** Undefined: nothing stood, or stands, there. */
  before: unknown
  after: unknown
}

export interface Transformed {
  value: unknown
  changes: Change[]
  /** Operations that could not be carried out; the value is then not to be used. Never repeats what stood there. */
  problems: string[]
}

/** Whether a fix is meant for a reject. `value` is undefined where its bytes are no JSON. */
export function isFor(fix: Fix, reject: { code: string; stage: string; source: string }, value: unknown): boolean {
  const among = (list: readonly string[], x: string) => list.length === 0 || list.includes(x)
  const { code, stage, source, where } = fix.match
  return (
    among(code, reject.code) &&
    among(stage, reject.stage) &&
    among(source, reject.source) &&
    where.every((c) => holds(c, value))
  )
}

function holds(c: Condition, root: unknown): boolean {
  const found = places(root, c.path)
  if (found.length === 0) return c.is === 'missing'
  return found.some(({ value }) => {
    if (c.is !== undefined && !isOf(c.is, value)) return false
    if (c.equals !== undefined && !equal(c.equals, value)) return false
    if (c.pattern === undefined) return true
    c.pattern.lastIndex = 0
    return typeof value === 'string' && value.length <= LONGEST_FIELD && c.pattern.test(value)
  })
}

function isOf(type: ValueType, value: unknown): boolean {
  switch (type) {
    case 'missing':
      return value === undefined
    case 'null':
      return value === null
    case 'text':
      return typeof value === 'string'
    case 'blank':
      return typeof value === 'string' && value.trim() === ''
    case 'number':
    case 'boolean':
      return typeof value === type
    case 'list':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
  }
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** The text after the operations on text. */
export function transformText(fix: Fix, text: string): string {
  let out = text
  for (const o of fix.operations) if (o.op === 'text') out = out.replace(o.pattern, o.with)
  return out
}

/**
 * A copy of the JSON value after the operations, in their order. A field that no operation names stays as it was. An
 * operation on a field that is not there does nothing. Never throws.
 */
export function transform(fix: Fix, value: unknown): Transformed {
  if (nestedTooDeeply(value)) return { value, changes: [], problems: ['The record is nested too deeply.'] }
  const root: unknown = structuredClone(value)
  const out: Transformed = { value: root, changes: [], problems: [] }
  fix.operations.forEach((o, i) => {
    const problem = apply(o, root, out.changes)
    if (problem !== null) out.problems.push(`Operation ${i + 1} (${o.op}): ${problem}.`)
  })
  out.changes = inSum(out.changes)
  return out
}

function write(place: Place, after: unknown, changes: Change[]): string | null {
  const before = place.value
  if (equal(before, after)) return null
  if (!place.put(structuredClone(after))) return `${printPointer(place.path)} is beyond the end of its list`
  changes.push({ path: printPointer(place.path), before, after })
  return null
}

function remove(place: Place, changes: Change[]): void {
  changes.push({ path: printPointer(place.path), before: place.value, after: undefined })
  place.remove()
}

/** Null, or what could not be done. */
function apply(o: Operation, root: unknown, changes: Change[]): string | null {
  switch (o.op) {
    case 'text':
      return null
    case 'set':
    case 'default': {
      const targets = places(root, o.path, true).filter(
        (p) => o.op === 'set' || p.value === undefined || p.value === null,
      )
      if (targets.length === 0 && o.op === 'set') return noPlace(o.path)
      return first(targets.map((p) => write(p, o.value, changes)))
    }
    case 'delete':
      // From the end, so that the elements of a list keep their places until it is their turn.
      for (const p of places(root, o.path).reverse()) if (p.exists) remove(p, changes)
      return null
    case 'rename':
    case 'copy': {
      const from = places(root, o.from)[0]
      if (from === undefined || !from.exists || printPointer(o.from) === printPointer(o.to)) return null
      const moved: unknown = structuredClone(from.value)
      if (o.op === 'rename') remove(from, changes)
      const to = places(root, o.to, true)[0]
      return to === undefined ? noPlace(o.to) : write(to, moved, changes)
    }
    default:
      return each(o, root, changes)
  }
}

/** Operations that turn each value found into another. */
type Turning = Extract<Operation, { op: keyof typeof EXPECTED }>

function each(o: Turning, root: unknown, changes: Change[]): string | null {
  const problems: (string | null)[] = []
  for (const place of places(root, o.path)) {
    const { value } = place
    if (value === undefined || value === null) continue
    const after = turned(o, value)
    problems.push(after === undefined ? `${printPointer(place.path)} ${EXPECTED[o.op]}` : write(place, after, changes))
  }
  return first(problems)
}

const EXPECTED = {
  trim: 'is no text',
  number: 'is no number in this notation',
  boolean: 'is none of the words for true and false',
  timestamp: 'is no time of this format',
  map: 'has a value that is not in the map',
  replace: 'is no text, or a very long one',
} as const

/** Undefined where it cannot be done. */
function turned(o: Turning, value: unknown): unknown {
  switch (o.op) {
    case 'trim':
      return typeof value === 'string' ? value.trim() : undefined
    case 'number':
      return typeof value === 'number' ? value : typeof value === 'string' ? numberOf(value, o) : undefined
    case 'boolean': {
      if (typeof value === 'boolean') return value
      if (typeof value !== 'string' && typeof value !== 'number') return undefined
      const word = String(value).trim().toLowerCase()
      const among = (words: readonly string[]) => words.some((w) => w.toLowerCase() === word)
      return among(o.yes) ? true : among(o.no) ? false : undefined
    }
    case 'timestamp': {
      const at = o.read(value)
      return at === null ? undefined : o.to === 'iso' ? new Date(at).toISOString() : at
    }
    case 'map': {
      if (typeof value !== 'object' && Object.hasOwn(o.values, String(value))) return o.values[String(value)]
      return o.others === 'keep' ? value : undefined
    }
    case 'replace':
      return typeof value === 'string' && value.length <= LONGEST_FIELD ? value.replace(o.pattern, o.with) : undefined
  }
}

function numberOf(text: string, o: { decimal: '.' | ','; group: string | null }): number | undefined {
  let plain = text.trim()
  if (o.group !== null) plain = plain.replaceAll(o.group, '')
  if (o.decimal === ',') {
    if (plain.includes('.')) return undefined
    plain = plain.replace(',', '.')
  }
  if (!/^[+-]?(\d{1,300}(\.\d{0,300})?|\.\d{1,300})([eE][+-]?\d{1,3})?$/.test(plain)) return undefined
  const n = Number(plain)
  return Number.isFinite(n) ? n : undefined
}

function noPlace(path: Pointer): string {
  return `nothing can stand at ${printPointer(path)}`
}

function first(problems: readonly (string | null)[]): string | null {
  return problems.find((p) => p !== null) ?? null
}

/** Per path what stood there at first and what stands there in the end, less what came to nothing. */
function inSum(changes: readonly Change[]): Change[] {
  const sum = new Map<string, Change>()
  for (const c of changes) {
    const known = sum.get(c.path)
    if (known) known.after = c.after
    else sum.set(c.path, { ...c })
  }
  return [...sum.values()].filter((c) => !equal(c.before, c.after))
}
