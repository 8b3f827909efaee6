import { SERVED } from '@mastery/topology/served/catalog.ts'
import { ACTIVE } from './active.ts'
import { ALERT_VIEWS } from './alert-views.ts'
import { DELIVERY_VIEWS } from './delivery-tables.ts'
import { LABEL_VIEWS } from './label-views.ts'
import { OPS_VIEWS } from './ops-tables.ts'
import { PROGRESS_VIEWS } from './progress-views.ts'
import { ROSTER_VIEWS } from './roster-tables.ts'

export { ACTIVE } from './active.ts'

/** Rows of items that had no answer any more are from older runs; a run that is under way has newer ones. */
const NEWEST_ITEM_RUN = 'as_of >= (SELECT max(as_of) FROM item_runs)'

/** A figure of a window that has been compared; null in others. */
const figure = (name: string) => `if(has(metrics, '${name}'), metric_values[indexOf(metrics, '${name}')], NULL)`

/** Trained models that may be in force; null where they say nothing. */
const TRAINED = SERVED.map((m) => m.id)

/**
 * What analysts read: FINAL is inside, so that replaced rows never show, and only the active generation. The tables
 * below them hold every generation.
 */
export const VIEWS: readonly { name: string; about: string; select: string }[] = [
  ...(['student_mastery', 'student_mastery_history'] as const).map((name) => ({
    name,
    about:
      name === 'student_mastery'
        ? 'Current mastery per student, topic and model.'
        : 'Every mastery that was ever computed, one row per student, topic, model and cause.',
    select: `SELECT tenant, student_id, topic_id, mastery_score, score_source, as_of, explanation, last_updated, model_version,
      opportunities, uncertainty, standing, revision, stale, cause, reason, event_id, src_partition, src_offset, ordinal, generation, version
      FROM ${name}_rows FINAL ARRAY JOIN score_sources AS score_source, mastery_scores AS mastery_score, model_versions AS model_version WHERE ${ACTIVE}`,
  })),
  {
    name: 'next_correct_predictions',
    about: 'What every model said before every answer, and the answer.',
    select: `SELECT tenant, student_id, event_id, score_source, model_version, p, correct, score, item, occurred_at,
      src_partition, src_offset, ordinal, generation
      FROM next_correct_prediction_rows FINAL ARRAY JOIN score_sources AS score_source, probabilities AS p, model_versions AS model_version WHERE ${ACTIVE}`,
  },
  {
    name: 'v_event_dispositions',
    about: 'What became of every event.',
    select: `SELECT * FROM event_dispositions FINAL WHERE ${ACTIVE}`,
  },
  {
    name: 'v_learning_events',
    about: 'Every event with what became of it.',
    select: `SELECT e.*, d.disposition AS disposition, toString(d.disposition) = 'duplicate' AS is_duplicate
      FROM (SELECT * FROM learning_events FINAL) AS e
      LEFT JOIN (SELECT src_partition, src_offset, disposition FROM event_dispositions FINAL WHERE ${ACTIVE}) AS d
      USING (src_partition, src_offset)`,
  },
  {
    name: 'v_student_topic_features',
    about: 'Current windows with the ratios that people ask for.',
    select: `SELECT *, ${[7, 30, 90]
      .map(
        (d) => `if(attempts_${d}d > 0, score_micro_${d}d / attempts_${d}d / 1e6, NULL) AS accuracy_${d}d,
      if(response_n_${d}d > 0, response_ms_${d}d / response_n_${d}d, NULL) AS mean_response_ms_${d}d,
      if(attempts_${d}d > 0, hinted_${d}d / attempts_${d}d, NULL) AS hint_rate_${d}d,
      if(attempts_${d}d > 0, revisits_${d}d / attempts_${d}d, NULL) AS revisit_rate_${d}d`,
      )
      .join(',\n')} FROM student_topic_features FINAL WHERE ${ACTIVE}`,
  },
  {
    name: 'v_student_mastery',
    about:
      'Current mastery per student, topic and model. Where score_source is trees-week, mastery_score is the share of right answers on the topic to be expected over the next seven days.',
    select: 'SELECT * FROM student_mastery',
  },
  {
    name: 'v_student_mastery_history',
    about: 'Mastery over time.',
    select: 'SELECT * FROM student_mastery_history',
  },
  {
    name: 'v_student_topic_mastery',
    about:
      'Current mastery, one row per student and topic, models as columns. trees_week is no mastery: the share of right answers on the topic to be expected over the seven days after the latest one.',
    select: `SELECT tenant, student_id, topic_id,
      anyIf(mastery_score, score_source = 'blend') AS mastery,
      anyIf(mastery_score, score_source = 'rule') AS rule,
      anyIf(mastery_score, score_source = 'bkt') AS bkt,
      anyIf(mastery_score, score_source = 'elo') AS elo,
      ${TRAINED.map((id) => `anyOrNullIf(mastery_score, score_source = '${id}') AS \`${id.replaceAll('-', '_')}\``).join(',\n      ')},
      any(uncertainty) AS uncertainty, any(standing) AS standing, any(opportunities) AS opportunities,
      any(as_of) AS as_of, any(explanation) AS explanation
      FROM student_mastery GROUP BY tenant, student_id, topic_id`,
  },
  {
    name: 'v_next_correct_predictions',
    about: 'Prequential predictions and outcomes.',
    select: 'SELECT * FROM next_correct_predictions',
  },
  {
    name: 'v_model_metrics',
    about: 'Prequential quality per tenant and model: log loss, Brier score, AUC, calibration error over ten bins.',
    select: `SELECT m.tenant AS tenant, m.score_source AS score_source, n, sum_p, log_loss, brier, auc, ece FROM
      (SELECT tenant, score_source, count() AS n, sum(p) AS sum_p,
        avg(-if(correct, log(greatest(p, 1e-15)), log(greatest(1 - p, 1e-15)))) AS log_loss,
        avg((p - correct) * (p - correct)) AS brier,
        if(uniqExact(correct) = 2, arrayROCAUC(groupArray(p), groupArray(toUInt8(correct))), NULL) AS auc
        FROM next_correct_predictions GROUP BY tenant, score_source) AS m
      JOIN
      (SELECT tenant, score_source, sum(weight * gap) / sum(weight) AS ece FROM
        (SELECT tenant, score_source, least(floor(p * 10), 9) AS bin, count() AS weight, abs(avg(p) - avg(correct)) AS gap
          FROM next_correct_predictions GROUP BY tenant, score_source, bin)
        GROUP BY tenant, score_source) AS c
      USING (tenant, score_source)`,
  },
  ...DELIVERY_VIEWS.map((v) => ({ ...v, select: v.select(ACTIVE) })),
  ...PROGRESS_VIEWS,
  ...ALERT_VIEWS,
  ...LABEL_VIEWS,
  ...ROSTER_VIEWS,
  ...OPS_VIEWS,
  {
    name: 'v_data_quality',
    about: 'Per source: events, what became of them, how scores were normalised, wrong clocks.',
    select: `SELECT e.tenant AS tenant, e.source_system AS source_system, e.source_dialect AS source_dialect, d.disposition AS disposition,
      e.score_rule AS score_rule, count() AS events, countIf(d.clamped) AS clamped
      FROM (SELECT * FROM learning_events FINAL) AS e
      LEFT JOIN (SELECT * FROM event_dispositions FINAL WHERE ${ACTIVE}) AS d USING (src_partition, src_offset)
      GROUP BY tenant, source_system, source_dialect, disposition, score_rule`,
  },
  {
    name: 'v_data_dictionary',
    about: 'Every table and column with what it holds.',
    select: `SELECT t.name AS table_name, t.comment AS table_about, c.name AS column_name, c.type AS type, c.comment AS about
      FROM system.tables AS t JOIN system.columns AS c ON c.database = t.database AND c.table = t.name
      WHERE t.database = currentDatabase() ORDER BY t.name, c.position`,
  },
  {
    name: 'v_rejects',
    about: 'Rejects and dead letters, with what was done about them last: open where nothing was.',
    select: `SELECT r.* EXCEPT (attempts), greatest(r.attempts, a.tried) AS attempts,
      if(a.action = '', 'open', a.action) AS status, a.newest AS status_at, a.note AS status_note
      FROM (SELECT * FROM rejects FINAL) AS r
      LEFT JOIN (SELECT reject_id, toString(argMax(action, at)) AS action, max(at) AS newest, argMax(note, at) AS note, max(attempts) AS tried
        FROM reject_actions FINAL GROUP BY reject_id) AS a USING (reject_id)`,
  },
  {
    name: 'v_reject_actions',
    about: 'Everything that was done about rejects.',
    select: 'SELECT * FROM reject_actions FINAL',
  },
  {
    name: 'v_student_commands',
    about:
      'Voids, corrections, erasures, readmissions, rebuilds, installed checkpoints, and what people did about alerts.',
    select: 'SELECT * FROM student_commands FINAL',
  },
  {
    name: 'v_item_health',
    about: 'How each item does, as of the newest run of the job item-health.',
    select: `SELECT * FROM item_health FINAL WHERE ${NEWEST_ITEM_RUN}`,
  },
  {
    name: 'v_item_drift',
    about: 'Items per week and month, as of the newest run of the job item-health.',
    select: `SELECT * FROM item_drift FINAL WHERE ${NEWEST_ITEM_RUN}`,
  },
  {
    name: 'v_item_params',
    about: 'Fitted parameters of items; in_force as of the newest run of the job item-health.',
    select: `SELECT *, has((SELECT argMax(in_force, as_of) FROM item_runs FINAL), concat(model, '@', version)) AS in_force
      FROM item_params FINAL`,
  },
  {
    name: 'v_answers',
    about:
      'Every predicted answer with what its event says of time, tries and help; rapid by the threshold of its item, or else of all items.',
    select: `SELECT p.tenant AS tenant, p.student_id AS student_id, p.event_id AS event_id, p.item AS item, e.kind AS kind,
      e.session AS session, p.occurred_at AS occurred_at, p.correct AS correct, p.score AS score, e.attempt_number AS attempt_number,
      e.response_time_ms AS response_time_ms, e.hints AS hints, e.answer_request_ms AS answer_request_ms,
      if(e.response_time_ms > 0, e.response_time_ms < ifNull(h.rapid_ms, nullIf(r.pooled[p.tenant], 0)), NULL) AS rapid, p.src_partition AS src_partition, p.src_offset AS src_offset
      FROM (SELECT * FROM next_correct_prediction_rows FINAL WHERE ${ACTIVE}) AS p
      LEFT ANY JOIN (SELECT src_partition, src_offset, kind, session, attempt_number, response_time_ms, hints, answer_request_ms
        FROM learning_events FINAL) AS e ON p.src_partition = e.src_partition AND p.src_offset = e.src_offset
      LEFT ANY JOIN (SELECT tenant, item, rapid_ms FROM item_health FINAL WHERE ${NEWEST_ITEM_RUN}) AS h
        ON p.tenant = h.tenant AND ifNull(p.item, '') = h.item
      CROSS JOIN (SELECT argMax(pooled_rapid_ms, as_of) AS pooled FROM item_runs FINAL) AS r`,
  },
  {
    name: 'v_student_effort',
    about:
      'Response-time effort per student: the share of timed answers that took at least the threshold of their item. Below 0.9 of 20 answers or more, results say little.',
    select: `SELECT tenant, student_id, count() AS answers, countIf(rapid IS NOT NULL) AS timed, countIf(rapid) AS rapid_guesses,
      if(timed > 0, 1 - rapid_guesses / timed, NULL) AS effort,
      multiIf(timed < 20, 'insufficient', effort < 0.9, 'low effort', 'effortful') AS verdict
      FROM v_answers GROUP BY tenant, student_id`,
  },
  {
    name: 'v_student_gaming',
    about:
      'Patterns of gaming per student and topic, as of the newest run of the job gaming; share is at least so much where events do not keep what was entered.',
    select: `SELECT *, if(actions > 0, gaming / actions, NULL) AS share FROM student_gaming FINAL
      WHERE as_of >= (SELECT max(as_of) FROM gaming_runs)`,
  },
  {
    name: 'v_feature_drift',
    about:
      'What was found of every watched series in every window; subject: the one that it is watched in, empty for all together.',
    select: `SELECT *, extract(name, '\\\\[(.*)\\\\]$') AS subject FROM feature_drift FINAL WHERE ${ACTIVE}`,
  },
  {
    name: 'v_model_quality',
    about: 'How well every model version predicted, by week: prequential, over all answers of the week.',
    select: `SELECT tenant, model, model_version, window_from, window_to, rows AS answers, state,
      ${figure('log_loss')} AS log_loss, ${figure('brier')} AS brier, ${figure('residual_mean')} AS residual_mean,
      ${figure('ece_20_bins')} AS ece, generation
      FROM feature_drift FINAL WHERE kind = 'quality' AND name = 'predictions' AND window_kind = 'week' AND ${ACTIVE}`,
  },
  { name: 'v_item_runs', about: 'Runs of the job item-health.', select: 'SELECT * FROM item_runs FINAL' },
  { name: 'v_markers', about: 'Which version was in force from where.', select: 'SELECT * FROM markers FINAL' },
  { name: 'v_generations', about: 'Generations and their status.', select: 'SELECT * FROM generations FINAL' },
  { name: 'v_reconcile_runs', about: 'Runs of the reconcile.', select: 'SELECT * FROM reconcile_runs FINAL' },
  {
    name: 'v_reconcile_fields',
    about: 'Runs of the reconcile per field and model.',
    select: 'SELECT * FROM reconcile_fields FINAL',
  },
  {
    name: 'v_reconcile_mismatches',
    about: 'What the reconcile found to differ.',
    select: 'SELECT * FROM reconcile_mismatches FINAL',
  },
]
