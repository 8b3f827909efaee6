import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'

/** One student as the last run found them. */
export interface StudentProgress {
  computed_at: string | null
  rollups: {
    level: string
    node: string
    name: string
    mastery: number
    uncertainty: number
    topics: number
    seen: number
    mastered: number
    coverage: number
    evidence: number
    opportunities: number
  }[]
  topics: {
    topic_id: string
    per_opportunity: number | null
    per_opportunity_se: number | null
    per_week: number | null
    per_week_se: number | null
    reached: boolean
    opportunities: number
    days: number
  }[]
}

export interface TopicFigures {
  topic_id: string
  students: number
  reached: number
  /** Kaplan-Meier medians; null where fewer than half have reached mastery. */
  median_opportunities: number | null
  median_days: number | null
  /** Median gain of mastery per opportunity over the students, each counting as often as it has opportunities. */
  per_opportunity: number | null
  /** Of the ratio to what was expected. */
  decay: number | null
  decay_se: number | null
  half_life: number | null
}

type Gold = Pick<GoldStore, 'query'>

export async function studentProgress(
  gold: Gold,
  { tenant, student }: { tenant: string; student: string },
): Promise<StudentProgress> {
  const params = { tenant, student }
  const where = 'tenant = {tenant:String} AND student_id = {student:String}'
  const rollups = await gold.query<StudentProgress['rollups'][number] & { computed: string }>(
    `SELECT level, node, name, mastery, uncertainty, topics, seen, mastered, coverage, evidence, opportunities, toString(computed_at) AS computed
     FROM v_topic_rollups WHERE ${where} ORDER BY indexOf(['course', 'subject', 'chapter', 'topic'], toString(level)), node`,
    params,
  )
  const topics = await gold.query<StudentProgress['topics'][number]>(
    `SELECT t.topic_id AS topic_id, v.per_opportunity AS per_opportunity, v.per_opportunity_se AS per_opportunity_se,
      v.per_week AS per_week, v.per_week_se AS per_week_se, t.reached AS reached, t.opportunities AS opportunities, t.days AS days
     FROM (SELECT * FROM v_time_to_mastery WHERE ${where}) AS t
     LEFT JOIN (SELECT topic_id, toNullable(per_opportunity) AS per_opportunity, toNullable(per_opportunity_se) AS per_opportunity_se,
       per_week, per_week_se FROM v_learning_velocity WHERE ${where}) AS v USING (topic_id) ORDER BY topic_id`,
    params,
  )
  return {
    computed_at: rollups[0]?.computed ?? null,
    rollups: rollups.map(({ computed: _, ...r }) => r),
    topics,
  }
}

export async function topicProgress(gold: Gold, tenant: string): Promise<TopicFigures[]> {
  const median = (scale: string) =>
    `SELECT topic_id, minOrNullIf(time, survival <= 0.5) AS median FROM v_mastery_survival
     WHERE tenant = {tenant:String} AND scale = '${scale}' GROUP BY topic_id`
  return gold.query<TopicFigures>(
    `SELECT t.topic_id AS topic_id, t.students AS students, t.reached AS reached, o.median AS median_opportunities, d.median AS median_days,
      v.gain AS per_opportunity, f.decay AS decay, f.decay_se AS decay_se, f.half_life AS half_life
     FROM (SELECT topic_id, count() AS students, countIf(reached) AS reached FROM v_time_to_mastery WHERE tenant = {tenant:String} GROUP BY topic_id) AS t
     LEFT JOIN (${median('opportunities')}) AS o ON t.topic_id = o.topic_id
     LEFT JOIN (${median('days')}) AS d ON t.topic_id = d.topic_id
     LEFT JOIN (SELECT topic_id, toNullable(quantileExactWeighted(0.5)(per_opportunity, opportunities)) AS gain
       FROM v_learning_velocity WHERE tenant = {tenant:String} GROUP BY topic_id) AS v ON t.topic_id = v.topic_id
     LEFT JOIN (SELECT topic_id, toNullable(decay) AS decay, toNullable(decay_se) AS decay_se, half_life FROM v_retention_fits
       WHERE tenant = {tenant:String} AND basis = 'ratio') AS f ON t.topic_id = f.topic_id
     ORDER BY topic_id`,
    { tenant },
  )
}
