import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'

/** How two generations differ in the current rows of one model, or of the features. */
export interface Difference {
  /** A model, "features" for the windows, "history" and "predictions" for every row that there ever was. */
  what: string
  /** Keys (student and topic) that both have, with equal values. */
  equal: number
  changed: number
  /** Keys that only one of the two has. */
  onlyOld: number
  onlyNew: number
  /** Of the mastery over changed keys; null for features. */
  meanChange: number | null
  maxChange: number | null
}

export interface ChangedStudent {
  student_id: string
  topics: number
  /** Greatest change of the blend. */
  change: number
}

interface Counted {
  what: string
  equal: number
  changed: number
  only_old: number
  only_new: number
  mean_change: number | null
  max_change: number | null
}

const params = (old: number, next: number) => ({ old, new: next })

/** The current rows of generation `next` against those of `old`. Both should have caught up with the same log. */
export async function diffGenerations(
  gold: GoldStore,
  old: number,
  next: number,
): Promise<{ differences: Difference[]; students: ChangedStudent[] }> {
  const scores = (generation: string) =>
    `SELECT tenant, student_id, topic_id, model, mastery FROM student_mastery_rows FINAL
     ARRAY JOIN score_sources AS model, mastery_scores AS mastery
     WHERE generation = {${generation}:UInt16} AND opportunities > 0`
  const joined = `(SELECT tenant, student_id, topic_id, model,
      maxIf(mastery, side = 'old') AS was, maxIf(mastery, side = 'new') AS now,
      countIf(side = 'old') > 0 AS has_old, countIf(side = 'new') > 0 AS has_new
      FROM (SELECT *, 'old' AS side FROM (${scores('old')}) UNION ALL SELECT *, 'new' AS side FROM (${scores('new')}))
      GROUP BY tenant, student_id, topic_id, model)`
  const counts = (same: string) =>
    `countIf(has_old AND has_new AND ${same}) AS equal, countIf(has_old AND has_new AND NOT (${same})) AS changed,
     countIf(has_old AND NOT has_new) AS only_old, countIf(has_new AND NOT has_old) AS only_new`
  const models = await gold.query<Counted>(
    `SELECT model AS what, ${counts('was = now')},
     avgOrNullIf(abs(was - now), has_old AND has_new AND was != now) AS mean_change,
     maxOrNullIf(abs(was - now), has_old AND has_new AND was != now) AS max_change
     FROM ${joined} GROUP BY model ORDER BY model`,
    params(old, next),
  )
  // The windows are compared as one text: every column but those that name the computation.
  const windows = (generation: string) =>
    `SELECT tenant, student_id, topic_id, cityHash64(formatRow('TSV', * EXCEPT (generation, version, last_updated,
      src_partition, src_offset, ordinal))) AS row
     FROM student_topic_features FINAL WHERE generation = {${generation}:UInt16}`
  const [features] = await gold.query<Counted>(
    `SELECT 'features' AS what, ${counts('was = now')}, NULL AS mean_change, NULL AS max_change FROM
     (SELECT maxIf(row, side = 'old') AS was, maxIf(row, side = 'new') AS now,
      countIf(side = 'old') > 0 AS has_old, countIf(side = 'new') > 0 AS has_new
      FROM (SELECT *, 'old' AS side FROM (${windows('old')}) UNION ALL SELECT *, 'new' AS side FROM (${windows('new')}))
      GROUP BY tenant, student_id, topic_id)`,
    params(old, next),
  )
  const rows = async (what: string, table: string): Promise<Counted> => {
    // Places in the topic between the stages: another number of partitions, or a repeat, and they differ.
    const of = (generation: string) =>
      `SELECT cityHash64(formatRow('TSV', * EXCEPT (generation, ${table === 'student_mastery_history_rows' ? 'version, last_updated, ' : ''}src_partition, src_offset))) AS row
       FROM ${table} FINAL WHERE generation = {${generation}:UInt16}`
    const [found] = await gold.query<Counted>(
      `SELECT sum(least(o, n)) AS equal, 0 AS changed, sum(greatest(o - n, 0)) AS only_old, sum(greatest(n - o, 0)) AS only_new FROM
       (SELECT toInt64(countIf(side = 'old')) AS o, toInt64(countIf(side = 'new')) AS n
        FROM (SELECT *, 'old' AS side FROM (${of('old')}) UNION ALL SELECT *, 'new' AS side FROM (${of('new')})) GROUP BY row)`,
      params(old, next),
    )
    return { ...found!, what, mean_change: null, max_change: null }
  }
  const history = await rows('history', 'student_mastery_history_rows')
  const predictions = await rows('predictions', 'next_correct_prediction_rows')
  const students = await gold.query<ChangedStudent>(
    `SELECT student_id, count() AS topics, max(abs(was - now)) AS change FROM ${joined}
     WHERE model = 'blend' AND has_old AND has_new AND was != now
     GROUP BY tenant, student_id ORDER BY change DESC, student_id LIMIT 10`,
    params(old, next),
  )
  const differences = [features!, ...models, history, predictions].map((r) => ({
    what: r.what,
    equal: Number(r.equal),
    changed: Number(r.changed),
    onlyOld: Number(r.only_old),
    onlyNew: Number(r.only_new),
    meanChange: r.mean_change,
    maxChange: r.max_change,
  }))
  return { differences, students: students.map((s) => ({ ...s, topics: Number(s.topics) })) }
}
