import { BOUNDS_MS } from '@mastery/topology/ops/latency.ts'
import { type Column, type GoldTable, LC, TIME } from './table.ts'

const COUNT = 'UInt64'
const PLACE: readonly Column[] = [
  ['src_partition', 'UInt16', 'Partition of ops.metrics in which the record stands.'],
  ['src_offset', 'UInt64', 'Its offset.'],
]

/** How services fare, and what was found of items, models and data. Clock: that of the services. */
export const OPS_TABLES: readonly GoldTable[] = [
  {
    name: 'ops_metrics',
    about: 'How every part of every process fared, interval by interval; v_pipeline shows how each stands.',
    columns: [
      ['service', LC, 'Process: collector, features, ..., or embedded where one process holds all.'],
      ['part', LC, "Which part of it: the stage's name, or the service's."],
      ['generation', 'UInt16', 'Generation of the computation; 0 where there is none.'],
      ['instance', LC, 'Host and process id.'],
      ['from_at', TIME, 'Begin of the interval.'],
      ['to_at', TIME, 'Its end. Of two rows with one begin the later stays: it tells of both.'],
      ['started_at', TIME, 'When the process started.'],
      ['last', 'Bool', 'The part was told to end, and has.'],
      ['operations', COUNT, 'Records taken, requests answered, jobs or messages finished.'],
      ['errors', COUNT, 'Those of them that failed for good.'],
      ['dead_letters', COUNT, 'Records that were set aside with their bytes.'],
      ['retries', COUNT, 'Attempts that failed in a way that passes.'],
      ['lag', 'Nullable(UInt64)', 'Records in the log and not in the state; null: nothing to read, or not known.'],
      ['partitions', 'UInt32', 'Partitions that it owns.'],
      ['stopped', 'UInt32', 'Of these, those that stand still.'],
      ['rebuilding', 'UInt32', 'Of these, those that fold their records again.'],
      ['problem', 'String', 'Why the first of them stands still; empty where none does.'],
      ['latency', `Array(${COUNT})`, `Operations by how long they took; bounds in ms: ${BOUNDS_MS.join(', ')}.`],
      ['age', `Array(${COUNT})`, 'Records by how old they were when they were committed, in the same bins.'],
      ['source_tenants', `Array(${LC})`, 'By source: the organisation.'],
      ['source_names', `Array(${LC})`, 'The way by which it came: json, xapi, caliper or intake.'],
      ['source_accepted', `Array(${COUNT})`, 'Events that were taken.'],
      ['source_rejected', `Array(${COUNT})`, 'Events that could not be read.'],
      ...PLACE,
    ],
    order: ['service', 'part', 'generation', 'instance', 'from_at'],
    version: 'to_at',
    month: 'from_at',
    age: 'from_at',
    shard: ['part'],
  },
  {
    name: 'ops_signals',
    about:
      'What each run of the job watch-signals found of items, models and data: per organisation and kind one row of rank 0 and, from rank 1 on, what something was found of.',
    columns: [
      ['tenant', LC, 'Organisation.'],
      ['kind', LC, 'item_health, item_drift, model_drift or data_drift.'],
      ['at', TIME, 'When gold was looked at.'],
      ['as_of', TIME, 'Event time up to which gold knew.'],
      ['looked_at', 'UInt32', 'Items or series that were looked at.'],
      ['total', 'UInt32', 'Those of them that something was found of; the worst 500 have rows.'],
      ['rank', 'UInt16', '0: of the whole; from 1 on, the worst first.'],
      ['subject', 'String', 'Item, model version or series; empty at rank 0.'],
      ['topic_id', 'String', 'Knowledge component of an item; else empty.'],
      ['findings', `Array(${LC})`, 'What was found.'],
      ['since', `Nullable(${TIME})`, 'End of the first window in which it was found.'],
      ['figures', `Array(${LC})`, 'Names of the figures that it rests on, strongest first.'],
      ['figure_values', 'Array(Float64)', 'Their values.'],
      ...PLACE,
    ],
    order: ['tenant', 'kind', 'at', 'rank'],
    version: null,
    month: 'at',
    age: 'at',
    shard: ['tenant'],
  },
]

