import type { Subject } from '@mastery/api/src/privacy/parts.ts'
import type { Click } from '@mastery/topology/effort/suspicious.ts'
import { CHOSEN } from '@mastery/topology/items/chosen-option.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'

/** What a student did, with the topics that it belongs to. */
export interface StudentClick extends Click {
  topics: string[]
}

/** A student with more has the newest of them looked at. */
const MOST = 5000

/** A student's answers and requests for help, the oldest first; what was taken back or came twice is left out. */
export async function clicksOf(
  gold: GoldStore,
  { tenant, student }: Subject,
  generation: number,
): Promise<StudentClick[]> {
  const rows = await gold.query<Omit<StudentClick, 'right'> & { right: number }>(
    `SELECT toFloat64(toUnixTimestamp64Milli(e.occurred_at)) AS at, e.session AS session, e.item AS item, e.topics AS topics,
       if(e.score IS NULL, 'help', 'answer') AS kind, ifNull(e.score, 0) >= 0.5 AS right, e.response_time_ms AS responseMs,
       h.rapid_ms AS thresholdMs, ifNull(e.hints, 0) AS hints, e.answer_request_ms AS answerRequestMs,
       nullIf(substring(arrayFirst(a -> startsWith(a, '${CHOSEN}'), mapKeys(e.actions)), ${CHOSEN.length + 1}), '') AS option
     FROM (SELECT * FROM learning_events FINAL WHERE tenant = {tenant:String} AND student_id = {student:String}) AS e
     INNER ANY JOIN (SELECT src_partition, src_offset, toString(disposition) AS disposition FROM event_dispositions FINAL
       WHERE tenant = {tenant:String} AND student_id = {student:String} AND generation = {generation:UInt16}) AS d
       ON e.src_partition = d.src_partition AND e.src_offset = d.src_offset
     LEFT ANY JOIN (SELECT item, rapid_ms FROM v_item_health WHERE tenant = {tenant:String}) AS h ON ifNull(e.item, '') = h.item
     WHERE (d.disposition IN ('counted', 'corrected') AND e.score IS NOT NULL)
       OR (d.disposition = 'context' AND ifNull(e.help_requests, 0) > 0)
     ORDER BY e.occurred_at DESC, e.source_sequence DESC, e.event_id DESC LIMIT ${MOST}`,
    { tenant, student, generation },
  )
  return rows.map((r) => ({ ...r, right: Boolean(r.right) })).reverse()
}
