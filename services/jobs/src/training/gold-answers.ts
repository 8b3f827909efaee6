import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { ROW_MARK, type RowCursor, readRows } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import { AnswerTable, type Bound, sampledBy } from '@mastery/topology/evaluation/loaders/answer-table.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { CLOCK_TOLERANCE_MS } from '@mastery/topology/stages/windowing/entry.ts'

export interface GoldAnswers {
  log: AnswerLog
  /** Per partition of learning.events: one beyond the last offset that gold had. */
  offsets: Record<string, number>
  /** By name of a group: its text for each row that was read. */
  columns: ReadonlyMap<string, readonly string[]>
  /** Where the bound was met: the share of students who are kept. */
  sampled: { share: number } | null
}

/** UTC milliseconds; left out: no limit. */
export interface AnswerRange {
  from?: number
  to?: number
}

const SCORED_CORRECT = 0.5

/** What answers are measured by apart, too. */
const GROUPS = ['kind of work', 'source system'] as const

/**
 * Every opportunity of a generation, in the order in which the models fold them: (occurred_at, source sequence) within a
 * student. Of several pieces of evidence for one opportunity the best stands for it, as in the windows. An answer that
 * was voided or corrected is left out: what it should have been is known, how it came about is not; what teachers judged is none. Answers of one
 * student and instant were given together: they are a bundle.
 */
export async function goldAnswers(
  gold: GoldStore & HistorySource,
  generation: number,
  range: AnswerRange = {},
  bound?: Omit<Bound, 'onLeave'>,
): Promise<GoldAnswers> {
  const places = await gold.query<{ p: number; next: number }>(
    'SELECT src_partition AS p, max(src_offset) + 1 AS next FROM learning_events GROUP BY p ORDER BY p',
  )
  const offsets = Object.fromEntries(places.map(({ p, next }) => [String(p), Number(next)]))
  const table = new AnswerTable(bound)
  const columns = new Map(GROUPS.map((name): [string, string[]] => [name, []]))
  let row = 0
  for await (const rows of readRows(gold.stream(answersSql(generation, offsets, range), 'RowBinary'), readAnswer))
    for (const { student, item, topics, correct, at, extra, groups } of rows) {
      if (!table.admits(student)) continue
      table.add(student, item, correct, at, row++)
      for (const t of topics) table.topic(t)
      for (const [name, value] of Object.entries(extra)) table.extra(name, value)
      GROUPS.forEach((name, i) => {
        columns.get(name)!.push(groups[i]!)
      })
    }
  const log = table.build({ clock: true, byTime: false, instants: true })
  return { log, offsets, columns, sampled: sampledBy(table) }
}

function answersSql(generation: number, offsets: Readonly<Record<string, number>>, range: AnswerRange): string {
  const cut = Object.entries(offsets).map(([p, next]) => `(src_partition = ${p} AND src_offset < ${next})`)
  const within = cut.length === 0 ? '0' : `(${cut.join(' OR ')})`
  const time = [
    range.from === undefined ? '' : ` AND at >= fromUnixTimestamp64Milli(${Math.trunc(range.from)})`,
    range.to === undefined ? '' : ` AND at < fromUnixTimestamp64Milli(${Math.trunc(range.to)})`,
  ].join('')
  return `
    SELECT toUInt8(${ROW_MARK}), student_id, isNull(item) ? '' : assumeNotNull(item), arrayMap(t -> toString(t), topics),
      toUInt8(assumeNotNull(score) >= ${SCORED_CORRECT}), toFloat64(toUnixTimestamp64Milli(at)),
      ifNull(toFloat64(response_time_ms), nan), ifNull(toFloat64(hints), 0),
      toString(kind), toString(source_system)
    FROM (
      SELECT *, if(occurred_at > addMilliseconds(observed_at, ${CLOCK_TOLERANCE_MS}), observed_at, occurred_at) AS at
      FROM learning_events FINAL
      WHERE ${within}${time} AND score IS NOT NULL AND notEmpty(topics)
        AND (src_partition, src_offset) IN (
          SELECT src_partition, src_offset FROM event_dispositions FINAL
          WHERE generation = ${Math.trunc(generation)} AND disposition IN ('counted', 'corrected', 'outranked') AND ${within})
        AND (student_id, event_id) NOT IN (
          SELECT student_id, assumeNotNull(target_event_id) FROM student_commands FINAL
          WHERE target_event_id IS NOT NULL AND ${within})
        AND (student_id, event_id) NOT IN (
          SELECT student_id, assumeNotNull(supersedes) FROM learning_events FINAL WHERE supersedes IS NOT NULL AND ${within})
        AND supersedes IS NULL AND role = 'evidence' AND kind != 'teacher_feedback'
      ORDER BY authority = 'server' DESC, at, source_sequence, event_id
      LIMIT 1 BY student_id, ifNull(opportunity_key, event_id)
    )
    ORDER BY student_id, at, source_sequence, event_id`
}

function readAnswer(c: RowCursor) {
  const student = c.repeated(0)
  const item = c.repeated(1)
  const topics: string[] = []
  for (let n = c.size(); n > 0; n--) topics.push(c.repeated(2))
  const correct = c.flag()
  const at = c.float64()
  return {
    student,
    item: item === '' ? null : item,
    topics,
    correct,
    at,
    // What the scoring stage knows of an answer, and no more: a model that is trained here can be served there.
    extra: { response_ms: c.float64(), hints: c.float64() },
    groups: [c.repeated(3), c.repeated(4)],
  }
}