/** Minutes of a part's newest record that its rates and quantiles are of. */
const MINUTES = 15

const BOUNDS = `[${BOUNDS_MS.join(', ')}]`

/** As topology/ops/latency.ts has it: the bound of the bin in which the quantile lies; null where nothing was counted. */
function quantile(bins: string, q: number): string {
  const rank = `greatest(1, ceil(${q} * arraySum(${bins}) - 1e-9))`
  const bin = `arrayFirstIndex(n -> n >= ${rank}, arrayCumSum(${bins}))`
  return `if(arraySum(${bins}) > 0, toNullable(${BOUNDS}[least(${bin}, ${BOUNDS_MS.length})]), NULL)`
}

export const OPS_VIEWS: readonly { name: string; about: string; select: string }[] = [
  {
    name: 'v_pipeline',
    about: `How every part of every service stands, of those heard of within a day: state, lag, and over the ${MINUTES} minutes up to its newest record rates, latency in ms, error share, dead letters. The clock is that of the services.`,
    select: `SELECT service, part, generation, state, last_seen, instances, lag, partitions, stopped, rebuilding, problem,
      operations, if(seconds > 0, operations / seconds, NULL) AS per_second,
      ${quantile('latency', 0.5)} AS p50_ms, ${quantile('latency', 0.99)} AS p99_ms,
      ${quantile('age', 0.5)} AS age_p50_ms, ${quantile('age', 0.99)} AS age_p99_ms,
      errors, if(operations > 0, errors / operations, NULL) AS error_share, dead_letters, retries
      FROM (
        SELECT service, part, generation, max(to_at) AS last_seen, countIf(current) AS instances,
          sumIf(lag, newest AND current) AS lag, sumIf(partitions, newest AND current) AS partitions,
          sumIf(stopped, newest AND current) AS stopped, sumIf(rebuilding, newest AND current) AS rebuilding,
          anyIf(problem, newest AND current AND problem != '') AS problem,
          sum(operations) AS operations, sum(errors) AS errors, sum(dead_letters) AS dead_letters, sum(retries) AS retries,
          sumForEach(latency) AS latency, sumForEach(age) AS age,
          dateDiff('millisecond', min(from_at), max(to_at)) / 1000 AS seconds,
          multiIf(instances = 0, 'ended', last_seen < now64(3) - toIntervalMillisecond(max(patience)), 'silent',
            stopped > 0, 'stopped', rebuilding > 0, 'rebuilding', 'running') AS state
        FROM (
          SELECT *, to_at = max(to_at) OVER instance AS newest,
            newest AND NOT last AND to_at > max(to_at) OVER whole - toIntervalMillisecond(patience) AS current
          FROM (
            SELECT *, greatest(60000, 3 * dateDiff('millisecond', from_at, to_at)) AS patience,
              to_at > max(to_at) OVER (PARTITION BY service, part, generation) - INTERVAL ${MINUTES} MINUTE AS recent
            FROM ops_metrics FINAL WHERE to_at > (SELECT max(to_at) FROM ops_metrics) - INTERVAL 1 DAY
          ) WHERE recent
          WINDOW instance AS (PARTITION BY service, part, generation, instance),
            whole AS (PARTITION BY service, part, generation)
        ) GROUP BY service, part, generation
      )`,
  },
  {
    name: 'v_ops_sources',
    about: 'Events that were taken and that could not be read, by day, organisation and the way by which they came.',
    select: `SELECT toDate(to_at) AS day, tenant, source, sum(accepted) AS accepted, sum(rejected) AS rejected,
      if(accepted + rejected > 0, rejected / (accepted + rejected), NULL) AS rejected_share
      FROM ops_metrics FINAL ARRAY JOIN source_tenants AS tenant, source_names AS source, source_accepted AS accepted,
        source_rejected AS rejected GROUP BY day, tenant, source`,
  },
  {
    name: 'v_ops_signals',
    about: 'What the newest run of the job watch-signals found of items, models and data, the worst first.',
    select: `SELECT * FROM ops_signals FINAL WHERE (tenant, kind, at) IN (SELECT tenant, kind, max(at) FROM ops_signals GROUP BY tenant, kind)`,
  },
]
