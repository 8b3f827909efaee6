import { ROW_MARK, type RowCursor } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import { quote } from '@mastery/infra/provision/gold/ddl.ts'
import { CHOSEN } from '@mastery/topology/items/chosen-option.ts'

/** Rows of `predictedSql` in the order in which `readPredicted` takes them. */
export interface Predicted {
  tenant: string
  item: string
  student: number
  correct: boolean
  p: number
  version: string
  responseMs: number
  first: boolean
  option: string
  at: number
}

/** A sort or join that needs more goes on on the disk. */
const MEMORY = 300_000_000

/** Answers that the view would count, as a condition on `next_correct_prediction_rows`. */
function counted(generation: number, source: string): string {
  return `generation = ${Math.trunc(generation)} AND item IS NOT NULL AND item != '' AND has(score_sources, ${quote(source)})`
}

/**
 * Every answer to an item that a model predicted, item by item, with what its event says of time and try. One that was
 * voided or corrected is left out: what it should have been is known, how it came about is not.
 * @param source the model
 */
export function predictedSql(generation: number, source: string): string {
  return `
    SELECT toUInt8(${ROW_MARK}), tenant, item, student, correct, p, version, ms, first, option, at FROM (
      SELECT p.tenant AS tenant, assumeNotNull(p.item) AS item, bitShiftRight(cityHash64(p.student_id), 11) AS student,
        toUInt8(p.correct) AS correct, p.probabilities[indexOf(p.score_sources, ${quote(source)})] AS p,
        p.model_versions[indexOf(p.score_sources, ${quote(source)})] AS version,
        ifNull(toFloat64(e.response_time_ms), nan) AS ms, toUInt8(ifNull(e.attempt_number, 1) <= 1) AS first,
        substring(arrayFirst(a -> startsWith(a, '${CHOSEN}'), mapKeys(e.actions)), ${CHOSEN.length + 1}) AS option,
        toFloat64(toUnixTimestamp64Milli(p.occurred_at)) AS at
      FROM (
        SELECT * FROM next_correct_prediction_rows FINAL
        WHERE ${counted(generation, source)}
          AND (student_id, event_id) NOT IN (
            SELECT student_id, assumeNotNull(target_event_id) FROM student_commands FINAL WHERE target_event_id IS NOT NULL)
          AND (student_id, event_id) NOT IN (
            SELECT student_id, assumeNotNull(supersedes) FROM learning_events FINAL WHERE supersedes IS NOT NULL)
      ) AS p
      LEFT ANY JOIN (
        SELECT src_partition, src_offset, response_time_ms, attempt_number, actions FROM learning_events FINAL
      ) AS e ON p.src_partition = e.src_partition AND p.src_offset = e.src_offset
    ) ORDER BY tenant, item
    SETTINGS join_algorithm = 'grace_hash', max_bytes_before_external_sort = ${MEMORY}, max_bytes_in_join = ${MEMORY}`
}

export function readPredicted(c: RowCursor): Predicted {
  return {
    tenant: c.repeated(0),
    item: c.repeated(1),
    student: c.int64(),
    correct: c.flag(),
    p: c.float64(),
    version: c.repeated(2),
    responseMs: c.float64(),
    first: c.flag(),
    option: c.repeated(3),
    at: c.float64(),
  }
}

/** Per model the versions that predicted answers, and how many. */
export function versionsSql(generation: number): string {
  return `SELECT source, version, count() AS answers FROM next_correct_prediction_rows FINAL
    ARRAY JOIN arrayMap(s -> toString(s), score_sources) AS source, arrayMap(v -> toString(v), model_versions) AS version
    WHERE generation = ${Math.trunc(generation)} GROUP BY source, version ORDER BY source, version`
}

/** Mean response time of graded answers per tenant, milliseconds, each an hour at most. */
export const MEAN_TIMES_SQL = `SELECT tenant, avg(least(response_time_ms, 3600000)) AS ms FROM learning_events FINAL
  WHERE role = 'evidence' AND score IS NOT NULL AND response_time_ms > 0 GROUP BY tenant`

/** Students with predicted answers per tenant. */
export function studentsSql(generation: number, source: string): string {
  return `SELECT tenant, uniqExact(student_id) AS students FROM next_correct_prediction_rows FINAL
    WHERE ${counted(generation, source)} GROUP BY tenant`
}
