import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { OpsMetric } from '@mastery/schemas/src/generated/ops-metric.gen.ts'
import type { OpsSignal } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import { addTo, merged, quantileMs } from '@mastery/topology/ops/latency.ts'
import { type PartStanding, pipelineOf } from '@mastery/topology/ops/pipeline.ts'
import { opsPartition } from '@mastery/topology/ops/place.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { idleMetric } from '@mastery/topology/testing/ops-metric.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Sink } from './testing/sink.ts'

const MINUTE = 60_000
const NOW = Date.now()

function metric(part: string, minute: number, more: Partial<OpsMetric> = {}): OpsMetric {
  const to = NOW + minute * MINUTE
  const nothing = { lag: null, partitions: 0, started: NOW - 1_000 * MINUTE }
  return idleMetric({ part, from: to - MINUTE, to, ...nothing, ...more })
}

function bins(...counts: [ms: number, n: number][]): number[] {
  const all: number[] = []
  for (const [ms, n] of counts) addTo(all, ms, n)
  return all
}

const FAST = bins([3, 600], [80, 30])
const SLOW = bins([3, 100], [450, 8], [900, 1])

const METRICS: OpsMetric[] = [
  // Too long ago for rates and quantiles.
  metric('scoring', -40, { operations: 9_999, latency: bins([60_000, 9_999]), errors: 5, dead_letters: 5 }),
  metric('scoring', -2, { operations: 630, latency: FAST, lag: 500, partitions: 2, dead_letters: 1 }),
  metric('scoring', -1, { operations: 109, latency: SLOW, lag: 40, partitions: 2, retries: 3 }),
  metric('scoring', -1, { instance: 'b:1', lag: 2, partitions: 2, stopped: 1, problem: 'gone from the log' }),
  // Of another generation it is another part.
  metric('scoring', -1, { generation: 1, last: true, operations: 3 }),
  metric('api', -1, { operations: 50, errors: 2, latency: bins([20, 50]) }),
  metric('gold', -30, { lag: 5, partitions: 4 }),
  metric('jobs', -3, { instance: 'a:1', last: true, operations: 1 }),
  metric('jobs', -1, { instance: 'a:2', operations: 2 }),
  metric('collector', -1, { sources: [{ tenant: 'school', source: 'xapi', accepted: 9, rejected: 3 }] }),
  metric('collector', 0, { sources: [{ tenant: 'school', source: 'xapi', accepted: 1, rejected: 0 }] }),
]

const records = (subject: 'ops-metric' | 'ops-signal', values: readonly unknown[], from = 0): StageRecord[] =>
  values.map((value, i) => ({
    subject,
    value,
    key: 'operations',
    origin: { topic: 'ops.metrics', partition: opsPartition(4), offset: from + i },
  }))

