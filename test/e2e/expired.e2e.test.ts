import { join } from 'node:path'
import { runRetention } from '@mastery/infra/provision/gold/retention.ts'
import { TABLES } from '@mastery/infra/provision/gold/tables.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { rebuildStudents } from '@mastery/jobs/src/rebuild/rebuild.ts'
import { reconcile } from '@mastery/jobs/src/reconcile/run.ts'
import { fileStore } from '@mastery/jobs/src/reconcile/store.ts'
import { beginGeneration } from '@mastery/jobs/src/replay/begin.ts'
import { diffGenerations } from '@mastery/jobs/src/replay/diff.ts'
import { expiredSelected } from '@mastery/jobs/src/replay/expired.ts'
import { coverAged } from '@mastery/jobs/src/retention/cover.ts'
import { prepareStudents, settleAll } from '@mastery/jobs/src/training/before-switch.ts'
import { EVERYTHING } from '@mastery/topology/generations/generation.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { reportInWords } from '@mastery/topology/reconcile/report.ts'
import { WINDOW_STATE } from '@mastery/topology/stages/windowing/state.ts'
import { answer, command, DAY, DAY_ZERO, MINUTE, marker, voiding } from '@mastery/topology/testing/learner-log.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { storedLongAgo } from './stored-long-ago.ts'
import { truncated } from './truncated-log.ts'
import { World } from './world.ts'

const STUDENTS = ['ada', 'bob', 'cleo', 'dan', 'eve', 'finn'] as const
/** Two school years. */
const DAYS = 700
const EACH = 350
/** Old events leave this ring quickly; those of 90 days stay. */
const windows = { days: [7, 30, 90], ring: { min: 24, max: 400, days: 90 } }
const NOW = DAY_ZERO + DAYS * DAY
const YEAR = new Map(
  TABLES.filter((t) => t.age !== null).map((t) => [t.name, t.name === 'learning_events' ? 365 : null]),
)

/** What the student did from `from` to `to` of the answers: topics that come and go, two sources, voids, corrections. */
function learned(student: string, from: number, to: number): Input[] {
  const inputs: Input[] = []
  for (let i = from; i < to; i++) {
    const occurred_at = DAY_ZERO + Math.floor((i * DAYS * DAY) / EACH) + STUDENTS.indexOf(student as 'ada') * MINUTE
    const event = answer(`${student} ${i}`, {
      student,
      occurred_at,
      item: `item-${i % 31}`,
      topics: [i < 20 ? 'early' : i % 90 < 12 ? 'seldom' : ['algebra', 'fractions', 'ratios'][i % 3]!],
      score: (i * 7919) % 11 < 7 ? 1 : 0.25,
      opportunity_key: `${student} key ${i}`,
      authority: i % 4 === 0 ? 'client' : 'server',
    })
    inputs.push({ subject: 'learning-event', value: event })
    if (i % 4 === 0)
      inputs.push({
        subject: 'learning-event',
        value: { ...event, event_id: `${student} ${i} server`, authority: 'server', occurred_at: occurred_at + 2_000 },
      })
    if (i % 17 === 16)
      inputs.push({
        subject: 'learning-event',
        value: voiding(`${student} void ${i}`, `${student} ${i - 3}`, { student, occurred_at }),
      })
    if (i % 23 === 22)
      inputs.push(
        command(`${student} right ${i}`, 'correction', {
          student,
          target_event_id: `${student} ${i - 2}`,
          score: 0.75,
          issued_at: occurred_at,
        }),
      )
  }
  return inputs
}

const CLEAN = { status: 'clean', mismatches: 0, missing: 0, extra: 0, differing: 0, moving: 0, expired: 0 }

class School {
  readonly world: World
  constructor(world: World) {
    this.world = world
  }

  reconcile(students?: readonly string[]) {
    const store = fileStore(join(this.world.dir, 'run.json'))
    return reconcile(this.world.parts(), { heal: true, store, ...(students ? { students } : {}) })
  }

