import { HttpError } from '@mastery/infra/http/call.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { iso } from './current.ts'
import { instantOf, limitOf, modelOf } from './query.ts'

interface Row {
  mastery_score: number
  score_source: string
  as_of_ms: number
  explanation: string
  cause: string
  reason: string | null
  last_updated_ms: number
  src_partition: number
  src_offset: number
  ordinal: number
}

/** Place of the last row of a page: the order of history, as gold computes it. */
type Cursor = [asOf: number, partition: number, offset: number, ordinal: number, source: string]

const ORDER = 'as_of_ms, src_partition, src_offset, ordinal, score_source'

export interface HistoryOf {
  tenant: string
  student: string
  topic: string
  generation: number
}

/** One page of mastery over time, oldest first. Throws HttpError 400. */
export async function historyPage(
  gold: GoldStore,
  of: HistoryOf,
  query: URLSearchParams,
): Promise<{ rows: unknown[]; next_cursor: string | null }> {
  const limit = limitOf(query)
  const from = instantOf(query, 'from')
  const to = instantOf(query, 'to')
  const source = modelOf(query, 'source')
  const cursor = cursorOf(query.get('cursor'))
  const params: Record<string, unknown> = { ...of, limit: limit + 1 }
  const where = [
    'tenant = {tenant:String}',
    'student_id = {student:String}',
    'topic_id = {topic:String}',
    'generation = {generation:UInt16}',
  ]
  const and = (condition: string, more: Record<string, unknown>) => {
    where.push(condition)
    Object.assign(params, more)
  }
  if (from !== null) and('as_of_ms >= {from:Int64}', { from })
  if (to !== null) and('as_of_ms <= {to:Int64}', { to })
  if (source !== null) and('score_source = {source:String}', { source })
  if (cursor !== null) {
    const [c0, c1, c2, c3, c4] = cursor
    and(`(${ORDER}) > ({c0:Int64}, {c1:UInt16}, {c2:UInt64}, {c3:UInt16}, {c4:String})`, { c0, c1, c2, c3, c4 })
  }
  const found = await gold.query<Row>(
    `SELECT mastery_score, score_source, toUnixTimestamp64Milli(as_of) AS as_of_ms, explanation, cause, reason,
      toUnixTimestamp64Milli(last_updated) AS last_updated_ms, src_partition, src_offset, ordinal
      FROM v_student_mastery_history WHERE ${where.join(' AND ')} ORDER BY ${ORDER} LIMIT {limit:UInt32}`,
    params,
  )
  const page = found.slice(0, limit)
  return {
    rows: page.map((r) => ({
      student_id: of.student,
      topic_id: of.topic,
      mastery_score: r.mastery_score,
      score_source: r.score_source,
      as_of: iso(Number(r.as_of_ms)),
      explanation: r.explanation,
      cause: r.cause,
      reason: r.reason,
      last_updated: iso(Number(r.last_updated_ms)),
    })),
    next_cursor: found.length > limit ? cursorText(page.at(-1)!) : null,
  }
}

function cursorText(r: Row): string {
  const cursor: Cursor = [Number(r.as_of_ms), r.src_partition, Number(r.src_offset), r.ordinal, r.score_source]
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}

function cursorOf(text: string | null): Cursor | null {
  if (text === null) return null
  try {
    const c = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[]
    if (c.length === 5 && typeof c[4] === 'string' && c.slice(0, 4).every((n) => Number.isSafeInteger(n)))
      return c as Cursor
  } catch {
    // The same answer as for JSON that is no cursor.
  }
  throw new HttpError(
    400,
    'bad_cursor',
    'cursor is not one that this service gave: leave it out to begin at the first page.',
  )
}
