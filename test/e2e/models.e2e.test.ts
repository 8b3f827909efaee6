import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runPrequential } from '@mastery/jobs/src/evaluate/prequential.ts'
import { rebuildStudents } from '@mastery/jobs/src/rebuild/rebuild.ts'
import { reconcile } from '@mastery/jobs/src/reconcile/run.ts'
import { fileStore } from '@mastery/jobs/src/reconcile/store.ts'
import { activateVersion, rollBack } from '@mastery/jobs/src/training/activate.ts'
import { compareVersions, verdicts } from '@mastery/jobs/src/training/compare.ts'
import { type TrainOptions, trainFromGold } from '@mastery/jobs/src/training/train.ts'
import { versionsInForce } from '@mastery/jobs/src/training/versions.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { readReference } from '@mastery/topology/drift/training-reference.ts'
import { parseEvaluation } from '@mastery/topology/evaluation/evaluation.ts'
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
const parts = () => ({ ...world.parts(), artefacts: world.installation.artefacts, now: () => ++now })
const train = (learners: string[], more: Partial<TrainOptions> = {}) =>
  trainFromGold(
    { ...parts(), inForce: () => versionsInForce(versionParts()), labelWeight: 0 },
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
    expect(activated).toMatchObject({ model: 'bkt', version, before: 'bkt-default-1' })
    expect(activated.histories).toMatchObject({ students: 60, long: 0, prepared: 0 })
    expect(activated.histories!.longest).toBeGreaterThan(20)
    await world.send(events.slice(4000, 5000))
    expect(await rollBack(parts(), 'bkt')).toMatchObject({ model: 'bkt', version: 'bkt-default-1', before: version })
    await world.send(events.slice(5000))

    const markers = await world.gold.query<{ p: number; version: string; at: string }>(
      `SELECT src_partition AS p, version, src_offset AS at FROM v_markers
       WHERE action = 'activate' AND name = 'bkt' ORDER BY p, src_offset`,
    )
    // How it did in training goes before it, to whoever watches its first weeks.
    const brought = await world.gold.query<{ p: number; at: string; payload: string }>(
      `SELECT src_partition AS p, src_offset AS at, payload FROM v_markers
       WHERE name = 'drift/bkt' AND version = '${version}' ORDER BY p`,
    )
    expect(brought).toHaveLength(world.installation.profile.partitions)
    for (const { p, at } of brought) {
      const inForce = markers.find((m) => m.p === p && m.version === version)!
      expect(Number(at)).toBeLessThan(Number(inForce.at))
    }
    const weeks = readReference(brought[0]!.payload)
    const { metrics } = (await world.installation.artefacts.read('bkt', version)).manifest
    const n = weeks.reduce((sum, w) => sum + w.n, 0)
    const loss = weeks.reduce((sum, w) => sum + w.n * w.measures[1]!.mean, 0) / n
    expect(n).toBeGreaterThan(0.5 * metrics['n']!)
    if (n === metrics['n']) expect(loss).toBeCloseTo(metrics['log_loss']!, 5)
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

  it('are set side by side on students whom none of them saw, and the verdict is in words', async () => {
    const compare = (...versions: string[]) =>
      compareVersions(
        { ...parts(), gold: async () => world.gold, inForce: () => versionsInForce(versionParts()) },
        {
          versions: versions.map((v) => ({ model: v.split('/')[0]!, version: v.split('/')[1]! })),
          ...{ test: null, seed: 1, draws: 200, progress: () => {} },
        },
      )
    const [pfa] = await train(['pfa'])
    const e = await compare('bkt/in-force', `bkt/${version}`, 'pfa/latest')
    expect(Object.keys(e.models)).toEqual(['bkt bkt-default-1', `bkt ${version}`, `pfa ${pfa!.version}`])
    expect(e.data.test.students).toBe(pfa!.settings['held_out_students'])
    expect(e.models[`pfa ${pfa!.version}`]!.auc).toBe(pfa!.metrics['auc'])
    const said = verdicts(e)
    expect(said).toHaveLength(2)
    for (const s of said) expect(s).toMatch(/ is better than .*clear of zero|can not be told apart/)
    await expect(compare(`bkt/${version}`, `bkt/${version}`)).rejects.toThrow(/was named twice/)
  })

  it('are measured by what they predicted in the stream, as the view of gold measures them', async () => {
    const { evaluation: e, partial } = await runPrequential(world.gold, {
      ...{ generation: 0, seed: 1, draws: 40, signal: new AbortController().signal, onProgress: () => {} },
    })
    const rows = await world.gold.query<{ model: string; n: string; auc: number; log_loss: number; ece: number }>(
      'SELECT score_source AS model, n, auc, log_loss, ece FROM v_model_metrics',
    )
    expect(partial).toBe(0)
    expect(Object.keys(e.models).sort()).toEqual(rows.map((r) => r.model).sort())
    for (const r of rows) {
      const { n, auc, log_loss, ece } = e.models[r.model]!
      expect(n).toBe(Number(r.n))
      expect(auc).toBeCloseTo(r.auc, 10)
      expect(log_loss).toBeCloseTo(r.log_loss, 10)
      expect(ece).toBeCloseTo(r.ece, 6)
    }
    expect(e.models['bkt']!.about).toContain(version)
    const weeks = e.slices.groups['week from']!.slices
    expect(weeks.length).toBeGreaterThan(3)
    expect(weeks.map((w) => w.name)).toEqual(weeks.map((w) => w.name).sort())
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
    expect(on.out).toMatch(/Every student's whole history is at hand: \d+ students, longest \d+ answers\./)
    const listed = await masteryOk(['models'], place)
    expect(listed.out).toMatch(/model +version +in force +answers/)
    const card = await masteryOk(['models', 'card', 'bkt', 'latest'], place)
    expect(card.out).toContain(`# bkt, version ${trained.version}`)
    expect(card.out).toMatch(/### By kind of work/)
    // Six students are too few to compare on.
    const few = await mastery(['models', 'compare', 'bkt/latest', 'elo/in-force'], place)
    expect([few.code, few.err]).toEqual([1, expect.stringMatching(/Of \d+ students in gold \d were kept/)])
    const live = await masteryOk(['evaluate', '--prequential', '--draws', '20', '--json'], place)
    expect(parseEvaluation(live.out).protocol.kind).toBe('prequential')
    const ran = await masteryOk(['jobs', 'run', 'train', '--json', '{"models": ["elo"]}'], place)
    expect(JSON.parse(ran.out)).toMatchObject({ versions: [{ model: 'elo' }] })
    const refused = await mastery(['jobs', 'run', 'train', '--json', '{"models": ["magic"]}'], place)
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('with models out of')])
    const wrong = await mastery(['train', '--models', 'magic'], place)
    expect(wrong.code).toBe(2)
    expect(wrong.err).toMatch(/no model "magic"; those that can be trained are/)
  })
})
