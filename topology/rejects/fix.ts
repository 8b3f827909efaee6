import { Check } from './check.ts'
import type { Pointer } from './pointer.ts'
import { type TimeReader, timeReader } from './time-format.ts'

/** What a value is. `blank`: a text of nothing but spaces. */
const VALUE_TYPES = ['missing', 'null', 'text', 'blank', 'number', 'boolean', 'list', 'object'] as const
export type ValueType = (typeof VALUE_TYPES)[number]

export interface Condition {
  path: Pointer
  is?: ValueType
  equals?: unknown
  pattern?: RegExp
}

export type Operation =
  | { op: 'set' | 'default'; path: Pointer; value: unknown }
  | { op: 'delete'; path: Pointer }
  | { op: 'trim'; path: Pointer }
  | { op: 'rename' | 'copy'; from: Pointer; to: Pointer }
  | { op: 'number'; path: Pointer; decimal: '.' | ','; group: string | null }
  | { op: 'boolean'; path: Pointer; yes: readonly string[]; no: readonly string[] }
  | { op: 'timestamp'; path: Pointer; read: TimeReader; to: 'iso' | 'epoch_milliseconds' }
  | { op: 'map'; path: Pointer; values: Readonly<Record<string, unknown>>; others: 'keep' | 'refuse' }
  | { op: 'replace'; path: Pointer; pattern: RegExp; with: string }
  /** On the text, before it is read as JSON or as fields. */
  | { op: 'text'; pattern: RegExp; with: string }

/** A declared repair: which rejects it is for, and what it does to each. No code. */
export interface Fix {
  name: string
  about: string
  match: { code: readonly string[]; stage: readonly string[]; source: readonly string[]; where: readonly Condition[] }
  operations: readonly Operation[]
}

/** A fix from JSON, or everything that is wrong with it. Never throws. */
export function parseFix(json: unknown): Fix | { problems: string[] } {
  const problems: string[] = []
  const c = new Check(json, '', problems)
  const name = c.text('name')
  if (name !== '' && !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    c.fail('name', 'is not of lower-case letters, digits and -')
  const about = c.text('about', '')
  const m = new Check(c.value('match') ?? {}, 'match', problems)
  const match = {
    code: m.texts('code'),
    stage: m.texts('stage'),
    source: m.texts('source'),
    where: m.list('where').map((w, i) => condition(new Check(w, `match.where[${i}]`, problems))),
  }
  m.nothingElse()
  const given = c.list('operations')
  if (given.length === 0) c.fail('operations', 'is empty: a fix that changes nothing is a replay')
  const operations = given.map((o, i) => operation(new Check(o, `operations[${i}]`, problems)))
  c.nothingElse()
  return problems.length > 0 ? { problems } : { name, about, match, operations: operations.filter((o) => o !== null) }
}

function condition(c: Check): Condition {
  const out: Condition = { path: c.pointer('path') }
  if (c.value('is') !== undefined) out.is = c.oneOf('is', VALUE_TYPES, 'missing')
  if (c.value('equals') !== undefined) out.equals = c.value('equals')
  if (c.value('pattern') !== undefined) out.pattern = c.pattern('pattern')
  if (Object.keys(out).length === 1) c.fail('path', 'has no condition: give is, equals or pattern')
  c.nothingElse()
  return out
}

const OPS = [
  'set',
  'default',
  'delete',
  'trim',
  'rename',
  'copy',
  'number',
  'boolean',
  'timestamp',
  'map',
  'replace',
  'text',
] as const

function operation(c: Check): Operation | null {
  const op = c.text('op')
  const out = (OPS as readonly string[]).includes(op) ? read(op as Operation['op'], c) : null
  if (out === null) {
    if (op !== '') c.fail('op', `is none of ${OPS.join(', ')}`)
    return null
  }
  c.nothingElse()
  return out
}

function read(op: Operation['op'], c: Check): Operation {
  switch (op) {
    case 'set':
    case 'default': {
      const path = c.pointer('path')
      const value = c.value('value')
      if (value === undefined) c.fail('value', 'is missing')
      return { op, path, value }
    }
    case 'delete':
    case 'trim':
      return { op, path: c.pointer('path') }
    case 'rename':
    case 'copy':
      return { op, from: plain(c, 'from'), to: plain(c, 'to') }
    case 'number': {
      const decimal = c.oneOf('decimal', ['.', ','], '.')
      const group = c.value('group') === undefined ? null : c.text('group')
      if (group !== null && (group.length !== 1 || group === decimal || /\d/.test(group)))
        c.fail('group', 'is no single character other than digits and the decimal sign')
      return { op, path: c.pointer('path'), decimal, group }
    }
    case 'boolean':
      return {
        op,
        path: c.pointer('path'),
        yes: c.texts('true', ['true', 'yes', '1']),
        no: c.texts('false', ['false', 'no', '0']),
      }
    case 'timestamp': {
      const reader = timeReader(c.text('format'), c.text('zone', 'UTC'))
      if (typeof reader === 'string') c.fail('format', `cannot be used: ${reader}`)
      const to = c.oneOf('to', ['iso', 'epoch_milliseconds'], 'iso')
      return { op, path: c.pointer('path'), read: typeof reader === 'string' ? () => null : reader, to }
    }
    case 'map': {
      const values = c.value('values')
      const sound = typeof values === 'object' && values !== null && !Array.isArray(values)
      if (!sound) c.fail('values', 'is no object of old to new values')
      const others = c.oneOf('others', ['keep', 'refuse'], 'keep')
      return { op, path: c.pointer('path'), values: sound ? (values as Record<string, unknown>) : {}, others }
    }
    case 'replace':
      return { op, path: c.pointer('path'), pattern: c.pattern('pattern'), with: c.text('with') }
    case 'text':
      return { op, pattern: c.pattern('pattern'), with: c.text('with') }
  }
}

/** One place only: what is renamed or copied from many places would meet in one. */
function plain(c: Check, name: string): Pointer {
  const p = c.pointer(name)
  if (p.includes('*')) c.fail(name, 'names many places: give one')
  return p
}