  /** All current rows of a student, but for when and from which record they were written, and in which words. */
  async rows(student: string, generation = 0): Promise<string[]> {
    await this.world.drained()
    const of = (table: string, without: string) =>
      this.world.gold.query<{ row: string }>(
        `SELECT formatRow('TSV', * EXCEPT (generation, version, last_updated, src_partition, src_offset, ordinal${without})) AS row
         FROM ${table} FINAL WHERE student_id = {student:String} AND generation = {generation:UInt16} ORDER BY row`,
        { student, generation },
      )
    const found = [
      ...(await of('student_topic_features', '')),
      ...(await of('student_mastery_rows', ', event_id, explanation, revision, cause, reason')),
    ]
    return found.map((r) => r.row)
  }

  async states(stage: 'features' | 'scoring'): Promise<string[]> {
    const { state, profile } = this.world.installation
    const found = await Promise.all(
      STUDENTS.map((s) => {
        const partition = partitionOf(s, profile.partitions)
        const topic = stage === 'features' ? ('learning.events' as const) : ('learning.features' as const)
        return state.load({ stage, generation: 0, topic, partition }, [s])
      }),
    )
    return found.map(([bytes]) => Buffer.from(bytes!).toString('base64'))
  }

  async count(sql: string): Promise<number> {
    const [row] = await this.world.gold.query<{ n: number }>(sql)
    return Number(row!.n)
  }
}

const retention = (school: School, installation: Installation, runId: string) =>
  runRetention(school.world.gold, YEAR, {
    runId,
    now: NOW,
    cover: (aged) => coverAged(installation, school.world.gold, aged, { write: true }),
  })

