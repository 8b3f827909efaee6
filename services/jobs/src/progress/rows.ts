import { ROW_MARK, type RowCursor } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import type { TopicStanding } from '@mastery/topology/progress/roll-up.ts'
import type { TopicAnswer } from '@mastery/topology/progress/student.ts'

export interface RowOf<T> {
  student: string
  row: T
}

/**
 * Answers per topic of some students, in the order in which they came, as `readAnswerRow` takes them: the mastery that
 * each left behind, and what was expected before it. What other events changed later is not an answer's row.
 */
export function answersSql(where: string, generation: number): string {
  const own = `${where} AND generation = ${Math.trunc(generation)}`
  return `SELECT toUInt8(${ROW_MARK}), h.student_id, h.topic_id, h.mastery, toUnixTimestamp64Milli(h.as_of),
      toUnixTimestamp64Milli(n.occurred_at), ifNull(n.item, ''), toUInt8(n.correct), n.p
    FROM (SELECT student_id, toString(topic_id) AS topic_id, event_id, as_of, mastery_scores[-1] AS mastery, src_offset, ordinal
      FROM student_mastery_history_rows FINAL WHERE ${own} AND NOT revision) AS h
    INNER JOIN (SELECT student_id, event_id, occurred_at, item, correct, probabilities[-1] AS p
      FROM next_correct_prediction_rows FINAL WHERE ${own}) AS n
    ON h.student_id = n.student_id AND h.event_id = n.event_id
    ORDER BY h.student_id, h.src_offset, h.ordinal`
}

export function readAnswerRow(c: RowCursor): RowOf<TopicAnswer> {
  const student = c.repeated(0)
  const topic = c.repeated(1)
  const mastery = c.float64()
  const asOf = c.int64()
  const at = c.int64()
  const item = c.repeated(2)
  return {
    student,
    row: { topic, mastery, asOf, at, item: item === '' ? null : item, correct: c.flag(), expected: c.float64() },
  }
}

/** Current blended mastery, as `readStanding` takes it. */
export function standingsSql(where: string, generation: number): string {
  return `SELECT toUInt8(${ROW_MARK}), student_id, toString(topic_id), mastery_scores[-1], uncertainty, toInt64(opportunities),
      toUnixTimestamp64Milli(as_of) FROM student_mastery_rows FINAL
    WHERE ${where} AND generation = ${Math.trunc(generation)} AND opportunities > 0 ORDER BY student_id, topic_id`
}

export function readStanding(c: RowCursor): RowOf<TopicStanding> {
  const student = c.repeated(0)
  const topic = c.repeated(1)
  return {
    student,
    row: { topic, mastery: c.float64(), uncertainty: c.float64(), opportunities: c.int64(), asOf: c.int64() },
  }
}

/** Counts right answers per topic and item. `at`: UTC milliseconds. */
export function itemsInsert(generation: number, at: number): string {
  return `INSERT INTO topic_items (tenant, topic_id, item, also, answers, correct, p_value, topic_p_value, computed_at)
    SELECT tenant, topic_id, item, also, answers, correct, (correct + 20 * share) / (answers + 20), share, fromUnixTimestamp64Milli(toInt64(${Math.trunc(at)}), 'UTC')
    FROM (SELECT tenant, topic_id, item, arrayFilter(t -> t != topic_id, all) AS also, answers, correct,
        sum(correct) OVER (PARTITION BY tenant, topic_id) / sum(answers) OVER (PARTITION BY tenant, topic_id) AS share
      FROM (SELECT p.tenant AS tenant, arrayJoin(i.topics) AS topic_id, i.topics AS all, p.item AS item, p.answers AS answers, p.correct AS correct
        FROM (SELECT tenant, assumeNotNull(item) AS item, count() AS answers, countIf(correct) AS correct
          FROM next_correct_prediction_rows FINAL WHERE generation = ${Math.trunc(generation)} AND isNotNull(item) GROUP BY tenant, item) AS p
        INNER JOIN (SELECT tenant, assumeNotNull(item) AS item, argMax(topics, occurred_at) AS topics
          FROM learning_events WHERE isNotNull(item) AND isNotNull(score) GROUP BY tenant, item) AS i
        ON p.tenant = i.tenant AND p.item = i.item))`
}
