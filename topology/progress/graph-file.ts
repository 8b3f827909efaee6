import {
  type Delimiter,
  detectDelimiter,
  type LogicalRecord,
  RecordSplitter,
  splitFields,
} from '../importers/delimited.ts'
import { GraphError, type GraphTopic, type TopicGraph, topicGraph } from './graph.ts'

export type GraphFormat = 'csv' | 'json'

const FIELDS = ['topic', 'name', 'chapter', 'subject', 'course', 'prerequisites'] as const
type Field = (typeof FIELDS)[number]

/**
 * A graph from a file's text. CSV: a header with `topic` and any of `name, chapter, subject, course, prerequisites`
 * (several of these apart by blanks, `;` or `|`). JSON: `{"topics": [{"topic": ..., "prerequisites": [...]}]}`, or the
 * list alone.
 * @throws GraphError with every problem, each with its line or its number in the list
 */
export function parseGraph(text: string, format: GraphFormat): TopicGraph {
  const problems: string[] = []
  const topics = format === 'csv' ? fromCsv(text, problems) : fromJson(text, problems)
  try {
    const graph = topicGraph(topics)
    if (topics.length === 0 && problems.length === 0) problems.push('The file names no topic.')
    if (problems.length === 0) return graph
  } catch (e) {
    if (!(e instanceof GraphError)) throw e
    problems.push(...e.problems)
  }
  throw new GraphError(problems)
}

function fromCsv(text: string, problems: string[]): GraphTopic[] {
  const splitter = new RecordSplitter()
  const [header, ...records] = [...splitter.push(text), ...splitter.end()]
  if (!header) return []
  const delimiter = detectDelimiter(header.raw)
  const columns = (splitFields(header.raw, delimiter) ?? []).map((c) => c.trim().toLowerCase())
  for (const [i, c] of columns.entries()) {
    if (!(FIELDS as readonly string[]).includes(c))
      problems.push(`Line ${header.line}: there is no column "${c}"; the columns are ${FIELDS.join(', ')}.`)
    else if (columns.indexOf(c) !== i) problems.push(`Line ${header.line}: column "${c}" is there twice.`)
  }
  if (!columns.includes('topic')) {
    problems.push(`Line ${header.line}: the column "topic" is missing.`)
    return []
  }
  return records.flatMap((r) => rowOf(r, delimiter, columns, problems) ?? [])
}

function rowOf(r: LogicalRecord, delimiter: Delimiter, columns: string[], problems: string[]): GraphTopic | null {
  const fields = splitFields(r.raw, delimiter)
  if (fields === null || fields.length !== columns.length) {
    const why =
      fields === null ? 'a quote does not close' : `it has ${fields.length} fields, the header ${columns.length}`
    problems.push(`Line ${r.line}: ${why}.`)
    return null
  }
  const of = (f: Field) => fields[columns.indexOf(f)]?.trim() ?? ''
  const id = of('topic')
  if (id === '') {
    problems.push(`Line ${r.line}: the topic is empty.`)
    return null
  }
  return {
    id,
    name: of('name') || id,
    chapter: of('chapter'),
    subject: of('subject'),
    course: of('course'),
    prerequisites: of('prerequisites')
      .split(/[\s;|]+/)
      .filter((p) => p !== ''),
  }
}

function fromJson(text: string, problems: string[]): GraphTopic[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (e) {
    problems.push(`The file is no JSON: ${(e as Error).message}.`)
    return []
  }
  const list = Array.isArray(json) ? json : (json as { topics?: unknown } | null)?.topics
  if (!Array.isArray(list)) {
    problems.push('The file has no list of topics: give {"topics": [{"topic": "fractions", "chapter": "numbers"}]}.')
    return []
  }
  return list.flatMap((entry, i) => entryOf(entry, `Topic ${i + 1}`, problems) ?? [])
}

function entryOf(entry: unknown, where: string, problems: string[]): GraphTopic | null {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    problems.push(`${where} is no object.`)
    return null
  }
  const given = entry as Record<string, unknown>
  const before = problems.length
  for (const key of Object.keys(given))
    if (!(FIELDS as readonly string[]).includes(key))
      problems.push(`${where} has the field "${key}"; the fields are ${FIELDS.join(', ')}.`)
  const textOf = (f: Field): string => {
    const v = given[f] ?? ''
    if (typeof v !== 'string') problems.push(`${where}: ${f} is no text.`)
    return typeof v === 'string' ? v.trim() : ''
  }
  const prerequisites = given['prerequisites'] ?? []
  if (!Array.isArray(prerequisites) || prerequisites.some((p) => typeof p !== 'string'))
    problems.push(`${where}: prerequisites is no list of topics.`)
  const id = textOf('topic')
  if (id === '') problems.push(`${where}: topic is missing.`)
  const topic = {
    id,
    name: textOf('name') || id,
    chapter: textOf('chapter'),
    subject: textOf('subject'),
    course: textOf('course'),
    prerequisites: prerequisites as string[],
  }
  return problems.length > before ? null : topic
}
