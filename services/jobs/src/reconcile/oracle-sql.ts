import { WINDOW_DAYS } from '@mastery/topology/reconcile/fields.ts'

const DAY_MS = 86_400_000
/** Topology's stages/windowing/entry.ts says what these are; here they are written a second time, on purpose. */
const CLOCK_TOLERANCE_MS = 300_000
const VOID = -2
const UNGRADED = -1

/** A number of 0 to 1 in millionths, halves upwards. */
const micro = (x: string) => `toInt64(floor(least(1., greatest(0., ${x})) * 1000000 + 0.5))`
const time = (column: string, beyond: string) => `ifNull(${beyond}, toUnixTimestamp64Milli(${column}))`
const clamped = (x: string, high: number) => `least(toInt64(${high}), greatest(toInt64(0), toInt64(${x})))`

/** Each event as it came, the first of each id. */
function events(where: string): string {
  return `SELECT student_id, event_id, role, kind, item, topics, source_sequence AS seq, src_offset, supersedes, correct, score, authority = 'server' AS server,
      opportunity_key AS opp, response_time_ms, hints, help_requests, video_coverage,
      ${time('occurred_at', 'occurred_ms')} AS occurred, ${time('observed_at', 'observed_ms')} AS observed,
      if(occurred > observed + ${CLOCK_TOLERANCE_MS}, observed, occurred) AS t,
      multiIf(isNotNull(score), ${micro('assumeNotNull(score)')}, isNotNull(correct), toInt64(assumeNotNull(correct)) * 1000000, toInt64(${UNGRADED})) AS grade
    FROM learning_events WHERE ${where}`
}

/** Everything that voids or corrects: events with \`supersedes\` and commands. A void has the value ${VOID}. */
function corrections(where: string): string {
  return `SELECT student_id, supersedes AS target, event_id AS id, t AS at, if(role = 'evidence' AND grade != ${UNGRADED}, grade, toInt64(${VOID})) AS value, src_offset
      FROM (${events(where)}) WHERE isNotNull(supersedes)
    UNION ALL
    SELECT student_id, target_event_id AS target, command_id AS id, ${time('issued_at', 'issued_ms')} AS at,
      multiIf(kind = 'void', toInt64(${VOID}), isNotNull(score), ${micro('assumeNotNull(score)')}, toInt64(assumeNotNull(correct)) * 1000000) AS value, src_offset
      FROM student_commands WHERE ${where} AND isNotNull(target_event_id)
        AND (kind = 'void' OR (kind = 'correction' AND (isNotNull(score) OR isNotNull(correct))))`
}

/**
 * Students whom this oracle leaves out, since SQL would have to repeat the fold's own order by hash to judge them:
 * those with corrections of corrections, with corrections or evidence of one opportunity at the same time, and those who
 * were erased or readmitted.
 */
function odd(where: string): string {
  return `SELECT student_id FROM (
      SELECT student_id, groupUniqArray(target) AS targets, groupUniqArray(id) AS ids,
        uniqExact((target, at)) < uniqExact((target, id)) AS tied FROM (${corrections(where)}) GROUP BY student_id
      ) WHERE tied OR hasAny(targets, ids)
    UNION DISTINCT
    SELECT student_id FROM (${events(where)}) WHERE isNotNull(opp) AND role = 'evidence' AND isNull(supersedes)
      GROUP BY student_id, opp, server, t, seq HAVING uniqExact(event_id) > 1
    UNION DISTINCT
    SELECT student_id FROM student_commands WHERE ${where} AND kind IN ('erase', 'readmit')`
}

