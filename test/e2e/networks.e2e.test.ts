import { join } from 'node:path'
import { rebuildStudents } from '@mastery/jobs/src/rebuild/rebuild.ts'
import { reconcile } from '@mastery/jobs/src/reconcile/run.ts'
import { fileStore } from '@mastery/jobs/src/reconcile/store.ts'
import { activateVersion, rollBack } from '@mastery/jobs/src/training/activate.ts'
import { trainFromGold } from '@mastery/jobs/src/training/train.ts'
import { versionsInForce } from '@mastery/jobs/src/training/versions.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schoolRecords } from '../bench/school.ts'
import { World } from './world.ts'

let world: World
let now = Date.UTC(2026, 0, 15)
const events: Input[] = [...schoolRecords({ students: 30, events: 2400 })].map((r) =>
  r.type === 'event' ? { subject: 'learning-event', value: r.event } : { subject: 'tick', value: { at: r.at } },
)
const students = [
  ...new Set(events.flatMap((e) => (e.subject === 'learning-event' ? [(e.value as LearningEvent).student] : []))),
]
const half = Math.floor(events.length / 2)

const versionParts = () => {
  const { log, state, artefacts, provide } = world.installation
  return { log, state, artefacts, provide, generation: 0 }
}
const parts = () => ({ ...world.parts(), artefacts: world.installation.artefacts, now: () => ++now })
const reconciled = () =>
  reconcile(world.parts(), { heal: false, store: fileStore(join(world.dir, `run-${++now}.json`)) })

describe('a network that is trained here', () => {
  const version: Record<string, string> = {}
  beforeAll(async () => {
    world = await World.open()
    await world.send(events.slice(0, half))
  })
  afterAll(() => world?.close())

  it('is put in force while the stream runs, and every score names it from one offset on', async () => {
    const trained = await trainFromGold(
      { ...parts(), inForce: () => versionsInForce(versionParts()), labelWeight: 0 },
      { learners: ['dkt', 'irt'], seed: 1, folds: 5, draws: 100 },
    )
    for (const t of trained) version[t.model] = t.version
    expect(trained.map((t) => [t.model, t.parent])).toEqual([
      ['dkt', 'none'],
      ['irt', 'none'],
    ])
    // Compared with what is served without it.
    for (const t of trained) expect(Number.isFinite(t.metrics['gain_log_loss_low'])).toBe(true)
    for (const model of ['dkt', 'irt'])
      expect(await activateVersion(parts(), model, version[model]!, { anyway: true })).toMatchObject({ before: 'none' })
    await world.pipeline.stop()
    await world.restart()
    await world.send(events.slice(half))

    const markers = await world.gold.query<{ p: number; at: string; name: string }>(
      "SELECT src_partition AS p, src_offset AS at, name FROM v_markers WHERE action = 'activate' ORDER BY p",
    )
    for (const model of ['dkt', 'irt']) {
      const on = new Map(markers.filter((m) => m.name === model).map((m) => [m.p, Number(m.at)]))
      const rows = await world.gold.query<{ p: number; at: string; said: number; version: string }>(
        `SELECT src_partition AS p, src_offset AS at, has(score_sources, '${model}') AS said,
           model_versions[indexOf(score_sources, '${model}')] AS version
         FROM next_correct_prediction_rows FINAL`,
      )
      for (const r of rows) {
        const served = Number(r.at) > on.get(r.p)!
        // The network says nothing of topics that its training did not meet.
        const said = served && (model !== 'dkt' || Boolean(r.said))
        expect([r.p, r.at, Boolean(r.said), r.version]).toEqual([r.p, r.at, said, said ? version[model] : ''])
      }
      expect(rows.filter((r) => r.said).length).toBeGreaterThan(150)
    }
    const [metrics] = await world.gold.query<{ n: number }>(
      "SELECT toFloat64(n) AS n FROM v_model_metrics WHERE score_source = 'dkt'",
    )
    expect(metrics!.n).toBeGreaterThan(150)
  })

  it('is what the fold of the whole history gives, once its students were rebuilt, and stays so', async () => {
    expect((await reconciled()).other_versions).toBe(students.length)
    const rebuilt = await rebuildStudents(
      world.parts(),
      students.map((student) => ({ student })),
      { reason: 'a new model' },
    )
    expect(new Set([...rebuilt.values()].map((r) => r.outcome))).toEqual(new Set(['installed']))
    const report = await reconciled()
    expect(report).toMatchObject({ mismatches: 0, missing: 0, extra: 0, other_versions: 0 })
    // Late ones, and corrections by newer evidence, are learned in their places.
    const late = events
      .filter((e) => e.subject === 'learning-event')
      .slice(200, 260)
      .map((e): Input => {
        const { event_id, occurred_at, ...rest } = e.value as LearningEvent
        const later = occurred_at + 3_600_000
        return {
          subject: 'learning-event',
          value: {
            ...rest,
            event_id: `late ${event_id}`,
            occurred_at: later,
            observed_at: later,
            opportunity_key: null,
          },
        }
      })
    await world.send(late)
    expect(await reconciled()).toMatchObject({ mismatches: 0, missing: 0, extra: 0, other_versions: 0 })
  })

  it('shows a changed state, and is healed', async () => {
    const [row] = await world.gold.query<{ s: string }>(
      "SELECT student_id AS s FROM student_mastery_rows FINAL WHERE has(score_sources, 'dkt') ORDER BY s LIMIT 1",
    )
    await world.gold.query(
      `ALTER TABLE student_mastery_rows UPDATE mastery_scores = arrayMap((m, s) -> if(s = 'dkt', m * 0.9, m), mastery_scores, score_sources)
       WHERE student_id = '${row!.s}' SETTINGS mutations_sync = 2`,
    )
    const healed = await reconcile(world.parts(), { heal: true, store: fileStore(join(world.dir, 'heal.json')) })
    expect(healed.mismatches).toBeGreaterThan(0)
    expect(healed.healed).toBe(1)
    expect(await reconciled()).toMatchObject({ mismatches: 0 })
  })

  it('is out of force again after a rollback, and no score names it', async () => {
    expect(await rollBack(parts(), 'dkt')).toEqual({
      ...{ model: 'dkt', version: 'none', before: version['dkt'], histories: null },
    })
    const last = events.filter((e) => e.subject === 'learning-event').at(-1)!.value as LearningEvent
    const at = last.occurred_at + 60_000
    await world.send([
      {
        subject: 'learning-event',
        value: { ...last, event_id: 'after', occurred_at: at, observed_at: at, opportunity_key: null },
      },
    ])
    const [row] = await world.gold.query<{ sources: string[] }>(
      "SELECT score_sources AS sources FROM next_correct_prediction_rows FINAL WHERE event_id = 'after'",
    )
    expect(row!.sources).toEqual(['rule', 'bkt', 'elo', 'irt', 'blend'])
  })
})
