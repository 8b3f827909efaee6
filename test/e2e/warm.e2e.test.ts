import { join } from 'node:path'
import { modelsCommand } from '@mastery/cli/src/commands/models.ts'
import { readScoreMeta } from '@mastery/infra/runtime/artefacts.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { readStudents } from '@mastery/jobs/src/rebuild/read.ts'
import { reconcile } from '@mastery/jobs/src/reconcile/run.ts'
import { fileStore } from '@mastery/jobs/src/reconcile/store.ts'
import { beginGeneration } from '@mastery/jobs/src/replay/begin.ts'
import { diffGenerations } from '@mastery/jobs/src/replay/diff.ts'
import { dropGeneration } from '@mastery/jobs/src/replay/switch.ts'
import { activateVersion, rollBack } from '@mastery/jobs/src/training/activate.ts'
import { historiesOf } from '@mastery/jobs/src/training/histories.ts'
import { trainFromGold } from '@mastery/jobs/src/training/train.ts'
import { versionsInForce } from '@mastery/jobs/src/training/versions.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { studentCommand } from '@mastery/topology/events/command.ts'
import { EVERYTHING } from '@mastery/topology/generations/generation.ts'
import { foldHistory, scoreRowsOf } from '@mastery/topology/history/fold.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { SCORE_STATE, type ScoreState } from '@mastery/topology/stages/scoring/state.ts'
import { topicScore } from '@mastery/topology/stages/scoring/topic-score.ts'
import { exact } from '@mastery/topology/testing/exact.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schoolRecords } from '../bench/school.ts'
import { World } from './world.ts'

/** A state lets answers go from the 89th on. */
const windows = { days: [7, 30, 90], ring: { min: 24, max: 90, days: 5 } }
const events: Input[] = [...schoolRecords({ students: 30, events: 9000 })].map((r) =>
  r.type === 'event' ? { subject: 'learning-event', value: r.event } : { subject: 'tick', value: { at: r.at } },
)
const half = Math.floor(events.length / 2)
const part = (from: number, to: number) => events.slice(half + from, half + to)

let world: World
let now = Date.UTC(2026, 0, 15)
let version: Record<string, string> = {}

const parts = () => ({ ...world.parts(), artefacts: world.installation.artefacts, now: () => ++now })
const near = async () => (await historiesOf(world.parts())).near
const reconciled = () =>
  reconcile(world.parts(), { heal: false, store: fileStore(join(world.dir, `run-${++now}.json`)) })

async function heldOf(student: string): Promise<{ s: ScoreState; rows: string; folded: string }> {
  const { log, state, provide, profile } = world.installation
  const partition = partitionOf(student, profile.partitions)
  const scope = { stage: 'scoring', generation: 0, topic: 'learning.features' as const, partition }
  const [bytes] = await state.load(scope, [student])
  const scoring = await readScoreMeta((await state.peek(scope))?.meta, provide)
  const { end } = await log.bounds('learning.events', partition)
  const { records } = (await readStudents(world.parts(), partition, new Set([student]), end)).get(student)!
  const folded = foldHistory(student, records, { ...windows, scoring, whole: true })
  const s = SCORE_STATE.decode(bytes!, student)
  const rows = s.sets.topics.names.map((_, t) => topicScore(s, t, scoring, null, 0))
  const told = (all: typeof rows) =>
    all
      .filter((r) => r.opportunities > 0)
      .map((r) => `${r.topic} ${exact(r)}`)
      .sort()
      .join('\n')
  return { s, rows: told(rows), folded: told(scoreRowsOf(folded, scoring)) }
}

/** Of whom a state has let answers go: their scores are those of the whole history to the bit. */
async function expectWhole(students: readonly string[]): Promise<string[]> {
  const long: string[] = []
  for (const student of students) {
    const { s, rows, folded } = await heldOf(student)
    if (s.base === null) continue
    long.push(student)
    expect(s).toMatchObject({ cut: false, stale: false, prepared: null })
    expect(rows).toBe(folded)
  }
  return long
}

/** How often students were prepared for a version of the model. */
async function warmed(model: string): Promise<Map<string, number>> {
  const rows = await world.gold.query<{ s: string; n: number }>(
    `SELECT student_id AS s, toFloat64(count()) AS n FROM student_commands
     WHERE kind = 'warm' AND payload_size IS NOT NULL AND reason LIKE '%${model}%' GROUP BY s`,
  )
  return new Map(rows.map((r) => [r.s, r.n]))
}

const differing = async (generation: number) => (await diffGenerations(world.gold, 0, generation)).differences

