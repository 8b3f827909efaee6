import { isUtf8 } from 'node:buffer'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import { type Codec, CodecError } from '../ports/codec.ts'
import type { SubjectName } from '../topics.ts'
import type { Fix } from './fix.ts'
import { fieldsOf, type ImportedRow, ROW_TYPE, readRow, withValue } from './imported-row.ts'
import { type Change, isFor, transform, transformText } from './transform.ts'

/** What the bytes of a reject say, as far as they can be read. */
export type Content =
  /** `value` is undefined where the text is no JSON. */
  | { form: 'json'; text: string; value: unknown }
  /** A row of a file; `value` is undefined where its fields do not fit its header. */
  | { form: 'row'; row: ImportedRow; value: unknown }
  /** A record of the log. */
  | { form: 'record'; subject: SubjectName; value: unknown }
  | { form: 'unreadable'; why: string }

const AVRO = 'application/vnd.confluent.avro'
const TEXTS = ['application/json', 'application/x-ndjson', 'application/ndjson']

/** `bytes` are the reject's, unsealed. */
export function contentOf(reject: Pick<Reject, 'content_type' | 'stage'>, bytes: Buffer, codec: Codec): Content {
  const type = reject.content_type
  if (type === AVRO) return recordOf(bytes, codec)
  if (type === ROW_TYPE) {
    const row = readRow(bytes)
    return row === null
      ? { form: 'unreadable', why: 'the row cannot be read back: import the file again' }
      : { form: 'row', row, value: fieldsOf(row) }
  }
  if (reject.stage === 'import')
    return {
      form: 'unreadable',
      why: 'an older version kept the row without its header: mend the file and import it again; rows that arrived already are recognised',
    }
  if (!TEXTS.includes(type))
    return { form: 'unreadable', why: `only the beginning of its ${type} is kept: it must come again from its source` }
  if (!isUtf8(bytes)) return { form: 'unreadable', why: 'its bytes are no UTF-8: it must come again from its source' }
  const text = bytes.toString('utf8')
  return { form: 'json', text, value: parsed(text) }
}

function recordOf(bytes: Buffer, codec: Codec): Content {
  try {
    return { form: 'record', ...codec.decode(bytes) }
  } catch (e) {
    if (!(e instanceof CodecError)) throw e
    const again =
      e.code === 'unknown_schema'
        ? 'replay it once the registry and this build know its schema'
        : 'it must come again from its source'
    return { form: 'unreadable', why: `${e.message} What cannot be decoded cannot be mended here: ${again}` }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as unknown
  } catch {
    return undefined
  }
}

export type Edited =
  | { type: 'fixed'; content: Content; changes: Change[] }
  /** Not of those that the fix is for, or nothing in it to change. */
  | { type: 'untouched'; why: string }
  | { type: 'failed'; problems: string[] }

/** Carries out a fix on a reject's content. Never throws. */
export function edit(
  content: Content,
  fix: Fix,
  reject: { code: string; stage: string; origin_topic: string },
): Edited {
  if (content.form === 'unreadable') return { type: 'failed', problems: [content.why] }
  const about = { code: reject.code, stage: reject.stage, source: reject.origin_topic }
  if (!isFor(fix, about, content.value)) return { type: 'untouched', why: `fix ${fix.name} is for other rejects` }
  const texted = editText(content, fix)
  const { changes } = texted
  if (texted.content.value === undefined)
    return {
      type: 'failed',
      problems: [
        content.form === 'row'
          ? 'Its fields do not fit the header; an operation "text" can change the row itself.'
          : 'Its text is no JSON; an operation "text" can change the text itself.',
      ],
    }
  const t = transform(fix, texted.content.value)
  if (t.problems.length > 0) return { type: 'failed', problems: t.problems }
  changes.push(...t.changes)
  if (changes.length === 0) return { type: 'untouched', why: `fix ${fix.name} changes nothing in it` }
  if (t.changes.length === 0) return { type: 'fixed', content: texted.content, changes }
  const fixed = texted.content
  const next: Content =
    fixed.form === 'row'
      ? { ...fixed, row: withValue(fixed.row, t.value), value: t.value }
      : fixed.form === 'json'
        ? { ...fixed, text: JSON.stringify(t.value), value: t.value }
        : { ...fixed, value: t.value }
  return { type: 'fixed', content: next, changes }
}

type Readable = Exclude<Content, { form: 'unreadable' }>

function editText(content: Readable, fix: Fix): { content: Readable; changes: Change[] } {
  if (content.form === 'record') return { content, changes: [] }
  const before = content.form === 'row' ? content.row.row : content.text
  const after = transformText(fix, before)
  if (after === before) return { content, changes: [] }
  const changes: Change[] = [{ path: '', before, after }]
  if (content.form === 'json') return { content: { ...content, text: after, value: parsed(after) }, changes }
  const row = { ...content.row, row: after }
  return { content: { ...content, row, value: fieldsOf(row) }, changes }
}
