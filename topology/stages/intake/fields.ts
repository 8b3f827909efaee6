import { parseInstant } from '../../importers/clock.ts'
import { fieldCode, type RejectCode } from '../../rejects/codes.ts'
import type { JsonObject } from './outcome.ts'

const TEXT_LIMIT = 512
export const TOPIC_LIMIT = 32
const ACTION_LIMIT = 64
const LARGEST_INT = 2_147_483_647
/** Beyond these a clock is broken, and the analytical store can't hold the time. */
const EARLIEST = Date.UTC(1990, 0, 1)
const LATEST = Date.UTC(2200, 0, 1)

export interface FieldError {
  code: RejectCode
  message: string
}

/** Reads typed fields of one object and collects every error. Messages name fields and never repeat their values. */
export class Fields {
  readonly errors: FieldError[] = []
  readonly #object: JsonObject
  readonly #path: string

  constructor(object: JsonObject, path = '') {
    this.#object = object
    this.#path = path
  }

  fail(field: string, problem: string, code = fieldCode('bad', field)): null {
    this.errors.push({ code, message: `${this.#path}${field} ${problem}` })
    return null
  }

  /** Null and undefined are the same: not given. */
  value(field: string): unknown {
    return Object.hasOwn(this.#object, field) ? (this.#object[field] ?? null) : null
  }

  text(field: string, required: string | null = null): string | null {
    const v = this.value(field)
    if (v === null || (typeof v === 'string' && v.trim() === ''))
      return required === null ? null : this.fail(field, `is missing: ${required}`, fieldCode('missing', field))
    return this.#asText(field, v)
  }

  #asText(field: string, v: unknown): string | null {
    if (typeof v === 'number' && Number.isSafeInteger(v)) return String(v)
    if (typeof v === 'number') return this.fail(field, 'is a number that JSON cannot carry exactly: put it in quotes')
    if (typeof v !== 'string') return this.fail(field, `is ${typeName(v)}: send a text`)
    if (v.length > TEXT_LIMIT) return this.fail(field, `has ${v.length} characters: send at most ${TEXT_LIMIT}`)
    return v.toWellFormed()
  }

  number(field: string, low: number, high: number): number | null {
    const v = this.value(field)
    if (v === null) return null
    if (typeof v !== 'number' || !Number.isFinite(v))
      return this.fail(field, `is ${typeName(v)}: send a number without quotes`)
    if (v < low || v > high) return this.fail(field, `is out of range: send a number ${range(low, high)}`)
    return v
  }

  count(field: string, low = 0): number | null {
    const v = this.number(field, low, LARGEST_INT)
    return v !== null && !Number.isInteger(v) ? this.fail(field, 'has decimals: send a whole number') : v
  }

  integer(field: string): number | null {
    const v = this.number(field, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    return v !== null && !Number.isInteger(v) ? this.fail(field, 'has decimals: send a whole number') : v
  }

  /** Whole milliseconds; fractions are rounded. */
  duration(field: string): number | null {
    const v = this.number(field, 0, Number.MAX_SAFE_INTEGER)
    return v === null ? null : Math.round(v)
  }

  boolean(field: string): boolean | null {
    const v = this.value(field)
    if (v === null || typeof v === 'boolean') return v
    return this.fail(field, `is ${typeName(v)}: send true or false without quotes`)
  }

  oneOf<T extends string>(field: string, allowed: readonly T[], required = false): T | null {
    const v = this.value(field)
    const list = allowed.join(', ')
    if (v === null)
      return required ? this.fail(field, `is missing: send one of ${list}`, fieldCode('missing', field)) : null
    return allowed.find((a) => a === v) ?? this.fail(field, `is not known: send one of ${list}`)
  }

  /** UTC milliseconds, from ISO 8601 (without an offset: UTC) or an epoch number. */
  instant(field: string, required: string | null = null): number | null {
    const v = this.value(field)
    if (v === null)
      return required === null ? null : this.fail(field, `is missing: ${required}`, fieldCode('missing', field))
    const at =
      typeof v === 'number' && v >= 0 ? parseInstant(plain(v)) : typeof v === 'string' ? parseInstant(v.trim()) : null
    if (at === null)
      return this.fail(field, 'is no time: send ISO 8601, such as 2026-09-01T08:30:00Z, or epoch milliseconds')
    if (at < EARLIEST || at > LATEST)
      return this.fail(
        field,
        'lies before 1990 or after 2200: the clock that made it is wrong, send the time of the event',
      )
    return at
  }

  texts(field: string, limit: number): string[] {
    const v = this.value(field)
    if (v === null) return []
    const list = Array.isArray(v) ? v : [v]
    if (list.length > limit) {
      this.fail(field, `has ${list.length} entries: send at most ${limit}`)
      return []
    }
    const out = new Set<string>()
    for (const [i, entry] of list.entries()) {
      if (entry === null || (typeof entry === 'string' && entry.trim() === ''))
        this.fail(field, `has nothing at position ${i}: leave it out`)
      else {
        const text = this.#asText(field, entry)
        if (text !== null) out.add(text.trim())
      }
    }
    return [...out]
  }

  /** Names to whole counts. */
  counts(field: string): Record<string, number> {
    const v = this.value(field)
    if (v === null) return {}
    const names = typeof v === 'object' && !Array.isArray(v) ? Object.entries(v as JsonObject) : null
    const sound = names?.every(
      ([name, n]) => name.length <= 64 && typeof n === 'number' && Number.isInteger(n) && n >= 0 && n <= LARGEST_INT,
    )
    if (names === null || !sound || names.length > ACTION_LIMIT) {
      this.fail(
        field,
        `must be an object of at most ${ACTION_LIMIT} short names with whole counts, such as {"play": 2}`,
      )
      return {}
    }
    return Object.fromEntries(names.map(([name, n]) => [name.toWellFormed(), n as number]))
  }
}

/** Digits without an exponent, as far as times go. */
function plain(v: number): string {
  return Number.isFinite(v) && v < 1e16 ? String(Math.round(v * 1000) / 1000) : ''
}

function typeName(v: unknown): string {
  if (v === null) return 'null'
  if (Array.isArray(v)) return 'a list'
  if (typeof v === 'object') return 'an object'
  return typeof v === 'string' ? 'a text' : typeof v === 'boolean' ? 'true or false' : 'no usable number'
}

function range(low: number, high: number): string {
  if (high >= LARGEST_INT) return low <= Number.MIN_SAFE_INTEGER ? 'that JSON carries exactly' : `from ${low} up`
  return `from ${low} to ${high}`
}
