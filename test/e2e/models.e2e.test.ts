import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rebuildStudents } from '@mastery/jobs/src/rebuild/rebuild.ts'
import { reconcile } from '@mastery/jobs/src/reconcile/run.ts'
import { fileStore } from '@mastery/jobs/src/reconcile/store.ts'
import { activateVersion, rollBack } from '@mastery/jobs/src/training/activate.ts'
import { type TrainOptions, trainFromGold } from '@mastery/jobs/src/training/train.ts'
import { versionsInForce } from '@mastery/jobs/src/training/versions.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schoolRecords } from '../bench/school.ts'
import { mastery, masteryOk } from '../processes/cli.ts'
import { World } from './world.ts'

let world: World
let now = Date.UTC(2026, 0, 15)

const events: Input[] = [...schoolRecords({ students: 60, events: 6000 })].map((r) =>
  r.type === 'event' ? { subject: 'learning-event', value: r.event } : { subject: 'tick', value: { at: r.at } },
)

const versionParts = () => {
  const { log, state, artefacts, provide } = world.installation
  return { log, state, artefacts, provide, generation: 0 }
}
const parts = () => ({
  ...versionParts(),
  codec: world.installation.codec,
  gold: world.gold,
  now: () => ++now,
  check: () => world.pipeline.check(),
})
const train = (learners: string[], more: Partial<TrainOptions> = {}) =>
  trainFromGold(
    { ...parts(), inForce: () => versionsInForce(versionParts()) },
    { learners, seed: 1, folds: 5, draws: 100, ...more },
  )

