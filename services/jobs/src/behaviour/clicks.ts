import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { ROW_MARK, type RowCursor, readRows } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import { quote } from '@mastery/infra/provision/gold/ddl.ts'
import type { TopicClick } from '@mastery/topology/effort/click-gaming.ts'
import { CHOSEN } from '@mastery/topology/items/chosen-option.ts'
import { rangeSql, studentRanges } from '../student-ranges.ts'

/** A student's click, and whose it is. */
export interface StudentsClick {
  tenant: string
  student: string
  click: TopicClick
}

/** Whose clicks are read; left out: everybody's. */
export interface Whose {
  tenant?: string
  student?: string
}

/** A sort or join that needs more goes on on the disk. */
const MEMORY = 300_000_000

const orNan = (of: string) => `ifNull(toFloat64(${of}), nan)`

/**
 * Answers and requests for help, student by student, each student's in the order in which they were given; what was
 * taken back or came twice is left out.
 * @param of SQL condition on tenant and student_id
 */
function clicksSql(generation: number, of: string): string {
  return `
    SELECT toUInt8(${ROW_MARK}), tenant, student_id, at, source, ifNull(session, ''), ifNull(item, ''), topics,
      help, right, ms, threshold, hints, asked, option FROM (
      SELECT e.tenant AS tenant, e.student_id AS student_id, toFloat64(toUnixTimestamp64Milli(e.occurred_at)) AS at,
        toString(e.source_system) AS source, e.session AS session, e.item AS item, arrayMap(t -> toString(t), e.topics) AS topics,
        toUInt8(e.score IS NULL) AS help, toUInt8(ifNull(e.score, 0) >= 0.5) AS right, ${orNan('e.response_time_ms')} AS ms,
        ${orNan('h.rapid_ms')} AS threshold, toFloat64(ifNull(e.hints, 0)) AS hints, ${orNan('e.answer_request_ms')} AS asked,
        substring(arrayFirst(a -> startsWith(a, '${CHOSEN}'), mapKeys(e.actions)), ${CHOSEN.length + 1}) AS option,
        e.occurred_at AS occurred_at, e.source_sequence AS source_sequence, e.event_id AS event_id
      FROM (
        SELECT tenant, student_id, event_id, occurred_at, source_sequence, source_system, session, item, topics, score,
          response_time_ms, hints, answer_request_ms, actions, help_requests, src_partition, src_offset
        FROM learning_events FINAL WHERE ${of}
      ) AS e
      INNER ANY JOIN (
        SELECT src_partition, src_offset, toString(disposition) AS disposition FROM event_dispositions FINAL
        WHERE ${of} AND generation = ${Math.trunc(generation)} AND disposition IN ('counted', 'corrected', 'context')
      ) AS d ON e.src_partition = d.src_partition AND e.src_offset = d.src_offset
      LEFT ANY JOIN (SELECT tenant, item, rapid_ms FROM v_item_health) AS h ON e.tenant = h.tenant AND ifNull(e.item, '') = h.item
      WHERE (d.disposition IN ('counted', 'corrected') AND e.score IS NOT NULL)
        OR (d.disposition = 'context' AND ifNull(e.help_requests, 0) > 0)
    ) ORDER BY tenant, student_id, occurred_at, source_sequence, event_id
    SETTINGS join_algorithm = 'grace_hash', max_bytes_before_external_sort = ${MEMORY}, max_bytes_in_join = ${MEMORY}`
}

function readClick(c: RowCursor): StudentsClick {
  const [tenant, student, at] = [c.repeated(0), c.repeated(1), c.float64()]
  const [source, session, item] = [c.repeated(2), c.repeated(3), c.repeated(4)]
  const topics: string[] = []
  for (let n = c.size(); n > 0; n--) topics.push(c.repeated(5))
  const help = c.flag()
  const right = c.flag()
  const [ms, threshold, hints, asked] = [c.float64(), c.float64(), c.float64(), c.float64()]
  const option = c.repeated(6)
  const text = (t: string) => (t === '' ? null : t)
  const known = (x: number) => (Number.isNaN(x) ? null : x)
  return {
    tenant,
    student,
    click: {
      at,
      source,
      session: text(session),
      item: text(item),
      topics,
      kind: help ? 'help' : 'answer',
      right,
      responseMs: known(ms),
      thresholdMs: known(threshold),
      hints,
      answerRequestMs: known(asked),
      option: text(option),
    },
  }
}

/** Events that are sorted at a time: a student with more is sorted alone. */
const RANGE = 50_000

/**
 * Clicks in one pass over gold, one range of students after the other, so that neither the engine's memory nor this
 * process's depends on how many there are.
 */
export async function* readClicks(
  gold: HistorySource,
  generation: number,
  { tenant, student }: Whose,
): AsyncGenerator<StudentsClick[]> {
  const whose = [
    ...(tenant === undefined ? [] : [`tenant = ${quote(tenant)}`]),
    ...(student === undefined ? [] : [`student_id = ${quote(student)}`]),
  ].join(' AND ')
  const ranges =
    student === undefined ? await studentRanges(gold, 'learning_events', whose === '' ? '1' : whose, RANGE) : null
  for (const of of ranges?.map(rangeSql) ?? [whose])
    yield* readRows(gold.stream(clicksSql(generation, of), 'RowBinary'), readClick)
}