describe('ops.metrics in gold', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ops-'))
  let gold: ClickHouseGold
  let sink: Sink
  beforeAll(async () => {
    gold = new ClickHouseGold({ path: dir })
    await gold.migrate()
    sink = new Sink(gold)
    const all = records('ops-metric', METRICS)
    await sink.batch('ops.metrics', all, false)
    await sink.batch('ops.metrics', all)
  })
  afterAll(async () => {
    await gold.close()
    rmSync(dir, { recursive: true, force: true })
  })
  async function pipeline(part: string, generation = 0): Promise<Record<string, unknown>> {
    const rows = await gold.query<Record<string, unknown>>(
      'SELECT * FROM v_pipeline WHERE part = {part:String} AND generation = {generation:UInt16}',
      { part, generation },
    )
    expect(rows).toHaveLength(1)
    return rows[0]!
  }

  it('shows how a part stands over all its processes, and how it did over the last minutes', async () => {
    const row = await pipeline('scoring')
    const latency = merged(FAST, SLOW)
    expect(row).toMatchObject({ state: 'stopped', problem: 'gone from the log' })
    expect(Number(row['lag'])).toBe(42)
    expect(Number(row['partitions'])).toBe(4)
    expect(Number(row['instances'])).toBe(2)
    expect(Number(row['operations'])).toBe(739)
    expect(Number(row['dead_letters'])).toBe(1)
    expect(Number(row['retries'])).toBe(3)
    expect(Number(row['per_second'])).toBeCloseTo(739 / 120, 9)
    expect(Number(row['p50_ms'])).toBe(quantileMs(latency, 0.5))
    expect(Number(row['p99_ms'])).toBe(quantileMs(latency, 0.99))
    expect(quantileMs(latency, 0.99)).toBe(500)
  })

  it('tells what runs from what has ended and what is not heard of', async () => {
    expect((await pipeline('scoring', 1))['state']).toBe('ended')
    expect((await pipeline('gold'))['state']).toBe('silent')
    expect(await pipeline('jobs')).toMatchObject({ state: 'running', p99_ms: null, lag: null })
    const api = await pipeline('api')
    expect(api['state']).toBe('running')
    expect(Number(api['error_share'])).toBe(0.04)
  })

  it('has one row of records that tell of the same time, the later one', async () => {
    const again = metric('api', 0, { from: NOW - 2 * MINUTE, operations: 70 })
    await sink.batch('ops.metrics', records('ops-metric', [again], METRICS.length))
    expect(Number((await pipeline('api'))['operations'])).toBe(70)
  })

  it('agrees with what the records themselves come to', async () => {
    const again = metric('api', 0, { from: NOW - 2 * MINUTE, operations: 70 })
    const rows = await gold.query<Record<keyof PartStanding, unknown>>(
      'SELECT * REPLACE (toUnixTimestamp64Milli(last_seen) AS last_seen) FROM v_pipeline ORDER BY service, part, generation',
    )
    const words = ['service', 'part', 'state', 'problem']
    const read = rows.map((r) =>
      Object.fromEntries(Object.entries(r).map(([k, v]) => [k, v === null || words.includes(k) ? v : Number(v)])),
    )
    expect(read).toEqual(pipelineOf([again, ...METRICS], Date.now()))
  })

  it('sums what came by day, organisation and source', async () => {
    const rows = await gold.query<Record<string, unknown>>(
      'SELECT tenant, source, toUInt32(sum(accepted)) AS taken, toUInt32(sum(rejected)) AS refused FROM v_ops_sources GROUP BY ALL',
    )
    expect(rows).toEqual([{ tenant: 'school', source: 'xapi', taken: 10, refused: 3 }])
  })

  it('keeps every picture, and shows the newest of each kind', async () => {
    const picture = (at: number, subjects: OpsSignal['subjects']): OpsSignal => ({
      tenant: 'school',
      kind: 'item_health',
      at,
      as_of: at - 1,
      looked_at: 20,
      total: subjects.length,
      subjects,
    })
    const item = (subject: string): OpsSignal['subjects'][number] => ({
      subject,
      topic: 'fractions',
      findings: ['negative_discrimination', 'key'],
      since: null,
      figures: [{ code: 'point_biserial', value: -0.2 }],
    })
    const from = METRICS.length + 1
    await sink.batch(
      'ops.metrics',
      records('ops-signal', [picture(NOW, [item('q1'), item('q2')]), picture(NOW + 1, [item('q2')])], from),
    )
    const shown = await gold.query<Record<string, unknown>>(
      'SELECT rank, subject, topic_id, findings, figures, figure_values FROM v_ops_signals ORDER BY rank',
    )
    expect(shown).toEqual([
      { rank: 0, subject: '', topic_id: '', findings: [], figures: [], figure_values: [] },
      {
        rank: 1,
        subject: 'q2',
        topic_id: 'fractions',
        findings: ['negative_discrimination', 'key'],
        figures: ['point_biserial'],
        figure_values: [-0.2],
      },
    ])
    const [all] = await gold.query<{ n: string }>('SELECT count() AS n FROM ops_signals FINAL')
    expect(Number(all!.n)).toBe(5)
    await sink.batch('ops.metrics', records('ops-signal', [picture(NOW + 2, [])], from + 2))
    const none = await gold.query('SELECT rank FROM v_ops_signals')
    expect(none).toEqual([{ rank: 0 }])
  })
})
