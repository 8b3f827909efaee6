import { type Column, LC, TIME, WHO } from '@mastery/infra/provision/gold/table.ts'
import { type ExportTable, ofCut, withinTime } from './table.ts'

/** Predictions beside answers, one row per answer and model. */
export const NEXT_CORRECT: ExportTable = {
  name: 'next_correct_predictions',
  about: 'What every model said before every answer, and the answer: one row per answer and model.',
  columns: () => [
    ...WHO,
    ['event_id', 'String', 'The answer.'],
    ['item', 'Nullable(String)', "Question or task, in the source's own naming."],
    ['topics', `Array(${LC})`, 'Its topics; empty where the event has expired.'],
    ['occurred_at', TIME, 'Event time.'],
    ['score_source', LC, 'Model; blend is what all of them come to.'],
    ['model_version', LC, 'Its version.'],
    ['p', 'Float64', 'Probability of a correct answer, made from earlier evidence only.'],
    ['correct', 'Bool', 'What happened: a score of 0.5 or more.'],
    ['score', 'Float64', 'Normalised score, 0 to 1.'],
    ['src_partition', 'UInt16', 'Partition of learning.events in which the answer stands.'],
    ['src_offset', 'UInt64', 'Its offset.'],
    ['generation', 'UInt16', 'Generation of the computation.'],
  ],
  sql: (cut) => `
    SELECT p.* EXCEPT (score_sources, probabilities, model_versions), l.topics AS topics, score_source, p, model_version
    FROM (SELECT * FROM next_correct_prediction_rows FINAL WHERE ${ofCut(cut)} AND ${withinTime(cut)}) AS p
    LEFT ANY JOIN (SELECT src_partition, src_offset, topics FROM learning_events FINAL WHERE ${withinTime(cut)}) AS l
      ON p.src_partition = l.src_partition AND p.src_offset = l.src_offset
    ARRAY JOIN score_sources AS score_source, probabilities AS p, model_versions AS model_version`,
}

/** A model's id as the name of a column. */
export const columnOf = (model: string) => `mastery_${model.replaceAll('-', '_')}`

/** Current mastery, models as columns. */
export const TOPIC_MASTERY: ExportTable = {
  name: 'student_topic_mastery',
  about: 'Current mastery, one row per student and topic, models as columns.',
  columns: ({ models }) => [
    ...WHO,
    ['topic_id', LC, 'Knowledge component.'],
    ['mastery', 'Float64', 'By the blend of all models, 0 to 1.'],
    ...models.map(
      (m): Column => [columnOf(m), 'Nullable(Float64)', `By ${m}; null where it has not scored the topic.`],
    ),
    ['uncertainty', 'Float64', 'Standard deviation of the blend, 0 to 0.5.'],
    ['standing', LC, 'strength, weakness, developing or insufficient.'],
    ['opportunities', 'UInt32', 'Answers on the topic.'],
    ['as_of', TIME, 'Event time of the newest answer that it counts.'],
    ['explanation', 'String', 'Why, in words.'],
    ['stale', 'Bool', 'A rebuild of the student is wanted.'],
    ['model_versions', `Array(${LC})`, 'Versions that made the scores, as model@version.'],
  ],
  sql: (cut) => `
    SELECT tenant, student_id, topic_id, mastery_scores[indexOf(score_sources, 'blend')] AS mastery,
      ${cut.models.map((m) => `if(has(score_sources, '${m}'), mastery_scores[indexOf(score_sources, '${m}')], NULL) AS \`${columnOf(m)}\`,`).join(' ')}
      uncertainty, standing, opportunities, as_of, explanation, stale,
      arrayMap((m, v) -> concat(m, '@', v), score_sources, r.model_versions) AS model_versions
    FROM (SELECT * FROM student_mastery_rows FINAL WHERE ${ofCut(cut)}) AS r`,
}