describe('a version that is put in force where histories are longer than states', () => {
  beforeAll(async () => {
    world = await World.open({ windows })
    await world.send(events.slice(0, half))
    const versionParts = { ...world.parts(), artefacts: world.installation.artefacts }
    const trained = await trainFromGold(
      { ...versionParts, now: () => ++now, inForce: () => versionsInForce(versionParts), labelWeight: 0 },
      { learners: ['bkt', 'elo', 'irt'], seed: 1, folds: 5, draws: 50 },
    )
    version = Object.fromEntries(trained.map((t) => [t.model, t.version]))
  })
  afterAll(() => world?.close())

  it('is begun with the whole history, with answers that come in between', async () => {
    let between: Promise<void> | null = null
    const { histories } = await activateVersion(parts(), 'bkt', version['bkt']!, {
      anyway: true,
      progress(phase) {
        if (phase === 'preparing') between ??= world.append(part(0, 300))
      },
    })
    expect(between).not.toBeNull()
    await between
    await world.drained()
    expect(histories!.long).toBeGreaterThan(10)
    expect(histories).toMatchObject({ prepared: histories!.long, rebuilt: 0, left: 0, fromRing: false })
    expect(histories!.longest).toBeGreaterThan(88)
    expect((await expectWhole(await near())).length).toBeGreaterThanOrEqual(histories!.long)
    await world.send(part(300, 600))
    await expectWhole(await near())
    const report = await reconciled()
    expect(report).toMatchObject({ mismatches: 0, missing: 0, extra: 0, stale: 0 })
    expect(report.students - report.other_versions).toBeGreaterThanOrEqual(histories!.long)
  })

  it('is in a replay what it is in the stream, from the same places on', async () => {
    const { installation, gold, pipeline } = world
    const { log, state } = installation
    const g = await beginGeneration(installation, {
      ...{ selection: EVERYTHING, models: {}, rate: null, reason: 'a test', now },
    })
    const check = () => pipeline.check()
    await drain(log, state, g.id, () => {}, check)
    for (const d of await differing(g.id)) expect(d).toMatchObject({ changed: 0, onlyOld: 0, onlyNew: 0 })
    await dropGeneration(installation, gold, g.id, ++now)
  })

  it('goes on where it was killed, and passes over whom it has prepared', async () => {
    const kill = (at: string) => ({
      anyway: true,
      progress(phase: string, done: number) {
        if (phase === at && done >= 8) throw new Error('killed')
      },
    })
    await expect(activateVersion(parts(), 'elo', version['elo']!, kill('preparing'))).rejects.toThrow('killed')
    await world.drained()
    const first = await warmed('elo')
    expect(first.size).toBeGreaterThan(3)
    await world.pipeline.stop()
    await world.restart()
    await world.send(part(600, 700))
    await expect(activateVersion(parts(), 'elo', version['elo']!, kill('settling'))).rejects.toThrow('killed')
    await world.drained()
    const all = await warmed('elo')
    expect(all.size).toBeGreaterThan(first.size)
    for (const student of first.keys()) expect([student, all.get(student)]).toEqual([student, 1])
    await world.send(part(700, 800))
    const { histories, before: earlier } = await activateVersion(parts(), 'elo', version['elo']!)
    expect(earlier).toBe(version['elo'])
    expect(histories).toMatchObject({ left: 0 })
    await world.drained()
    await expectWhole(await near())
    await expect(activateVersion(parts(), 'elo', version['elo']!)).rejects.toThrow(/is in force already/)
    expect(await reconciled()).toMatchObject({ mismatches: 0, missing: 0, extra: 0, stale: 0 })
  })

  it('leaves nothing of a student who is erased in between', async () => {
    const [student] = await expectWhole(await near())
    const { tenant } = events.map((e) => e.value as LearningEvent).find((e) => e.student === student)!
    const erase = studentCommand({ command_id: 'erased', tenant, student: student!, kind: 'erase', issued_at: now })
    let erased: Promise<void> | null = null
    const { histories, version: back } = await rollBack(parts(), 'elo', {
      progress(phase) {
        if (phase === 'preparing') erased ??= world.append([{ subject: 'student-command', value: erase }])
      },
    })
    await erased
    await world.drained()
    expect([back, histories!.long > 10, histories!.left]).toEqual(['elo-default-1', true, 0])
    const { s } = await heldOf(student!)
    expect(s.current.known).toBe(0)
    expect(s).toMatchObject({ base: null, prepared: null })
    await expectWhole((await near()).filter((n) => n !== student))
    expect(await reconciled()).toMatchObject({ mismatches: 0, stale: 0 })
  })

  it('begins with what states keep where that is asked for, says so, and can be brought to the whole later', async () => {
    const run = async (...args: string[]) => {
      let out = ''
      const host = {
        ...{ profile: world.installation.profile, installation: world.installation, gold: async () => world.gold },
        stages: async () => () => world.pipeline.check(),
      }
      const io = { out: (text: string) => void (out += text), err: { write: () => {}, isTTY: false }, cwd: world.dir }
      expect(await modelsCommand.run(host as never, args, io)).toBe(0)
      return out
    }
    const cold = await run('activate', 'irt', 'latest', '--anyway', '--from-ring')
    expect(cold).toMatch(
      /\d+ of \d+ students have longer histories than their states keep \(longest \d+ answers\)\. For these .* newest 24 answers/,
    )
    await world.send(part(800, 1000))
    const states = await Promise.all((await near()).map(heldOf))
    expect(states.filter(({ s }) => s.cut).length).toBeGreaterThan(5)
    const later = await run('activate', 'irt', 'latest')
    expect(later).toMatch(/is in force already\..*\n.* \d+ were rebuilt from it after the switch\.\n$/)
    await world.drained()
    const all = await Promise.all((await near()).map(heldOf))
    for (const { s } of all) expect([s.cut, s.stale]).toEqual([false, false])
    expect(await reconciled()).toMatchObject({ mismatches: 0, stale: 0 })
    const out = await run('rollback', 'irt')
    expect(out).toContain('irt: none is in force')
    const warm = await run('activate', 'irt', 'latest', '--anyway')
    expect(warm).toMatch(/; \d+ were prepared from the whole history before the switch\.\n$/)
    await world.send(part(1000, 1100))
    expect(await reconciled()).toMatchObject({ mismatches: 0, missing: 0, extra: 0, stale: 0 })
  })
})
