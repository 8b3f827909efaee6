import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { DriftVerdict } from '@mastery/schemas/src/generated/drift-verdict.gen.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { OpsSignal, SignalKind } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import { madeScore } from '@mastery/topology/alerts/made-score.ts'
import { controlMarker } from '@mastery/topology/generations/generation.ts'
import { opsPartition } from '@mastery/topology/ops/place.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import type { JobContext } from '@mastery/topology/ports/job-queue.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { Random } from '@mastery/topology/school/random.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { JSON_CODEC } from '@mastery/topology/testing/counting-stage.ts'
import { answer, DAY } from '@mastery/topology/testing/learner-log.ts'
import { MemoryLog } from '@mastery/topology/testing/memory.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Sink } from '../../services/gold/src/testing/sink.ts'
import { runItemHealth } from '../../services/jobs/src/items/run.ts'
import { watchSignalsJob } from '../../services/jobs/src/signals/job.ts'

/** A Monday. */
const START = Date.UTC(2026, 1, 2)
const WEEKS = 6
const ITEMS = ['sound-0', 'sound-1', 'sound-2', 'sound-3', 'sound-4', 'sound-5', 'reversed', 'changed']
/** Per item and week; windows with fewer than 30 are not compared. */
const ANSWERS = 60
const NOW = START + 50 * DAY

interface Answered {
  event: LearningEvent
  score: MasteryScore
}

/**
 * Students of known ability answer as it says, but for one item whose key is wrong, and one that becomes much harder in
 * the last two weeks.
 */
function answers(): Answered[] {
  const random = new Random(7)
  const all: Answered[] = []
  for (let week = 0; week < WEEKS; week++)
    for (const item of ITEMS)
      for (let i = 0; i < ANSWERS; i++) {
        const at = START + week * 7 * DAY + Math.floor((i / ANSWERS) * 5 * DAY)
        const logit = 1.2 * random.normal()
        const p = 1 / (1 + Math.exp(-logit))
        const harder = item === 'changed' && week >= WEEKS - 2 ? 3 : 0
        const truth = item === 'reversed' ? 1 - p : 1 / (1 + Math.exp(harder - logit))
        const correct = random.uniform() < truth
        const offset = all.length
        const student = `student-${offset % 200}`
        const topics = [item === 'reversed' ? 'fractions' : 'algebra']
        const score = madeScore({
          tenant: 'school',
          student,
          topic: topics[0]!,
          at,
          correct,
          mastery: p,
          opportunities: 1,
          partition: 0,
          offset,
        })
        all.push({
          event: answer(`answer ${offset}`, { student, item, topics, occurred_at: at, score: correct ? 1 : 0 }),
          score: { ...score, item, predictions: [{ model: 'bkt', version: '1', p }] },
        })
      }
  return all
}

function verdict(week: number, state: string, of: Partial<DriftVerdict>, effect = 0.08): DriftVerdict {
  return {
    origin_partition: 0,
    origin_offset: week,
    ordinal: 0,
    generation: 0,
    tenant: 'school',
    kind: 'feature',
    name: 'attempts/7d',
    model: '',
    version: '',
    window_kind: 'week',
    window_from: START + week * 7 * DAY,
    window_to: START + (week + 1) * 7 * DAY,
    state,
    changed: false,
    reference: 'weeks_before',
    reference_from: null,
    reference_to: null,
    phase: '',
    rows: 500,
    reference_rows: 500,
    independent_rows: null,
    dispersion: null,
    p: null,
    p_adjusted: null,
    series_in_round: 8,
    metrics: [
      { name: 'ks', value: 0.02, floor: 0.07, critical: null, error: null },
      { name: 'psi_deciles', value: effect, floor: 0.04, critical: null, error: null },
    ],
    detected: [],
    scale: 'count',
    labels: [],
    counts: [],
    reference_counts: [],
    ...of,
  }
}

const QUALITY = { kind: 'quality', name: 'predictions', model: 'irt', version: '3' }
const SCORE = { kind: 'score', name: 'mastery', model: 'irt', version: '3' }
const OLD = { kind: 'quality', name: 'predictions', model: 'irt', version: '2' }
const MISSING = { kind: 'missing', name: 'response_time' }

const VERDICTS = [
  ...['stable', 'suspect', 'drift', 'drift'].map((s, i) => verdict(i + 2, s, {}, 0.06)),
  ...['stable', 'stable', 'stable', 'drift'].map((s, i) => verdict(i + 2, s, MISSING, 0.4)),
  ...['drift', 'drift', 'stable'].map((s, i) => verdict(i + 3, s, { kind: 'volume', name: 'scores' })),
  ...['drift', 'drift'].map((s, i) => verdict(i + 4, s, QUALITY)),
  ...['drift', 'drift'].map((s, i) => verdict(i + 4, s, SCORE, 0.9)),
  // A version that scores no more.
  verdict(1, 'drift', OLD),
  // Another organisation's, of which nothing could be said.
  verdict(5, 'insufficient', { tenant: 'other' }),
  // Another generation's.
  verdict(5, 'drift', { generation: 1, name: 'hints/7d' }),
]

const records = (topic: TopicName, subject: StageRecord['subject'], values: readonly unknown[]): StageRecord[] =>
  values.map((value, offset) => ({ subject, value, key: 'key', origin: { topic, partition: 0, offset } }))