describe('trained versions, from gold into the stream and back', () => {
  let version = ''
  beforeAll(async () => {
    world = await World.open()
    await world.send(events.slice(0, 4000))
  })
  afterAll(() => world?.close())

  it('are kept with what they were trained on and how good they were', async () => {
    const [bkt, forgetting] = await train(['bkt', 'bkt-forget'])
    version = bkt!.version
    expect(bkt).toMatchObject({ model: 'bkt', parent: 'bkt-default-1', settings: { learner: 'bkt', seed: 1 } })
    expect(forgetting).toMatchObject({ model: 'bkt', settings: { learner: 'bkt-forget' } })
    expect(bkt!.training.students).toBe(60)
    expect(bkt!.training.answers).toBeGreaterThan(1000)
    expect(bkt!.metrics['auc']).toBeGreaterThan(0.5)
    expect(bkt!.metrics['auc_low']).toBeLessThan(bkt!.metrics['auc']!)
    const [again] = await train(['bkt'])
    expect(again!.files).toEqual(bkt!.files)
    const listed = await world.installation.artefacts.list('bkt')
    expect(listed.map((v) => v.version)).toContain(version)
  })

  it('score from one offset on, and the former one after a rollback', async () => {
    const activated = await activateVersion(parts(), 'bkt', version, { anyway: true })
    expect(activated).toEqual({ model: 'bkt', version, before: 'bkt-default-1' })
    await world.send(events.slice(4000, 5000))
    expect(await rollBack(parts(), 'bkt')).toEqual({ model: 'bkt', version: 'bkt-default-1', before: version })
    await world.send(events.slice(5000))

    const markers = await world.gold.query<{ p: number; version: string; at: string }>(
      `SELECT src_partition AS p, version, src_offset AS at FROM v_markers
       WHERE action = 'activate' AND name = 'bkt' ORDER BY p, src_offset`,
    )
    const rows = await world.gold.query<{ p: number; version: string; at: string }>(
      `SELECT src_partition AS p, model_version AS version, src_offset AS at
       FROM next_correct_predictions WHERE score_source = 'bkt'`,
    )
    const { partitions } = world.installation.profile
    expect(markers).toHaveLength(2 * partitions)
    for (let p = 0; p < partitions; p++) {
      const [on, off] = markers.filter((m) => m.p === p).map((m) => Number(m.at))
      for (const r of rows.filter((row) => row.p === p)) {
        const at = Number(r.at)
        expect([p, at, r.version]).toEqual([p, at, at > on! && at < off! ? version : 'bkt-default-1'])
      }
    }
    expect(rows.some((r) => r.version === version)).toBe(true)
    expect(rows.filter((r) => r.version === 'bkt-default-1').length).toBeGreaterThan(1000)
  })

  it('are read again by stages that start anew', async () => {
    const file = await train(['elo'])
    await activateVersion(parts(), 'elo', file[0]!.version, { anyway: true })
    await world.pipeline.stop()
    await world.restart()
    expect((await versionsInForce(versionParts())).get('elo')!.version).toBe(file[0]!.version)
  })

  it('that are too large for a marker are read from their file, by the stages, the reconcile and a rebuild', async () => {
    const { artefacts } = world.installation
    const [small] = await train(['bkt'], { seed: 4 })
    const { manifest, files } = await artefacts.read('bkt', small!.version)
    const text = Buffer.from(files.get('parameters.json')!).toString('utf8')
    const { files: _, ...rest } = manifest
    const large = new Map([['parameters.json', Buffer.from(text + ' '.repeat(70_000))]])
    await artefacts.publish({ ...rest, version: 'large' }, large)
    await activateVersion(parts(), 'bkt', 'large', { anyway: true })
    const prepared = await world.gold.query<{ bytes: number }>(
      "SELECT length(payload) AS bytes FROM markers WHERE version = 'large' AND action = 'prepare'",
    )
    for (const { bytes } of prepared) expect(bytes).toBeLessThan(1000)

    await world.pipeline.stop()
    await world.restart()
    const [first] = events.filter((e) => e.subject === 'learning-event')
    const { student } = first!.value as { student: string }
    await world.send([
      { subject: 'learning-event', value: { ...(first!.value as LearningEvent), event_id: 'with the large one' } },
    ])
    const [row] = await world.gold.query<{ model_version: string }>(
      "SELECT model_version FROM next_correct_predictions WHERE event_id = 'with the large one' AND score_source = 'bkt'",
    )
    expect(row).toEqual({ model_version: 'large' })
    const store = fileStore(join(world.dir, 'run.json'))
    expect(await reconcile(world.parts(), { heal: true, store })).toMatchObject({ mismatches: 0, missing: 0, extra: 0 })
    const rebuilt = await rebuildStudents(world.parts(), [{ student }], { reason: 'a test' })
    expect([...rebuilt.values()]).toMatchObject([{ outcome: 'installed' }])
    await rollBack(parts(), 'bkt')
  })

  it('are not put in force without a clear gain, unless somebody takes that on', async () => {
    // Two versions that were trained on the same: the second can't gain on the first.
    await activateVersion(parts(), 'bkt', version, { anyway: true })
    const [second] = await train(['bkt'], { seed: 9 })
    await expect(activateVersion(parts(), 'bkt', second!.version)).rejects.toThrow(
      /is not clearly better than .*95 % interval.*--anyway/,
    )
    const [stranger] = await train(['bkt-forget'], { seed: 8 })
    await rollBack(parts(), 'bkt')
    await expect(activateVersion(parts(), 'bkt', stranger!.version)).rejects.toThrow(/was compared with .*Train again/)
  })

  it('say what is wrong with them', async () => {
    await expect(activateVersion(parts(), 'bkt', 'nothing')).rejects.toThrow(/no version nothing of bkt: there are/)
    await expect(activateVersion(parts(), 'gnome', 'v1')).rejects.toThrow(/No model "gnome" is served/)
    await expect(train(['bkt'], { from: Date.UTC(2199, 0, 1) })).rejects.toThrow(/training needs 20 students or more/)
    writeFileSync(join(world.dir, 'models/bkt', version, 'parameters.json'), '{}')
    await expect(activateVersion(parts(), 'bkt', version, { anyway: true })).rejects.toThrow(
      /not what its checksum says/,
    )
  })

  it('are trained, listed and put in force from the command line', async () => {
    const place = { data: join(world.dir, 'cli') }
    await masteryOk(['simulate', '--students', '30', '--events', '800', '--seed', '3'], place)
    const [trained] = JSON.parse((await masteryOk(['train', '--models', 'bkt', '--json'], place)).out)
    const on = await masteryOk(['models', 'activate', 'bkt', 'latest', '--anyway'], place)
    expect(on.out).toContain(`bkt: ${trained.version} is in force, in the place of bkt-default-1`)
    const listed = await masteryOk(['models'], place)
    expect(listed.out).toMatch(/model +version +in force +answers/)
    const ran = await masteryOk(['jobs', 'run', 'train', '--json', '{"models": ["elo"]}'], place)
    expect(JSON.parse(ran.out)).toMatchObject({ versions: [{ model: 'elo' }] })
    const refused = await mastery(['jobs', 'run', 'train', '--json', '{"models": ["magic"]}'], place)
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('with models out of')])
    const wrong = await mastery(['train', '--models', 'magic'], place)
    expect(wrong.code).toBe(2)
    expect(wrong.err).toMatch(/no model "magic"; those that can be trained are/)
  })
})