describe('a school after two years, whose events have expired', { timeout: 180_000 }, () => {
  let school: School
  const before = new Map<string, string[]>()
  beforeAll(async () => {
    school = new School(await World.open({ windows }))
    await school.world.send(STUDENTS.flatMap((s) => learned(s, 0, EACH)))
    for (const s of STUDENTS) before.set(s, await school.rows(s))
  })
  afterAll(() => school.world.close())

  it('lets them go when checkpoints stand for them, and says so beforehand', async () => {
    const { world } = school
    await storedLongAgo(world.gold, 'learning_events')
    const all = await school.count('SELECT count() AS n FROM learning_events FINAL')
    const [events] = await runRetention(world.gold, YEAR, {
      runId: 'refused',
      now: NOW,
      cover: async () => new Map(),
    })
    expect(events).toMatchObject({ rows: 0, students: { total: 6, covered: 0 } })
    expect(events!.waiting).toBeGreaterThan(1000)
    expect(await school.count('SELECT count() AS n FROM learning_events FINAL')).toBe(all)

    const [done] = await retention(school, world.installation, 'done')
    expect(done).toMatchObject({ rows: events!.waiting, waiting: 0, students: { total: 6, covered: 6 } })
    expect(await school.count('SELECT count() AS n FROM learning_events FINAL')).toBe(all - events!.waiting)
    expect(await school.count('SELECT count() AS n FROM student_checkpoints FINAL')).toBe(6)
  })

  it('is clean in a reconcile, every student from the checkpoint', async () => {
    const report = await school.reconcile()
    expect(report).toMatchObject({ ...CLEAN, from_checkpoint: 6, behind: 0, students: 6, approximate: 0 })
    expect(report.compared).toBeGreaterThan(1000)
    expect(report.oracle).toMatchObject({ expired: 6, differences: 0 })
    expect(reportInWords(report)).toContain('6 students were folded from a checkpoint')
  })

  it('has a changed state and a missing row found and healed', async () => {
    const { world } = school
    await world.pipeline.stop()
    const { state, profile } = world.installation
    const scope = {
      stage: 'features',
      generation: 0,
      topic: 'learning.events' as const,
      partition: partitionOf('bob', profile.partitions),
    }
    const { epoch, nextOffset, meta } = await state.claim(scope, 'the test')
    const windowsOfBob = WINDOW_STATE.decode((await state.load(scope, ['bob']))[0]!, 'bob')
    windowsOfBob.ring.value[windowsOfBob.ring.n - 1] = 123_456
    const changes = [['bob', WINDOW_STATE.encode(windowsOfBob)]] as const
    await state.commit(scope, { epoch, expectedOffset: nextOffset, nextOffset, meta: meta!, changes, outputs: [] })
    await world.gold.command(
      "DELETE FROM student_mastery_rows WHERE student_id = 'cleo' AND topic_id = 'early' SETTINGS lightweight_deletes_sync = 2",
    )
    await world.restart()
    const report = await school.reconcile()
    expect(report.found.map((f) => [f.student, f.outcome]).sort()).toEqual([
      ['bob', 'healed'],
      ['cleo', 'healed'],
    ])
    expect(report).toMatchObject({ status: 'healed', healed: 2, from_checkpoint: 6 })
    for (const s of ['bob', 'cleo']) expect(await school.rows(s)).toEqual(before.get(s))
  })

  it('has one student rebuilt to the same rows', async () => {
    const done = await rebuildStudents(school.world.parts(), [{ student: 'dan' }], { reason: 'the test' })
    expect(done.get('dan')).toMatchObject({ outcome: 'installed', from_checkpoint: true, behind: 0 })
    expect(await school.rows('dan')).toEqual(before.get('dan'))
  })

  it('goes on as if nothing had expired, and says what comes too late for what was kept', async () => {
    const { world } = school
    const repeat = learned('eve', 5, 6)
    const late = answer('late', { student: 'eve', occurred_at: DAY_ZERO + MINUTE, topics: ['early'], score: 0 })
    await world.send([...repeat, { subject: 'learning-event', value: late }])
    const done = await rebuildStudents(world.parts(), [{ student: 'eve' }], { reason: 'the test' })
    expect(done.get('eve')).toMatchObject({ outcome: 'installed', behind: 1, duplicates: 1 })
    expect(done.get('eve')!.message).toContain('Left out are 1 later records')
    expect(await school.rows('eve')).toEqual(before.get('eve'))
    expect(await school.reconcile()).toMatchObject({ ...CLEAN, stale: 0, behind: 1, from_checkpoint: 6 })
  })

  it('is rebuilt to the same bytes where the state store was lost and the log has everything', async () => {
    const { world } = school
    const was = [await school.states('features'), await school.states('scoring')]
    await world.pipeline.stop()
    const { state, profile } = world.installation
    for (const [stage, topic] of [
      ['features', 'learning.events'],
      ['scoring', 'learning.features'],
    ] as const)
      for (let partition = 0; partition < profile.partitions; partition++)
        await state.drop({ stage, generation: 0, topic, partition })
    await world.restart()
    await world.drained()
    expect([await school.states('features'), await school.states('scoring')]).toEqual(was)
  })

  it('goes on from what the expired events came to, where another version comes into force, and says so', async () => {
    const { world } = school
    const switched = async (version: string, payload: unknown) => {
      await world.send([marker('prepare', 'bkt', version, payload)])
      const prepared = await prepareStudents(world.parts(), 'bkt', {})
      await world.send([marker('activate', 'bkt', version)])
      return settleAll(world.parts(), 'bkt', prepared, {})
    }
    const other = { default: { prior: 0.4, learn: 0.3, slip: 0.05, guess: 0.25 } }
    expect(await switched('other', other)).toMatchObject({ students: 6, long: 6, expired: 6, rebuilt: 6, left: 0 })
    expect(await school.reconcile()).toMatchObject({ ...CLEAN, stale: 0, from_checkpoint: 6, other_versions: 0 })
    await world.send(learned('ada', EACH, EACH + 3))
    expect(await school.reconcile()).toMatchObject({ ...CLEAN, stale: 0 })
  })

  it('keeps nothing of a student who is erased', async () => {
    const { world } = school
    const kept = "SELECT count() AS n FROM student_checkpoints FINAL WHERE student_id = 'finn'"
    expect(await school.count(kept)).toBe(1)
    await world.send([command('erase finn', 'erase', { student: 'finn', issued_at: NOW })])
    expect(await school.count(kept)).toBe(0)
    await retention(school, world.installation, 'after')
    expect(await school.count(kept)).toBe(0)
    expect(
      (await rebuildStudents(world.parts(), [{ student: 'finn' }], { reason: 'the test' })).get('finn'),
    ).toMatchObject({
      outcome: 'erased',
    })
  })
})

