import { quote } from '@mastery/infra/provision/gold/ddl.ts'
import { type Column, LC, TIME, WHO } from '@mastery/infra/provision/gold/table.ts'
import { LEAST_TIMED, LOW_EFFORT } from '@mastery/topology/effort/response-time-effort.ts'
import { type ExportCut, type ExportTable, ofCut, within } from './table.ts'

const KNOWN_TIME = `Nullable(${TIME})`
/** A mastery of 0 or 1 has no logit. */
const LEAST = 1e-6
/** Of what became of an event: it is not counted as one. */
const LEFT_OUT = "('duplicate', 'conflict', 'erased')"

const COLUMNS: readonly Column[] = [
  ...WHO,
  ['events', 'UInt64', 'Events that came, without duplicates.'],
  ['first_activity_at', KNOWN_TIME, 'Event time of the first of them.'],
  ['last_activity_at', KNOWN_TIME, 'Event time of the newest of them.'],
  ['answers', 'UInt64', 'Graded answers.'],
  ['correct', 'UInt64', 'Those with a score of 0.5 or more.'],
  ['accuracy', 'Nullable(Float64)', 'Their share.'],
  ['items', 'UInt64', 'Different items answered.'],
  ['active_days', 'UInt64', 'Days (UTC) with an answer.'],
  ['answers_30d', 'UInt64', 'Answers within the 30 days up to last_activity_at.'],
  ['accuracy_30d', 'Nullable(Float64)', 'Share of right ones among them.'],
  ['hinted', 'UInt64', 'Answers before which a hint was seen.'],
  ['help_requests', 'UInt64', 'Requests for help.'],
  ['topics', 'UInt64', 'Topics with an answer.'],
  [
    'topics_mastered',
    'UInt64',
    'Those whose standing is strength: blended mastery of 0.8 or more, after three answers or more.',
  ],
  ['topics_developing', 'UInt64', 'Those between.'],
  ['topics_weak', 'UInt64', 'Those whose standing is weakness: blended mastery of 0.4 or less.'],
  ['topics_insufficient', 'UInt64', 'Those with fewer than three answers.'],
  ['mastery', 'Nullable(Float64)', 'Blended mastery, mean over topics weighted by answers.'],
  [
    'ability_elo',
    'Nullable(Float64)',
    'Logit of the mastery by elo, mean over topics weighted by answers; null where elo has not scored.',
  ],
  ['ability_irt', 'Nullable(Float64)', 'The same by irt; null where irt has not scored.'],
  ['timed', 'UInt64', 'Answers with a time, to items with a threshold of rapid guessing.'],
  ['rapid_guesses', 'UInt64', 'Those below the threshold.'],
  ['effort', 'Nullable(Float64)', 'Share of the timed answers that took the threshold or more (response-time effort).'],
  ['effort_verdict', 'String', 'effortful, low effort (below 0.9), or insufficient: fewer than 20 timed answers.'],
  ['stale', 'Bool', 'A rebuild of the student is wanted.'],
  ['model_versions', `Array(${LC})`, 'Versions that made the current scores, as model@version.'],
]

/** Mean logit of a model's mastery over topics, by answers. */
function ability(model: string): string {
  const at = `indexOf(score_sources, '${model}')`
  const m = `least(greatest(mastery_scores[${at}], ${LEAST}), ${1 - LEAST})`
  const scored = `${at} > 0 AND opportunities > 0`
  return `if(countIf(${scored}) = 0, NULL, sumIf(opportunities * log(${m} / (1 - ${m})), ${scored}) / sumIf(opportunities, ${scored}))`
}

