import { durationOf, durationText, offsetOf } from './durations.ts'
import type { Field, FieldType } from './field.ts'

export type Path = readonly (string | number)[]

/** One mistake in a rules file: where, and what would be right. */
export interface Problem {
  path: Path
  message: string
}

export type Given = Readonly<Record<string, unknown>>

export const isGroup = (v: unknown): v is Given => typeof v === 'object' && v !== null && !Array.isArray(v)

/** What is near enough to be meant: one letter more, less or other, or two swapped. */
export function nearest(word: string, known: readonly string[]): string | null {
  const close = (a: string, b: string) => {
    if (Math.abs(a.length - b.length) > 1) return false
    let i = 0
    while (i < a.length && i < b.length && a[i] === b[i]) i++
    const [x, y] = [a.slice(i), b.slice(i)]
    return (
      x.slice(1) === y ||
      y.slice(1) === x ||
      x.slice(1) === y.slice(1) ||
      (x.slice(2) === y.slice(2) && x[0] === y[1] && x[1] === y[0])
    )
  }
  return known.find((k) => close(word, k)) ?? null
}

/** What would be right in a field of this type. */
export function wanted(type: FieldType): string {
  switch (type.is) {
    case 'number':
      return `a ${type.whole ? 'whole ' : ''}number from ${type.min} to ${type.max}`
    case 'duration':
      return `a time from ${durationText(type.min)} to ${durationText(type.max)}, such as 30m, 24h or 7d`
    case 'flag':
      return 'true or false'
    case 'one of':
      return `one of ${type.of.join(', ')}`
    case 'some of':
      return `a list of one or more of ${type.of.join(', ')}`
    case 'texts':
      return 'a list of one or more names'
    case 'text':
      return 'a name of up to 100 letters, digits, ".", "_" and "-"'
    case 'line':
      return 'text'
    case 'offset':
      return 'a time from the beginning, such as 0, 36h or 5d12h'
    case 'date':
      return 'a day, such as 2026-07-01'
    case 'group':
      return `fields: ${type.fields.map((f) => f.name).join(', ')}`
  }
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** Undefined: it is none of the type. */
function readValue(type: FieldType, v: unknown): unknown {
  switch (type.is) {
    case 'number': {
      const fits = typeof v === 'number' && v >= type.min && v <= type.max && (!type.whole || Number.isInteger(v))
      return fits ? v : undefined
    }
    case 'duration': {
      const ms = durationOf(v)
      return ms !== null && ms >= type.min && ms <= type.max ? ms : undefined
    }
    case 'flag':
      return typeof v === 'boolean' ? v : undefined
    case 'one of':
      return typeof v === 'string' && type.of.includes(v) ? v : undefined
    case 'some of': {
      const list = Array.isArray(v) && v.length > 0 && new Set(v).size === v.length
      return list && v.every((x) => typeof x === 'string' && type.of.includes(x)) ? v : undefined
    }
    case 'texts': {
      const texts = Array.isArray(v) ? v.map((x) => (typeof x === 'number' ? String(x) : x)) : []
      return texts.length > 0 && texts.every((x) => typeof x === 'string' && x !== '') ? texts : undefined
    }
    case 'text':
      return typeof v === 'string' && NAME.test(v) ? v : undefined
    case 'line':
      return typeof v === 'number' ? String(v) : typeof v === 'string' && v.trim() !== '' ? v : undefined
    case 'offset':
      return offsetOf(v) ?? undefined
    case 'date': {
      const ms = typeof v === 'string' && /^\d{4}-\d\d-\d\d$/.test(v) ? Date.parse(`${v}T00:00:00Z`) : Number.NaN
      return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== v ? undefined : ms
    }
    case 'group':
      return isGroup(v) ? v : undefined
  }
}

const shown = (v: unknown) => {
  const text = JSON.stringify(v) ?? String(v)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

/**
 * Reads the fields of a group, with everything that is wrong about them. `partial`: nothing has to be there, and what
 * is not stays out.
 */
export function readFields(
  fields: readonly Field[],
  given: Given,
  path: Path,
  problems: Problem[],
  partial = false,
): Record<string, unknown> {
  const read: Record<string, unknown> = {}
  const names = fields.map((f) => f.name)
  for (const name of Object.keys(given))
    if (!names.includes(name)) {
      const meant = nearest(name, names)
      problems.push({
        path: [...path, name],
        message: `is not known here; ${meant === null ? `there are ${names.join(', ')}` : `"${meant}" is`}`,
      })
    }
  for (const f of fields) {
    const v = given[f.name]
    if (v === undefined || (v === null && f.usual === null)) {
      if (v === null) read[f.name] = null
      else if (partial) continue
      else if (f.usual === undefined) problems.push({ path, message: `lacks "${f.name}": ${wanted(f.type)}` })
      else if (f.type.is === 'group' && f.usual !== null) read[f.name] = readFields(f.type.fields, {}, path, problems)
      else read[f.name] = f.usual
      continue
    }
    const value = readValue(f.type, v)
    if (value === undefined)
      problems.push({ path: [...path, f.name], message: `is ${shown(v)}; right would be ${wanted(f.type)}` })
    else if (f.type.is === 'group')
      read[f.name] = readFields(f.type.fields, value as Given, [...path, f.name], problems, partial)
    else read[f.name] = value
  }
  return read
}
