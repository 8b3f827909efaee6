/** A student's newest answers with everything that is joined to them; null: not found there. */
export interface JoinedRow {
  student_id: string
  answers: number
  student_mastery: number | null
  occurred_at: string | null
  item: string | null
  topic: string | null
  p: number | null
  correct: boolean | null
  topic_mastery: number | null
  opportunities: number | null
  standing: string | null
  item_status: string | null
  item_right: number | null
  difficulty: number | null
}

/** Answers shown per student. */
const ANSWERS = 2

interface Sample {
  has(table: string): boolean
  from(table: string): string
  students: number
  seed: number
}

/** The same students for the same export and seed. */
export function sampleSql({ has, from, students, seed }: Sample): string {
  const sampled = `(SELECT tenant, student_id, answers, mastery FROM ${from('student_state')} WHERE answers > 0
      ORDER BY cityHash64(student_id, ${Math.trunc(seed)}), student_id LIMIT ${Math.trunc(students)})`
  const mastery = has('student_topic_mastery')
    ? `(SELECT student_id, topic_id, mastery, opportunities, standing FROM ${from('student_topic_mastery')} WHERE student_id IN (SELECT student_id FROM ${sampled}))`
    : "(SELECT '' AS student_id, '' AS topic_id, 0. AS mastery, 0 AS opportunities, '' AS standing)"
  const items = has('item_health')
    ? `(SELECT tenant, item, status, p_value, difficulty_observed FROM ${from('item_health')})`
    : "(SELECT '' AS tenant, '' AS item, '' AS status, 0. AS p_value, 0. AS difficulty_observed)"
  return `
    SELECT s.student_id AS student_id, s.answers AS answers, s.mastery AS student_mastery, toString(n.occurred_at) AS occurred_at,
      n.item AS item, n.topic AS topic, n.p AS p, n.correct AS correct, m.mastery AS topic_mastery, m.opportunities AS opportunities,
      m.standing AS standing, h.status AS item_status, h.p_value AS item_right, h.difficulty_observed AS difficulty
    FROM ${sampled} AS s
    LEFT JOIN (SELECT student_id, item, topics[1] AS topic, p, correct, occurred_at, event_id FROM ${from('next_correct_predictions')}
      WHERE score_source = 'blend' AND student_id IN (SELECT student_id FROM ${sampled}) ORDER BY occurred_at DESC, event_id LIMIT ${ANSWERS} BY student_id) AS n ON s.student_id = n.student_id
    LEFT ANY JOIN ${mastery} AS m ON n.student_id = m.student_id AND n.topic = m.topic_id
    LEFT ANY JOIN ${items} AS h ON s.tenant = h.tenant AND ifNull(n.item, '') = h.item
    ORDER BY student_id, occurred_at DESC SETTINGS join_use_nulls = 1`
}