const context = {
  jobId: 'watch-signals/1',
  attempt: 1,
  telemetry: SILENT,
  signal: new AbortController().signal,
} as unknown as JobContext

describe('the job watch-signals', () => {
  const dir = mkdtempSync(join(tmpdir(), 'signals-'))
  let gold: ClickHouseGold
  let sink: Sink
  beforeAll(async () => {
    gold = new ClickHouseGold({ path: dir })
    await gold.migrate()
    sink = new Sink(gold)
  })
  afterAll(async () => {
    await gold.close()
    rmSync(dir, { recursive: true, force: true })
  })

  async function look(): Promise<OpsSignal[]> {
    const log = new MemoryLog()
    await log.ensureTopics(['ops.metrics'], 4)
    const job = watchSignalsJob(async () => ({ gold, log, codec: JSON_CODEC, now: () => NOW }))
    await job.run(null, context)
    const all = await log.read('ops.metrics', opsPartition(4), 0, 100)
    return all.map((r) => JSON_CODEC.decode(r.value).value as OpsSignal)
  }
  const of = (all: readonly OpsSignal[], kind: SignalKind, tenant = 'school') => {
    const found = all.filter((s) => s.kind === kind && s.tenant === tenant)
    expect(found).toHaveLength(1)
    return found[0]!
  }

  it('says nothing of what nobody has looked at', async () => {
    expect(await look()).toEqual([])
  })

  it('tells of items that are flagged and of items that changed, with topic and figures', async () => {
    const all = answers()
    await sink.batch(
      'learning.events',
      records(
        'learning.events',
        'learning-event',
        all.map((a) => a.event),
      ),
    )
    await sink.batch(
      'mastery.scores',
      records(
        'mastery.scores',
        'mastery-score',
        all.map((a) => a.score),
      ),
    )
    const artefacts = { list: async () => [], read: async () => ({ files: new Map() }) } as unknown as ArtefactStore
    await runItemHealth({ gold, artefacts, generation: 0, inForce: async () => new Map(), now: () => NOW })

    const signals = await look()
    const health = of(signals, 'item_health')
    expect(health).toMatchObject({ at: NOW, looked_at: ITEMS.length })
    expect(health.as_of).toBe(Math.max(...all.map((a) => a.event.occurred_at)))
    expect(health.subjects[0]).toMatchObject({ subject: 'reversed', topic: 'fractions', since: null })
    expect(health.subjects[0]!.findings[0]).toBe('negative_discrimination')
    const [first] = health.subjects[0]!.figures
    expect(first!.code).toBe('point_biserial')
    expect(first!.value).toBeLessThan(0)
    expect(health.total).toBe(health.subjects.length)
    const flagged = await gold.query<{ item: string }>(
      "SELECT item FROM v_item_health WHERE status = 'flagged' ORDER BY item",
    )
    expect(health.subjects.map((s) => s.subject).sort()).toEqual(flagged.map((f) => f.item))

    const drift = of(signals, 'item_drift')
    expect(drift.looked_at).toBe(ITEMS.length)
    expect(drift.subjects[0]).toMatchObject({ subject: 'changed', topic: 'algebra', findings: ['drift', 'harder'] })
    // It changed with the fifth week, which ended here; by month it may have been seen before.
    expect(drift.subjects[0]!.since).toBeLessThanOrEqual(START + 5 * 7 * DAY)
    expect(drift.subjects[0]!.figures[0]).toMatchObject({ code: 'difficulty_shift' })
    expect(drift.subjects[0]!.figures[0]!.value).toBeGreaterThan(1)
  })

  it('tells of models and of data that drift now, the largest effect against its floor first', async () => {
    await sink.batch('drift.verdicts', records('drift.verdicts', 'drift-verdict', VERDICTS))
    const signals = await look()
    const data = of(signals, 'data_drift')
    expect(data).toMatchObject({ as_of: START + 6 * 7 * DAY, looked_at: 3, total: 2 })
    expect(data.subjects).toEqual([
      {
        subject: 'missing/response_time',
        topic: null,
        findings: ['missing'],
        since: START + 6 * 7 * DAY,
        figures: [{ code: 'psi_deciles', value: 0.4 }],
      },
      {
        subject: 'feature/attempts/7d',
        topic: null,
        findings: ['feature'],
        // Suspected first a week before it was called drift.
        since: START + 4 * 7 * DAY,
        figures: [{ code: 'psi_deciles', value: 0.06 }],
      },
    ])
    const model = of(signals, 'model_drift')
    expect(model).toMatchObject({ looked_at: 2, total: 1 })
    expect(model.subjects[0]).toMatchObject({
      subject: 'irt@3',
      findings: ['quality', 'score/mastery'],
      since: START + 5 * 7 * DAY,
    })
    expect(of(signals, 'data_drift', 'other')).toMatchObject({ looked_at: 0, total: 0, subjects: [] })
  })

  it('is told in the same words when it looks again', async () => {
    expect(await look()).toEqual(await look())
  })

  it('follows a switch: of a generation that has no items yet it says nothing of items', async () => {
    const g = { id: 1, status: 'active', reason: 'test', changedAt: NOW } as never
    const marker = controlMarker(g)
    await sink.batch('mastery.control', records('mastery.control', 'marker', [marker]))
    const signals = await look()
    expect(signals.map((s) => s.kind)).toEqual(['data_drift'])
    expect(signals[0]!.subjects.map((s) => s.subject)).toEqual(['feature/hints/7d'])
  })
})