/** Which events count, which are activity, with the value that holds. */
function judged(where: string): string {
  const first = `SELECT * FROM (${events(where)}) WHERE isNull(supersedes) ORDER BY student_id, event_id, src_offset LIMIT 1 BY student_id, event_id`
  const newest = `SELECT student_id, target, argMax(value, at) AS value, toUInt8(1) AS there
    FROM (SELECT * FROM (${corrections(where)}) ORDER BY src_offset LIMIT 1 BY student_id, target, id) GROUP BY student_id, target`
  return `SELECT *, evidence AND isNotNull(opp) AND has_winner AND NOT wins AS outranked,
      candidate AND (isNull(opp) OR wins) AS counted, NOT dead AND role != 'view' AND NOT outranked AS active
    FROM (
      SELECT *, max(candidate) OVER (PARTITION BY student_id, opp) AS has_winner,
        candidate AND row_number() OVER (PARTITION BY student_id, opp ORDER BY candidate DESC, server DESC, t, seq, event_id) = 1 AS wins
      FROM (
        SELECT e.student_id AS student_id, e.event_id AS event_id, e.role AS role, e.kind AS kind, e.item AS item, e.topics AS topics, e.seq AS seq,
          e.t AS t, e.opp AS opp, e.server AS server, e.role = 'evidence' AS evidence, e.response_time_ms AS response_time_ms,
          c.there = 1 AND c.value = ${VOID} AS dead,
          multiIf(c.there = 1 AND c.value >= 0, c.value, e.kind = 'video_interaction' AND e.grade = ${UNGRADED},
            if(isNull(e.video_coverage), toInt64(${UNGRADED}), ${micro('assumeNotNull(e.video_coverage)')}), e.grade) AS value,
          evidence AND NOT dead AND (e.grade != ${UNGRADED} OR (c.there = 1 AND c.value >= 0)) AS candidate,
          ${clamped("ifNull(if(e.kind = 'tutor_interaction', e.help_requests, e.hints), 0)", 65_535)} AS aux
        FROM (${first}) AS e LEFT JOIN (${newest}) AS c ON e.student_id = c.student_id AND e.event_id = c.target
      )
    )`
}

/** Sums of integers over a window, by column of gold: what one event adds. */
const SUMS: readonly (readonly [column: string, adds: string])[] = [
  ['attempts', 'counted'],
  ['correct', 'counted AND value >= 500000'],
  ['score_micro', 'if(counted, value, 0)'],
  ['response_ms', 'if(timed, response, 0)'],
  ['response_n', 'timed'],
  ['practice_attempts', "counted AND kind = 'practice_attempt'"],
  ['practice_correct', "counted AND kind = 'practice_attempt' AND value >= 500000"],
  ['hinted', 'counted AND aux > 0'],
  ['hints', 'if(counted, aux, 0)'],
  ['video_events', "other AND kind = 'video_interaction'"],
  ['video_coverage_micro', "if(other AND kind = 'video_interaction' AND value > 0, value, 0)"],
  ['help_requests', "if(other AND kind = 'tutor_interaction', aux, 0)"],
  ['feedback_n', "other AND kind = 'teacher_feedback' AND value >= 0"],
  ['feedback_micro', "if(other AND kind = 'teacher_feedback' AND value >= 0, value, 0)"],
]
const sumAt = (column: string) => SUMS.findIndex(([c]) => c === column) + 1

/** Shares as people read them, from sums of doubles here and from two integer columns there. */
const SHARES: readonly { name: string; adds: string; by: string; over: string; unit: string }[] = [
  {
    name: 'accuracy',
    adds: 'if(counted, value / 1000000, 0)',
    by: 'attempts',
    over: 'score_micro',
    unit: ' / 1000000',
  },
  { name: 'mean_response_ms', adds: 'if(timed, response, 0)', by: 'response_n', over: 'response_ms', unit: '' },
  { name: 'hint_rate', adds: 'counted AND aux > 0', by: 'attempts', over: 'hinted', unit: '' },
]
const RATIO_TOLERANCE = 1e-12

interface Check {
  name: string
  /** What gold says. */
  stored: string
  /** Allowed relative distance; 0 for integers. */
  tolerance: number
}

const CHECKS: readonly Check[] = [
  ...WINDOW_DAYS.flatMap((d) => [
    ...SUMS.map(([c]) => ({ name: `${c}_${d}d`, stored: `${c}_${d}d`, tolerance: 0 })),
    ...SHARES.map(({ name, by, over, unit }) => ({
      name: `${name}_${d}d`,
      stored: `if(${by}_${d}d > 0, ${over}_${d}d / ${by}_${d}d${unit}, -1)`,
      tolerance: RATIO_TOLERANCE,
    })),
    { name: `revisits_${d}d`, stored: `revisits_${d}d`, tolerance: 0 },
  ]),
  { name: 'attempts_total', stored: 'attempts_total', tolerance: 0 },
  { name: 'as_of', stored: 'toUnixTimestamp64Milli(as_of)', tolerance: 0 },
]
export const CHECKED: readonly string[] = CHECKS.map((c) => c.name)

