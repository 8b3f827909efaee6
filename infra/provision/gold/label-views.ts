import { ACTIVE } from './active.ts'

/** What teachers judged of topics, less what was taken back or corrected itself. `generation`: a condition that names one. */
export function judgementsSql(generation: string): string {
  return `SELECT tenant, student_id, toString(topic) AS topic_id, 'judgement' AS kind, score AS value, '' AS rule, '' AS alert_id,
   CAST(NULL, 'Nullable(String)') AS said_by, occurred_at AS said_at, event_id AS about
   FROM (SELECT * FROM learning_events FINAL WHERE kind = 'teacher_feedback') AS e ARRAY JOIN topics AS topic
   WHERE score IS NOT NULL AND supersedes IS NULL
   AND (src_partition, src_offset) IN (SELECT src_partition, src_offset FROM event_dispositions FINAL
     WHERE ${generation} AND disposition IN ('context', 'counted', 'corrected', 'outranked'))
   AND (student_id, event_id) NOT IN (SELECT student_id, assumeNotNull(target_event_id) FROM student_commands FINAL
     WHERE target_event_id IS NOT NULL)
   AND (student_id, event_id) NOT IN (SELECT student_id, assumeNotNull(supersedes) FROM learning_events FINAL
     WHERE supersedes IS NOT NULL)`
}

/** What was said of each topic, one row per topic; columns alike in every part. */
const SAID = [
  judgementsSql(ACTIVE),
  `SELECT c.tenant, c.student_id, toString(topic) AS topic_id, toString(c.kind) AS kind,
     if(c.kind = 'void', NULL, ifNull(c.score, toFloat64(c.correct))) AS value, '' AS rule, '' AS alert_id,
     c.author AS said_by, c.issued_at AS said_at, e.event_id AS about
   FROM (SELECT * FROM student_commands FINAL WHERE kind IN ('correction', 'void') AND target_event_id IS NOT NULL) AS c
   INNER JOIN (SELECT tenant, student_id, event_id, topics FROM learning_events FINAL
     LIMIT 1 BY tenant, student_id, event_id) AS e
   ON c.tenant = e.tenant AND c.student_id = e.student_id AND assumeNotNull(c.target_event_id) = e.event_id
   ARRAY JOIN e.topics AS topic`,
  `SELECT c.tenant, c.student_id, toString(topic) AS topic_id, if(c.score IS NULL, 'void', 'regrade') AS kind,
     c.score AS value, '' AS rule, '' AS alert_id, CAST(NULL, 'Nullable(String)') AS said_by, c.occurred_at AS said_at,
     e.event_id AS about
   FROM (SELECT * FROM learning_events FINAL WHERE supersedes IS NOT NULL) AS c
   INNER JOIN (SELECT tenant, student_id, event_id, topics FROM learning_events FINAL
     LIMIT 1 BY tenant, student_id, event_id) AS e
   ON c.tenant = e.tenant AND c.student_id = e.student_id AND assumeNotNull(c.supersedes) = e.event_id
   ARRAY JOIN e.topics AS topic`,
  `SELECT tenant, student_id, toString(topic_id) AS topic_id, 'not_useful' AS kind, CAST(NULL, 'Nullable(Float64)') AS value,
     toString(rule) AS rule, alert_id, done_by AS said_by, decided_at AS said_at, alert_id AS about
   FROM alerts FINAL WHERE ${ACTIVE} AND cause = 'not_useful'`,
]

/** What people said of scores and alerts, beside what the system said just before. */
export const LABEL_VIEWS: readonly { name: string; about: string; select: string }[] = [
  {
    name: 'v_labels',
    about:
      'What people said of a student and topic: judgement (a teacher rated the topic; value 0 to 1), correction and void (of an answer), regrade (by its source), not_useful (of an alert); by whom, and the mastery and model versions that stood just before.',
    select: `SELECT l.tenant AS tenant, l.student_id AS student_id, l.topic_id AS topic_id, l.kind AS kind, l.value AS value,
      l.rule AS rule, l.alert_id AS alert_id, l.about AS about, l.said_by AS said_by, l.said_at AS said_at,
      if(h.found = 1, h.mastery, NULL) AS mastery_before, h.opportunities AS opportunities_before,
      h.versions AS versions_before
      FROM (SELECT * FROM (${SAID.join('\n UNION ALL ')})) AS l
      ASOF LEFT JOIN (SELECT tenant, student_id, toString(topic_id) AS topic_id, last_updated, opportunities, toUInt8(1) AS found,
          arrayElement(mastery_scores, -1) AS mastery,
          arrayMap((m, v) -> concat(m, '@', v), score_sources, model_versions) AS versions
        FROM student_mastery_history_rows FINAL WHERE ${ACTIVE}) AS h
      ON l.tenant = h.tenant AND l.student_id = h.student_id AND l.topic_id = h.topic_id AND l.said_at > h.last_updated`,
  },
]
