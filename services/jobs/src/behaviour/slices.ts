import {
  type BehaviourGroup,
  type BehaviourSlices,
  type GroupMean,
  LEAST_ANSWERS_OF_STUDENT,
  MEASURES,
} from '@mastery/topology/effort/slices.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'

const GROUPS = ['low', 'middle', 'high'] as const
/** A mastery of 0 or 1 has no logit. */
const LEAST = 1e-6

/** Columns of `answers` that make a student's measures, by measure. */
const OF_STUDENT: Readonly<Record<string, string>> = {
  accuracy: 'avg(correct)',
  accuracy_first: 'avgOrNullIf(correct, first)',
  median_seconds: 'quantileExactOrNullIf(0.5)(seconds, seconds > 0)',
  median_right: 'quantileExactOrNullIf(0.5)(seconds, seconds > 0 AND correct)',
  median_wrong: 'quantileExactOrNullIf(0.5)(seconds, seconds > 0 AND NOT correct)',
  rapid: 'avgOrNullIf(fast, fast IS NOT NULL)',
  low_effort: 'if(countIf(fast IS NOT NULL) < 20, NULL, toFloat64(rapid > 0.1))',
  hints: 'avgOrNullIf(hints > 0, hints IS NOT NULL)',
  answer_requests: 'avg(asked)',
  help: '10 * any(requests) / count()',
  retries: 'avg(NOT first)',
  revisits: 'avg(day > first_day)',
  answers: 'toFloat64(count())',
  days: 'toFloat64(uniqExact(day))',
}

const STUDENT_SQL = `
  SELECT student_id, any(level) AS ability,
    ${MEASURES.map((m) => `${OF_STUDENT[m.id]} AS ${m.id}`).join(',\n    ')}
  FROM (
    SELECT a.student_id AS student_id, toFloat64(a.correct) AS correct, ifNull(a.attempt_number, 1) <= 1 AS first,
      a.response_time_ms / 1000 AS seconds, toFloat64(a.rapid) AS fast, a.hints AS hints, a.answer_request_ms IS NOT NULL AS asked,
      toDate(a.occurred_at) AS day, min(toDate(a.occurred_at)) OVER (PARTITION BY a.student_id, a.item) AS first_day,
      m.level AS level, h.requests AS requests
    FROM v_answers AS a
    JOIN (
      SELECT student_id, sum(opportunities * log(m / (1 - m))) / sum(opportunities) AS level FROM (
        SELECT student_id, opportunities, least(greatest(mastery_score, ${LEAST}), ${1 - LEAST}) AS m FROM student_mastery
        WHERE tenant = {tenant:String} AND score_source = {source:String} AND opportunities > 0)
      GROUP BY student_id
    ) AS m ON a.student_id = m.student_id
    LEFT JOIN (
      SELECT student_id, sum(ifNull(help_requests, 0)) AS requests FROM learning_events FINAL
      WHERE tenant = {tenant:String} GROUP BY student_id
    ) AS h ON a.student_id = h.student_id
    WHERE a.tenant = {tenant:String}
  ) GROUP BY student_id HAVING count() >= {least:UInt32}`

/** Behaviour of a tenant's students by thirds of ability; null where fewer than three students can be placed. */
export async function behaviourSlices(
  gold: GoldStore,
  tenant: string,
  source: string,
): Promise<BehaviourSlices | null> {
  const params = { tenant, source, least: LEAST_ANSWERS_OF_STUDENT }
  const [all] = await gold.query<{ students: number; answers: number; from: string; to: string }>(
    `SELECT uniqExact(student_id) AS students, count() AS answers, toString(toDate(min(occurred_at))) AS from,
       toString(toDate(max(occurred_at))) AS to FROM next_correct_predictions
     WHERE tenant = {tenant:String} AND score_source = {source:String}`,
    params,
  )
  const figures = MEASURES.map(
    ({ id }) =>
      `avgOrNull(${id}) AS mean_${id}, if(count(${id}) > 1, stddevSamp(${id}) / sqrt(count(${id})), NULL) AS se_${id}`,
  )
  const rows = await gold.query<Record<string, number | null>>(
    `SELECT third, count() AS students, min(ability) AS ability_from, max(ability) AS ability_to, ${figures.join(', ')}
     FROM (SELECT *, intDiv(3 * (row_number() OVER (ORDER BY ability, student_id) - 1), count() OVER ()) AS third FROM (${STUDENT_SQL}))
     GROUP BY third ORDER BY third`,
    params,
  )
  if (rows.length < GROUPS.length) return null
  const groups = rows.map((r, i): BehaviourGroup => {
    const measures: Record<string, GroupMean> = {}
    for (const { id } of MEASURES) measures[id] = { mean: r[`mean_${id}`] ?? null, se: r[`se_${id}`] ?? null }
    return {
      name: GROUPS[i]!,
      students: Number(r['students']),
      abilityFrom: r['ability_from']!,
      abilityTo: r['ability_to']!,
      measures,
    }
  })
  const placed = groups.reduce((n, g) => n + g.students, 0)
  const { students, answers, from, to } = all!
  return {
    tenant,
    source,
    students: Number(students),
    left: Number(students) - placed,
    answers: Number(answers),
    from,
    to,
    groups,
  }
}
