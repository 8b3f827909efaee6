import { nextCorrect } from '@mastery/topology/features/next-correct.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { topicScore } from '@mastery/topology/stages/scoring/topic-score.ts'
import { iso } from './current.ts'
import type { Scores } from './states.ts'

export interface Estimate {
  student_id: string
  topic_id: string
  model: string
  version: string
  mastery: number
  /** Probability that the next answer is correct. */
  p_next?: number
  opportunities: number
  as_of: string
}

export interface Page {
  estimates: Estimate[]
  /** There are more than the limit. */
  more: boolean
}

/** By model, of one student's topics, from the scoring stage's state. */
export function ofStudent(
  scores: Scores,
  wanted: { topic: string | null; model: string | null; limit: number; now: number },
): Page {
  const estimates: Estimate[] = []
  for (const t of scores.topics) {
    const row = topicScore(scores.state, t, scores.meta, null, wanted.now)
    if (wanted.topic !== null && row.topic !== wanted.topic) continue
    const next = nextCorrect(scores.state, t, scores.meta, Math.max(wanted.now, row.as_of))
    for (const s of row.scores) {
      if (wanted.model !== null && s.model !== wanted.model) continue
      estimates.push({
        student_id: scores.student,
        topic_id: row.topic,
        ...s,
        // A forecast of the week says nothing of the next answer.
        ...(next.has(s.model) ? { p_next: next.get(s.model)! } : {}),
        opportunities: row.opportunities,
        as_of: iso(row.as_of),
      })
    }
  }
  return { estimates: estimates.slice(0, wanted.limit), more: estimates.length > wanted.limit }
}

/** By model, of one topic's students, from gold. */
export async function ofTopic(
  gold: GoldStore,
  of: { tenant: string; topic: string; model: string | null; limit: number },
): Promise<Page> {
  const rows = await gold.query<Omit<Estimate, 'as_of' | 'p_next'> & { as_of_ms: number }>(
    `SELECT student_id, topic_id, score_source AS model, model_version AS version, mastery_score AS mastery, opportunities,
      toUnixTimestamp64Milli(as_of) AS as_of_ms
      FROM v_student_mastery WHERE tenant = {tenant:String} AND topic_id = {topic:String} AND opportunities > 0
      ${of.model === null ? '' : 'AND score_source = {model:String}'}
      ORDER BY student_id, score_source LIMIT {limit:UInt32}`,
    { tenant: of.tenant, topic: of.topic, limit: of.limit + 1, ...(of.model === null ? {} : { model: of.model }) },
  )
  const estimates = rows.slice(0, of.limit).map(({ as_of_ms, ...r }) => ({ ...r, as_of: iso(Number(as_of_ms)) }))
  return { estimates, more: rows.length > of.limit }
}
