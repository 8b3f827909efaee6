import { join } from 'node:path'
import { reconcile } from '@mastery/jobs/src/reconcile/run.ts'
import { fileStore } from '@mastery/jobs/src/reconcile/store.ts'
import { activateVersion } from '@mastery/jobs/src/training/activate.ts'
import { cardOf } from '@mastery/jobs/src/training/card.ts'
import { type TrainOptions, trainFromGold } from '@mastery/jobs/src/training/train.ts'
import { versionsInForce } from '@mastery/jobs/src/training/versions.ts'
import { compareWeekVersions, forecastWeeks } from '@mastery/jobs/src/training/week-compare.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schoolRecords } from '../bench/school.ts'
import { World } from './world.ts'

let world: World
let now = Date.UTC(2026, 0, 15)

const events: Input[] = [...schoolRecords({ students: 60, events: 6000 })].map((r) =>
  r.type === 'event' ? { subject: 'learning-event', value: r.event } : { subject: 'tick', value: { at: r.at } },
)
const SENT = 5400

const versionParts = () => {
  const { log, state, artefacts, provide } = world.installation
  return { log, state, artefacts, provide, generation: 0 }
}
const parts = () => ({ ...world.parts(), artefacts: world.installation.artefacts, now: () => ++now })
const train = (learners: string[], more: Partial<TrainOptions> = {}) =>
  trainFromGold(
    { ...parts(), inForce: () => versionsInForce(versionParts()), labelWeight: 0 },
    { learners, seed: 1, folds: 3, draws: 60, ...more },
  )

describe('trees of the next week', () => {
  beforeAll(async () => {
    world = await World.open()
    await world.send(events.slice(0, SENT))
  }, 120_000)
  afterAll(() => world?.close())

  it('are kept with what they were measured by, beside the share so far, and a card', async () => {
    const [week] = await train(['trees-week'])
    const { metrics, version } = week!
    expect(week).toMatchObject({ model: 'trees-week', parent: 'none', settings: { learner: 'trees-week' } })
    expect(metrics['auc']).toBeUndefined()
    expect(metrics['n']).toBeGreaterThan(200)
    expect(metrics['gain_log_loss']!).toBeCloseTo(metrics['share_so_far_log_loss']! - metrics['log_loss']!, 12)
    expect(metrics['gain_log_loss_low']!).toBeLessThan(metrics['gain_log_loss_high']!)
    const card = await cardOf(world.installation.artefacts, 'trees-week', version)
    expect(card).toContain(`# trees-week, version ${version}`)
    expect(card).toMatch(/no mastery, and no part of the mean/)
    const [again] = await train(['trees-week'])
    expect(again!.version).toBe(version)
  }, 120_000)

  it('score each topic beside mastery from their marker on, in gold with their version, and predict no answer', async () => {
    const { artefacts } = world.installation
    const { version } = (await artefacts.list('trees-week'))[0]!
    await activateVersion(parts(), 'trees-week', version, { anyway: true })
    await world.send(events.slice(SENT))
    const [rows] = await world.gold.query<{ n: string; versions: string[]; low: number; high: number }>(
      `SELECT count() AS n, groupUniqArray(model_version) AS versions, min(mastery_score) AS low, max(mastery_score) AS high
       FROM v_student_mastery_history WHERE score_source = 'trees-week'`,
    )
    expect(Number(rows!.n)).toBeGreaterThan(50)
    expect(rows!.versions).toEqual([version])
    expect(rows!.low).toBeGreaterThan(0)
    expect(rows!.high).toBeLessThan(1)
    const [wide] = await world.gold.query<{ off: number }>(
      `SELECT max(abs(mastery - (rule + bkt + elo) / 3)) AS off FROM v_student_topic_mastery WHERE trees_week IS NOT NULL`,
    )
    expect(wide!.off).toBeLessThan(1e-12)
    const [predicted] = await world.gold.query<{ n: string }>(
      "SELECT count() AS n FROM next_correct_predictions WHERE score_source = 'trees-week'",
    )
    expect(Number(predicted!.n)).toBe(0)
    const store = fileStore(join(world.dir, 'run.json'))
    const found = await reconcile(world.parts(), { heal: false, store })
    expect(found).toMatchObject({ missing: 0, extra: 0 })
  }, 120_000)

  it('are compared among themselves on the weeks of students whom neither saw', async () => {
    const [other] = await train(['trees-week'], { learners: ['trees-week'], from: Date.UTC(2000, 0, 1) })
    const { artefacts } = world.installation
    const kept = await artefacts.list('trees-week')
    expect(kept.map((v) => v.version)).toContain(other!.version)
    const plan = {
      versions: kept.map(({ model, version }) => ({ model, version })),
      ...{ test: null, seed: 1, draws: 40, progress: () => {} },
    }
    const from = {
      ...parts(),
      gold: async () => world.gold,
      inForce: () => versionsInForce(versionParts()),
      labelWeight: 0,
    }
    expect(forecastWeeks(plan.versions.map((v) => v.model))).toBe(true)
    expect(kept.length).toBeGreaterThan(1)
    const e = await compareWeekVersions(from, plan)
    expect(Object.keys(e.models)).toEqual(kept.map((v) => `trees-week ${v.version}`))
    expect(e.comparisons).toHaveLength(kept.length - 1)
    expect(() => forecastWeeks(['bkt', 'trees-week'])).toThrow(/compare its versions with one another/)
  }, 120_000)
})
