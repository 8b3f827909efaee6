import { ACTIVE } from './active.ts'

/** Weight of a topic with so many opportunities, as in topology/progress/roll-up.ts. */
const WEIGHT = 'm.opportunities / (m.opportunities + 10)'

const table = (name: string, about: string) => ({ name: `v_${name}`, about, select: `SELECT * FROM ${name} FINAL` })

export const PROGRESS_VIEWS: readonly { name: string; about: string; select: string }[] = [
  {
    name: 'v_topic_graph',
    about: 'Topics, what they belong to and what comes before them.',
    select:
      'SELECT tenant, topic_id, name, chapter, subject, course, prerequisites, last_updated FROM topic_graph FINAL WHERE NOT removed',
  },
  table('topic_rollups', 'Blended mastery per student along the topic graph, as of the last run of `progress`.'),
  {
    name: 'v_topic_rollups_now',
    about: 'The same as of now, computed while it is asked for.',
    select: `SELECT m.tenant AS tenant, m.student_id AS student_id, g.level AS level, g.node AS node,
      sum(${WEIGHT} * m.mastery_score) / sum(${WEIGHT}) AS mastery,
      sqrt(sum(pow(${WEIGHT} * m.uncertainty, 2))) / sum(${WEIGHT}) AS uncertainty,
      any(g.topics) AS topics, count() AS seen, count() / any(g.topics) AS coverage, sum(${WEIGHT}) / any(g.topics) AS evidence,
      sum(m.opportunities) AS opportunities, max(m.as_of) AS as_of
      FROM (SELECT tenant, student_id, topic_id, opportunities, uncertainty, as_of, mastery_scores[-1] AS mastery_score
        FROM student_mastery_rows FINAL WHERE ${ACTIVE} AND opportunities > 0) AS m
      JOIN (SELECT tenant, topic_id, level, node, count() OVER (PARTITION BY tenant, level, node) AS topics
        FROM (SELECT tenant, topic_id, ['topic', 'chapter', 'subject', 'course'] AS levels,
          [topic_id, if(chapter = '', '', arrayStringConcat(arrayFilter(x -> x != '', [toString(course), toString(subject), toString(chapter)]), ' / ')),
           if(subject = '', '', arrayStringConcat(arrayFilter(x -> x != '', [toString(course), toString(subject)]), ' / ')), toString(course)] AS nodes
          FROM topic_graph FINAL WHERE NOT removed) ARRAY JOIN levels AS level, nodes AS node WHERE node != '') AS g
      ON m.tenant = g.tenant AND m.topic_id = g.topic_id
      GROUP BY tenant, student_id, level, node`,
  },
  table('learning_velocity', 'How fast mastery rose, per student and topic.'),
  table('time_to_mastery', 'How long mastery took, per student and topic; censored where it was not reached.'),
  table('mastery_survival', 'Share of students who have not reached mastery after so much, per topic.'),
  table('retention_curves', 'Accuracy by the time since the opportunity before, per topic.'),
  table('retention_fits', 'How fast each topic is forgotten.'),
  table('topic_items', 'Items per topic with how often they are answered right.'),
  table('recommendation_policies', 'What the bandit has learned, by version.'),
  table('recommendations', 'Recommendations that were given, with propensities.'),
  table('progress_runs', 'Runs of the job `progress`.'),
]