/** Events and what became of them, per student. */
function activity(cut: ExportCut): string {
  return `SELECT student_id, count() AS events, toNullable(min(occurred_at)) AS first_activity_at,
      toNullable(max(occurred_at)) AS last_activity_at, sum(ifNull(help_requests, 0)) AS help_requests
    FROM (SELECT * FROM learning_events FINAL WHERE tenant = ${quote(cut.tenant)} AND ${within(cut)}) AS l
    LEFT ANY JOIN (SELECT src_partition, src_offset, toString(disposition) AS disposition FROM event_dispositions FINAL
      WHERE ${ofCut(cut)} AND ${within(cut)}) AS d USING (src_partition, src_offset)
    WHERE disposition NOT IN ${LEFT_OUT} GROUP BY student_id`
}

/** Answers per student; `recent` ones lie within 30 days up to the student's newest event. */
function answered(cut: ExportCut): string {
  return `SELECT student_id, count() AS answers, countIf(correct) AS right, uniqExact(item) AS items,
      uniqExact(toDate(occurred_at)) AS active_days, countIf(recent) AS answers_30d, countIf(recent AND correct) AS right_30d,
      countIf(hints > 0) AS hinted, countIf(rapid IS NOT NULL) AS timed, countIf(rapid) AS rapid_guesses
    FROM (SELECT *, occurred_at > subtractDays(newest, 30) AS recent FROM v_answers AS a
      JOIN (SELECT student_id, max(occurred_at) AS newest FROM learning_events WHERE tenant = ${quote(cut.tenant)} AND ${within(cut)}
        GROUP BY student_id) AS n ON a.student_id = n.student_id
      WHERE tenant = ${quote(cut.tenant)} AND ${within(cut)})
    GROUP BY student_id`
}

function standing(cut: ExportCut): string {
  const at = (s: string) => `countIf(standing = '${s}' AND opportunities > 0)`
  return `SELECT student_id, countIf(opportunities > 0) AS topics, ${at('strength')} AS topics_mastered,
      ${at('developing')} AS topics_developing, ${at('weakness')} AS topics_weak, ${at('insufficient')} AS topics_insufficient,
      if(sum(opportunities) = 0, NULL, sum(opportunities * mastery_scores[indexOf(score_sources, 'blend')]) / sum(opportunities)) AS mastery,
      ${ability('elo')} AS ability_elo, ${ability('irt')} AS ability_irt, max(stale) AS stale,
      arraySort(groupUniqArrayArray(arrayMap((m, v) -> concat(m, '@', v), score_sources, model_versions))) AS model_versions
    FROM student_mastery_rows FINAL WHERE ${ofCut(cut)} GROUP BY student_id`
}

export const STUDENT_STATE: ExportTable = {
  name: 'student_state',
  about: 'One row per student: what was done, how well, and where the student stands.',
  columns: () => COLUMNS,
  sql(cut) {
    const tenant = quote(cut.tenant)
    return `
      SELECT ${tenant} AS tenant, s.student_id AS student_id, e.* EXCEPT (student_id), a.* EXCEPT (student_id, right, right_30d),
        m.* EXCEPT (student_id), if(a.timed > 0, 1 - a.rapid_guesses / a.timed, NULL) AS effort,
        a.right AS correct,
        if(a.answers > 0, a.right / a.answers, NULL) AS accuracy, if(a.answers_30d > 0, a.right_30d / a.answers_30d, NULL) AS accuracy_30d,
        multiIf(a.timed < ${LEAST_TIMED}, 'insufficient', 1 - a.rapid_guesses / a.timed < ${LOW_EFFORT}, 'low effort', 'effortful') AS effort_verdict
      FROM (SELECT DISTINCT student_id FROM learning_events WHERE tenant = ${tenant} AND ${within(cut)}
        UNION DISTINCT SELECT DISTINCT student_id FROM student_mastery_rows WHERE ${ofCut(cut)}) AS s
      LEFT ANY JOIN (${activity(cut)}) AS e ON s.student_id = e.student_id
      LEFT ANY JOIN (${answered(cut)}) AS a ON s.student_id = a.student_id
      LEFT ANY JOIN (${standing(cut)}) AS m ON s.student_id = m.student_id
      WHERE events > 0 OR topics > 0`
  },
}
