import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { ROW_MARK, type RowCursor, readRows } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import type { SeenAnswer } from '@mastery/topology/learners/sakt/attention.ts'
import { BOUNDED, type ExportCut, ofCut, within } from './table.ts'

/** A predicted answer, with what attention needs to know of it. */
export interface OrderedAnswer extends SeenAnswer {
  student: string
  event: string
}

/**
 * Predicted answers, student by student, in the order in which the models fold them; those that were voided or replaced
 * are left out.
 * @param student one student alone; left out: all of them
 */
export async function* answersInOrder(
  gold: HistorySource,
  cut: ExportCut,
  student?: string,
): AsyncGenerator<OrderedAnswer[], void, undefined> {
  yield* readRows(gold.stream(orderedSql(cut, student), 'RowBinary'), read)
}

function orderedSql(cut: ExportCut, student: string | undefined): string {
  // A pseudonym is hexadecimal: nothing in it needs quoting.
  const whose = student === undefined ? '' : ` AND student_id = '${student.replace(/[^0-9a-f]/g, '')}'`
  return `
    SELECT toUInt8(${ROW_MARK}), student_id, event_id, ifNull(item, ''), arrayMap(t -> toString(t), topics), toUInt8(correct),
      toFloat64(toUnixTimestamp64Milli(occurred_at))
    FROM (
      SELECT p.student_id AS student_id, p.event_id AS event_id, p.item AS item, l.topics AS topics, p.correct AS correct,
        p.occurred_at AS occurred_at, l.source_sequence AS source_sequence
      FROM (
        SELECT * FROM next_correct_prediction_rows FINAL
        WHERE ${ofCut(cut)} AND ${within(cut)}${whose}
          AND (student_id, event_id) NOT IN (
            SELECT student_id, assumeNotNull(target_event_id) FROM student_commands FINAL WHERE target_event_id IS NOT NULL)
          AND (student_id, event_id) NOT IN (
            SELECT student_id, assumeNotNull(supersedes) FROM learning_events FINAL WHERE supersedes IS NOT NULL)
      ) AS p
      INNER ANY JOIN (SELECT src_partition, src_offset, topics, source_sequence FROM learning_events FINAL
        WHERE ${within(cut)}${whose}) AS l ON p.src_partition = l.src_partition AND p.src_offset = l.src_offset
    ) ORDER BY student_id, occurred_at, source_sequence, event_id SETTINGS ${BOUNDED}`
}

function read(c: RowCursor): OrderedAnswer {
  const student = c.repeated(0)
  const event = c.text()
  const item = c.repeated(1)
  const topics: string[] = []
  for (let n = c.size(); n > 0; n--) topics.push(c.repeated(2))
  return { student, event, item: item === '' ? null : item, topics, correct: c.flag(), at: c.float64() }
}