/** What SQL makes of the events, in the order of CHECKS: as few expressions as can be, since each costs the analyser time. */
const FOUND = `arrayConcat(${[
  ...WINDOW_DAYS.flatMap((d) => [
    `sums_${d}`,
    `[${SHARES.map(({ by }, i) => `if(sums_${d}[${sumAt(by)}] > 0, shares_${d}[${i + 1}] / sums_${d}[${sumAt(by)}], -1)`).join(', ')}]`,
    `[revisits_${d}]`,
  ]),
  '[total, newest]',
].join(', ')})`

/** Differing values of one row that are listed. */
const LISTED = 1_000

/**
 * Windows of the current feature rows, from learning_events and student_commands by SQL alone. One row comes back:
 * rows checked, students left out, and the differing values as [tenant, student, topic, index into CHECKED, stored, computed].
 * `past`: records within the cut, of the students at hand; `current`: feature rows of these students and the generation.
 */
export function oracleSql(past: string, current: string): string {
  const never = -9_007_199_254_740_991
  const topics = `SELECT *, if(counted AND isNotNull(item), lagInFrame(t, 1, toInt64(${never})) OVER (PARTITION BY student_id, topic, item, counted ORDER BY t, seq, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), toInt64(${never})) AS before
    FROM (SELECT student_id, event_id, kind, item, seq, t, response_time_ms, value, aux, counted, active, arrayJoin(arrayDistinct(topics)) AS topic FROM (${judged(past)}))`
  const stored = `SELECT tenant, student_id, topic_id AS topic, toUnixTimestamp64Milli(as_of) AS end, [${CHECKS.map((c) => `toFloat64(${c.stored})`).join(', ')}] AS held
    FROM student_topic_features FINAL WHERE ${current} AND NOT approximate`
  const adds = `SELECT student_id, topic, t, counted, active, before, active AND NOT counted AS other, counted AND isNotNull(response_time_ms) AS timed,
      ${clamped('ifNull(response_time_ms, 0)', 0xfffffffe)} AS response,
      [${SUMS.map(([, x]) => `toFloat64(${x})`).join(', ')}] AS sums, [${SHARES.map(({ adds: x }) => `toFloat64(${x})`).join(', ')}] AS shares FROM (${topics})`
  const windows = WINDOW_DAYS.flatMap((d) => {
    const inside = `t > end - ${d * DAY_MS} AND t <= end`
    return [
      `sumForEachIf(sums, ${inside}) AS sums_${d}`,
      `sumForEachIf(shares, ${inside}) AS shares_${d}`,
      `toFloat64(countIf(${inside} AND counted AND before > end - ${d * DAY_MS})) AS revisits_${d}`,
    ]
  })
  const aggregated = `SELECT tenant, student_id, topic, any(held) AS stored, ${windows.join(', ')}, toFloat64(countIf(counted)) AS total,
      toFloat64(if(countIf(active) = 0, end, maxIf(t, active))) AS newest
    FROM (${adds}) AS e JOIN (${stored}) AS f USING (student_id, topic) GROUP BY student_id, topic, end, tenant`
  const padded = (d: number) => `if(empty(sums_${d}), arrayWithConstant(${SUMS.length}, 0.), sums_${d})`
  const filled = `SELECT tenant, student_id, topic, stored, total, newest, ${WINDOW_DAYS.map((d) => `${padded(d)} AS sums_${d}, shares_${d}, revisits_${d}`).join(', ')} FROM (${aggregated})`
  const compared = `SELECT tenant, student_id, topic, stored, ${FOUND} AS found,
      arrayFilter((i, s, f, allowed) -> abs(s - f) > allowed * greatest(1., abs(f)), range(${CHECKS.length}), stored, found, [${CHECKS.map((c) => c.tolerance.toFixed(15)).join(', ')}]) AS bad
    FROM (${filled})`
  return `SELECT countIf(NOT is_odd) AS rows, uniqExactIf(student_id, is_odd) AS left_out,
      arraySlice(arrayFlatten(groupArrayIf(arrayMap(i -> (tenant, student_id, topic, toUInt32(i), stored[i + 1], found[i + 1]), bad), NOT is_odd AND notEmpty(bad))), 1, ${LISTED}) AS differing
    FROM (SELECT *, student_id IN (${odd(past)}) AS is_odd FROM (${compared})) SETTINGS max_threads = 1`
}
