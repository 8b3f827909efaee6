import { judgementsSql } from '@mastery/infra/provision/gold/label-views.ts'
import type { MasteryLabel } from '@mastery/topology/evaluation/learner.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { AnswerRange } from './gold-answers.ts'

/** More are not taken into a fit: each brings a copy of what its student had answered. */
const MOST = 20_000

/** What teachers judged of topics, within a range of event time, as far as it still holds; of many the newest. */
export async function goldLabels(
  gold: Pick<GoldStore, 'query'>,
  generation: number,
  { from, to }: AnswerRange = {},
): Promise<MasteryLabel[]> {
  const rows = await gold.query<{ student: string; topic: string; at: number; value: number }>(
    `SELECT student_id AS student, topic_id AS topic, toFloat64(toUnixTimestamp64Milli(said_at)) AS at, assumeNotNull(value) AS value
     FROM (${judgementsSql(`generation = ${Math.trunc(generation)}`)})
     WHERE said_at >= fromUnixTimestamp64Milli({from:Int64}) AND said_at < fromUnixTimestamp64Milli({to:Int64})
     ORDER BY said_at DESC, about, topic_id LIMIT ${MOST}`,
    { from: Math.trunc(from ?? 0), to: Math.trunc(to ?? Date.UTC(2299, 0, 1)) },
  )
  return rows.reverse()
}