describe('a lost installation whose log has let go of the old records', { timeout: 180_000 }, () => {
  let school: School
  afterAll(() => school.world.close())

  it('is computed again as a new generation, from checkpoints and later events', async () => {
    school = new School(await World.open({ windows }))
    const { world } = school
    await world.send(STUDENTS.flatMap((s) => learned(s, 0, 300)))
    const { log, profile } = world.installation
    const starts = await Promise.all(
      Array.from({ length: profile.partitions }, async (_, p) => (await log.bounds('learning.events', p)).end),
    )
    await world.send(STUDENTS.flatMap((s) => learned(s, 300, EACH)))
    await world.pipeline.stop()
    const servers = { kafka: [], redis: '', registry: '', clickhouse: '', clickhouseCluster: null }
    const later: Installation = { ...world.installation, log: truncated(log, starts), profile: { ...profile, servers } }
    await storedLongAgo(world.gold, 'learning_events')
    const [gone] = await retention(school, later, 'done')
    expect(gone).toMatchObject({ waiting: 0, students: { total: 6, covered: 6 } })
    expect(gone!.rows).toBeGreaterThan(1000)

    const expired = await expiredSelected(later.log, world.gold, EVERYTHING, {})
    expect(expired).toMatchObject({ students: 6, refused: null })
    expect(expired.events).toBeGreaterThan(gone!.rows)
    const other = { bkt: { version: 'bkt-other', payload: null } }
    expect((await expiredSelected(later.log, world.gold, EVERYTHING, other)).refused).toMatch(
      /hold scores of bkt-default-1, and this generation would compute with bkt-other/,
    )
    const since = { ...EVERYTHING, fromTime: DAY_ZERO + DAY }
    expect((await expiredSelected(later.log, world.gold, since, {})).refused).toMatch(/leave out --from and --to/)
    expect(await expiredSelected(log, world.gold, EVERYTHING, other)).toEqual({ students: 0, events: 0, refused: null })

    const g = await beginGeneration(later, { selection: EVERYTHING, models: {}, rate: null, reason: 'lost', now: NOW })
    await world.restart({ ...later, profile })
    await drain(
      later.log,
      later.state,
      g.id,
      () => {},
      () => world.pipeline.check(),
    )
    const { differences } = await diffGenerations(world.gold, 0, g.id)
    for (const d of differences.filter((x) => x.what !== 'history' && x.what !== 'predictions'))
      expect(d).toMatchObject({ changed: 0, onlyOld: 0, onlyNew: 0 })
    for (const s of STUDENTS) expect(await school.rows(s, g.id)).toEqual(await school.rows(s))
    // A stage that lost its states meets the checkpoints too; what it says again is dropped by who has seen it.
    await world.pipeline.stop()
    for (let partition = 0; partition < profile.partitions; partition++)
      await later.state.drop({ stage: 'features', generation: 0, topic: 'learning.events', partition })
    await world.restart({ ...later, profile })
    await world.drained()
    expect((await school.states('features')).length).toBe(6)
    expect(await school.reconcile()).toMatchObject({ ...CLEAN, from_checkpoint: 6, students: 6, stale: 0 })
    // Both follow the log.
    await world.append(STUDENTS.flatMap((s) => learned(s, EACH, EACH + 5)))
    await drain(
      later.log,
      later.state,
      g.id,
      () => {},
      () => world.pipeline.check(),
    )
    await world.drained()
    for (const s of STUDENTS) expect(await school.rows(s, g.id)).toEqual(await school.rows(s))
  })
})
