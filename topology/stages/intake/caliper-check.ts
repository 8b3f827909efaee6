import { parseIso } from '../../importers/clock.ts'
import { ENTITIES, ENTRIES, EVENTS, FIELDS, type FieldKind, ITEMS, NEEDED, REFERENCES } from './caliper-vocabulary.ts'
import { durationMs } from './iso-duration.ts'
import { isObject, type JsonObject } from './outcome.ts'

const IRI = /^(_:\S+|[a-z][a-z0-9+.-]*:\S+)$/i
/** Types that have no id. */
const NAMELESS: ReadonlySet<string> = new Set(['SystemIdentifier', 'TextPositionSelector'])

/**
 * What is wrong with a Caliper document, field by field, at most ten of them; empty where nothing is. Any entity may be
 * thinned to its IRI. Extensions are not looked into. The caller bounds the depth. Null is the same as left out, except for id, type and actor.
 */
export function caliperProblems(document: JsonObject): string[] {
  const problems: string[] = []
  checkEntity(document, '', 0, problems)
  const type = document['type']
  if (type === 'Event' || EVENTS.has(type as string)) checkEvent(document, type as string, problems)
  else if (typeof type === 'string' && !ENTITIES.has(type)) problems.push('type is not known in Caliper 1.1 or 1.2')
  return problems.slice(0, 10)
}

function checkEvent(e: JsonObject, type: string, problems: string[]): void {
  for (const name of ['actor', 'action', 'object', 'eventTime'])
    if (e[name] === null || e[name] === undefined) problems.push(`${name} is missing`)
  const spec = EVENTS.get(type)
  if (!spec) return
  if (typeof e['action'] === 'string' && !spec.actions.has(e['action']))
    problems.push(`action does not belong to ${type}`)
  reference('object', e['object'], spec.objects, problems)
  if (spec.needs !== undefined && e['action'] === 'Launched' && e[spec.needs] == null)
    problems.push(`${spec.needs} is missing`)
}

function checkEntity(o: JsonObject, path: string, depth: number, problems: string[]): void {
  const type = o['type']
  if (depth === 0 || type !== undefined)
    if (typeof type !== 'string' || type === '') problems.push(`${path}type is missing`)
  if (!NAMELESS.has(type as string) && (depth === 0 || o['id'] !== undefined))
    if (typeof o['id'] !== 'string' || !IRI.test(o['id'])) problems.push(`${path}id is no IRI`)
  for (const name of NEEDED.get(type as string) ?? []) if (o[name] == null) problems.push(`${path}${name} is missing`)
  if ((type === 'Score' || type === 'Result') && 'attempt' in o && o['attempt'] === null)
    problems.push(`${path}attempt is missing`)

  for (const [name, value] of Object.entries(o)) {
    if (value === null || name === '@context') continue
    const kind = name === 'value' && type !== 'Rating' ? 'text' : FIELDS.get(name)
    if (kind !== undefined && !fits(kind, value)) problems.push(`${path}${name} is no ${NAMES[kind]}`)
    const allowed = REFERENCES.get(name)
    if (allowed) reference(`${path}${name}`, value, allowed, problems)
    if (kind === 'object') continue
    const entries = name === 'items' ? ITEMS.get(type as string) : ENTRIES.get(name)
    if (Array.isArray(value)) {
      value.forEach((entry, i) => {
        if (entries) reference(`${path}${name}[${i}]`, entry, entries, problems)
        if (isObject(entry)) checkEntity(entry, `${path}${shown(name)}[${i}].`, depth + 1, problems)
      })
    } else if (isObject(value)) checkEntity(value, `${path}${shown(name)}.`, depth + 1, problems)
  }
}

/** Names that the format does not have may say anything and are not repeated. */
function shown(name: string): string {
  return FIELDS.has(name) || REFERENCES.has(name) || name === 'object' ? name : 'other'
}

function reference(path: string, value: unknown, allowed: ReadonlySet<string>, problems: string[]): void {
  if (value === null || value === undefined) return
  if (typeof value === 'string') {
    if (!IRI.test(value)) problems.push(`${path} is neither an entity nor an IRI`)
  } else if (!isObject(value)) problems.push(`${path} is neither an entity nor an IRI`)
  else if (typeof value['type'] === 'string' && !allowed.has(value['type']))
    problems.push(`${path} is of a type that does not belong there`)
}

const NAMES: Readonly<Record<FieldKind, string>> = {
  text: 'text',
  time: 'ISO 8601 date and time',
  duration: 'ISO 8601 duration',
  number: 'number',
  boolean: 'true or false',
  list: 'list',
  texts: 'list of texts',
  object: 'object',
}

function fits(kind: FieldKind, v: unknown): boolean {
  switch (kind) {
    case 'text':
      return typeof v === 'string'
    case 'time':
      return typeof v === 'string' && v.length > 10 && parseIso(v) !== null
    case 'duration':
      return typeof v === 'string' && durationMs(v) !== null
    case 'number':
      return typeof v === 'number' && Number.isFinite(v)
    case 'boolean':
      return typeof v === 'boolean'
    case 'list':
      return Array.isArray(v)
    case 'texts':
      return Array.isArray(v) && v.every((x) => typeof x === 'string')
    case 'object':
      return isObject(v)
  }
}
