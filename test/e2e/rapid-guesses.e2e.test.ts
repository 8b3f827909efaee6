import { join } from 'node:path'
import { rebuildStudents } from '@mastery/jobs/src/rebuild/rebuild.ts'
import { reconcile } from '@mastery/jobs/src/reconcile/run.ts'
import { fileStore } from '@mastery/jobs/src/reconcile/store.ts'
import { beginGeneration } from '@mastery/jobs/src/replay/begin.ts'
import { activateVersion, rollBack } from '@mastery/jobs/src/training/activate.ts'
import { STREAMING, versionPayload } from '@mastery/jobs/src/training/payload.ts'
import { publishRapidPolicy } from '@mastery/jobs/src/training/rapid-policy.ts'
import { versionsInForce } from '@mastery/jobs/src/training/versions.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schoolRecords } from '../bench/school.ts'
import { World } from './world.ts'

let world: World
let now = Date.UTC(2026, 0, 15)
const all: Input[] = [...schoolRecords({ students: 30, events: 3000 })].map((r) =>
  r.type === 'event' ? { subject: 'learning-event', value: r.event } : { subject: 'tick', value: { at: r.at } },
)
const versions = () => {
  const { log, state, artefacts, provide } = world.installation
  return { log, state, artefacts, provide, generation: 0 }
}
const parts = () => ({
  ...versions(),
  ...{ codec: world.installation.codec, gold: world.gold, now: () => ++now, check: () => world.pipeline.check() },
})
const night = () => reconcile(world.parts(), { heal: true, store: fileStore(join(world.dir, `run-${++now}.json`)) })
const hasty = (generation: number) =>
  world.gold.query<{ student: string; topic: string; text: string }>(
    `SELECT student_id AS student, topic_id AS topic, extract(explanation, 'The latest answer counts.*') AS text FROM student_mastery_rows FINAL
     WHERE generation = ${generation} AND explanation LIKE '%where most need%' ORDER BY student, topic`,
  )

describe('rapid guesses that teach half, from gold into the stream and back', () => {
  let version = ''
  beforeAll(async () => {
    world = await World.open()
    await world.send(all.slice(0, 2000))
  })
  afterAll(() => world?.close())

  it('are told by thresholds of the answers in gold, kept as a version with nothing in force', async () => {
    const made = await publishRapidPolicy(parts())
    version = made.version
    expect(made.metrics['rapid_answers']).toBeGreaterThan(20)
    expect(made.settings).toMatchObject({ weight: 0.5 })
    expect((await publishRapidPolicy(parts())).version).toBe(version)
    expect((await versionsInForce(versions())).get('rapid-guesses')!.version).toBe('off')
    expect(await hasty(0)).toEqual([])
  })

  it('count less from the marker on; the night finds, rebuilds and proves the same to the bit', async () => {
    expect(await activateVersion(parts(), 'rapid-guesses', version)).toMatchObject({ version, before: 'off' })
    await world.send(all.slice(2000))
    const rows = await hasty(0)
    expect(rows.length).toBeGreaterThan(3)
    expect(rows[0]!.text).toMatch(/The latest answer counts half: answered in \d\.\d s, where most need [\d.]+ s\./)

    const before = await night()
    expect(before).toMatchObject({ mismatches: 0, missing: 0, extra: 0 })
    expect(before.other_versions).toBeGreaterThan(20)
    const students = await world.gold.query<{ student: string }>(
      'SELECT DISTINCT student_id AS student FROM learning_events',
    )
    const rebuilt = await rebuildStudents(world.parts(), students, { reason: 'a policy on rapid guesses' })
    expect(new Set([...rebuilt.values()].map((r) => r.outcome))).toEqual(new Set(['installed']))
    await world.drained()
    expect(await night()).toMatchObject({ mismatches: 0, missing: 0, extra: 0, other_versions: 0 })
  })

  it('are the same in a replay that has the policy from the first event on', async () => {
    const policy = STREAMING.find((m) => m.id === 'rapid-guesses')!
    const { payload } = await versionPayload(world.installation.artefacts, policy, version)
    const none = { fromTime: null, toTime: null, fromOffsets: null, toOffsets: null, students: null }
    const { id } = await beginGeneration(world.installation, {
      ...{
        selection: none,
        models: { 'rapid-guesses': { version, payload } },
        rate: null,
        reason: 'a test',
        now: ++now,
      },
    })
    const count = async (generation: number) => {
      const [row] = await world.gold.query<{ n: string }>(
        `SELECT toString(count()) AS n FROM event_dispositions FINAL WHERE generation = ${generation} AND disposition != 'installed'`,
      )
      return Number(row!.n)
    }
    while ((await count(id)) < (await count(0))) {
      world.pipeline.check()
      await new Promise((r) => setTimeout(r, 100))
    }
    const masteries = (generation: number) =>
      world.gold.query(
        `SELECT student_id, topic_id, opportunities, mastery_scores FROM student_mastery_rows FINAL
         WHERE generation = ${generation} AND opportunities > 0 ORDER BY student_id, topic_id`,
      )
    expect((await masteries(0)).length).toBeGreaterThan(100)
    expect(await masteries(id)).toEqual(await masteries(0))
    expect(await hasty(id)).toEqual(await hasty(0))
  })

  it('count in full again when it is taken out', async () => {
    expect(await rollBack(parts(), 'rapid-guesses')).toMatchObject({ version: 'off', before: version })
    const again = await activateVersion(parts(), 'rapid-guesses', version)
    expect(again.before).toBe('off')
    expect(await activateVersion(parts(), 'rapid-guesses', 'off')).toMatchObject({ version: 'off', before: version })
    await expect(activateVersion(parts(), 'rapid-guesses', 'nothing')).rejects.toThrow(/no version nothing of rapid/)
  })
})
