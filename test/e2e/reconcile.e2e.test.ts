import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rebuildStudents } from '@mastery/jobs/src/rebuild/rebuild.ts'
import { reconcile } from '@mastery/jobs/src/reconcile/run.ts'
import { fileStore, type RunState } from '@mastery/jobs/src/reconcile/store.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { reportInWords } from '@mastery/topology/reconcile/report.ts'
import { SCORE_STATE } from '@mastery/topology/stages/scoring/state.ts'
import { WINDOW_STATE } from '@mastery/topology/stages/windowing/state.ts'
import { command, DAY, DAY_ZERO, shuffled, troublesomeLog } from '@mastery/topology/testing/learner-log.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { schoolRecords } from '../bench/school.ts'
import { World } from './world.ts'

let world: World
afterEach(() => world.close())

const asInput = (value: LearningEvent): Input => ({ subject: 'learning-event', value })
const school = (students: number, events: number): Input[] =>
  [...schoolRecords({ students, events })].map((r) =>
    r.type === 'event' ? asInput(r.event) : { subject: 'tick', value: { at: r.at } },
  )

const run = (more: Partial<Parameters<typeof reconcile>[1]> = {}) =>
  reconcile(world.parts(), { heal: true, store: fileStore(join(world.dir, 'run.json')), rangeEvents: 700, ...more })

const CLEAN = { status: 'clean', mismatches: 0, missing: 0, extra: 0, differing: 0, healed: 0, moving: 0 }

/** Puts other bytes in the place of a student's state, as its owner would. */
async function tamper(stage: 'features' | 'scoring', student: string, change: (bytes: Uint8Array) => Uint8Array) {
  const { state, profile } = world.installation
  const partition = partitionOf(student, profile.partitions)
  const topic = stage === 'features' ? ('learning.events' as const) : ('learning.features' as const)
  const scope = { stage, generation: 0, topic, partition }
  const { epoch, nextOffset, meta } = await state.claim(scope, 'the test')
  const [bytes] = await state.load(scope, [student])
  const stored = await state.commit(scope, {
    epoch,
    expectedOffset: nextOffset,
    nextOffset,
    meta: meta!,
    changes: [[student, change(bytes!)]],
    outputs: [],
  })
  expect(stored).toBe('committed')
}

async function rowOf(student: string): Promise<{ tenant: string; topic: string }> {
  const [row] = await world.gold.query<{ tenant: string; topic: string }>(
    'SELECT tenant, topic_id AS topic FROM student_mastery_rows FINAL WHERE student_id = {student:String} AND opportunities > 0 ORDER BY topic LIMIT 1',
    { student },
  )
  return row!
}

const sql = (text: string) => world.gold.command(text)

describe('a reconcile', () => {
  it('finds nothing after a school, and after logs full of late, double, voided and corrected events', async () => {
    world = await World.open()
    const troubles = [1, 2, 3, 4, 5, 6].flatMap((seed) =>
      shuffled(troublesomeLog(seed, 150), seed).map((e) =>
        asInput({
          ...e,
          student: `${e.student}-${seed}`,
          event_id: `${e.event_id}-${seed}`,
          supersedes: e.supersedes && `${e.supersedes}-${seed}`,
        }),
      ),
    )
    await world.send([...school(30, 3000), ...troubles])
    const report = await run()
    expect(report).toMatchObject({ ...CLEAN, stale: 0, resumed: false })
    expect(report.students).toBe(30 + 18)
    expect(report.events).toBe(
      (await world.gold.query<{ n: number }>('SELECT count() AS n FROM learning_events FINAL'))[0]!.n,
    )
    expect(report.compared).toBeGreaterThan(10_000)
    expect(report.oracle).toMatchObject({ differences: 0 })
    expect(report.oracle.rows).toBeGreaterThan(100)
    expect(reportInWords(report)).toContain('Everything that was compared is what the history gives.')
    const [row] = await world.gold.query<Record<string, unknown>>(
      'SELECT status, events, compared, progress, finished_at IS NOT NULL AS ended FROM v_reconcile_runs',
    )
    expect(row).toEqual({ status: 'clean', events: report.events, compared: report.compared, progress: 1, ended: 1 })
  })

  it('finds, tells apart and heals changed, missing and extra rows and changed states', async () => {
    world = await World.open()
    await world.send(school(12, 1500))
    const students = (
      await world.gold.query<{ s: string }>('SELECT DISTINCT student_id AS s FROM student_mastery_rows ORDER BY s')
    ).map((r) => r.s)
    const [changed, gone, extra, features, scores, ghost] = students as [string, string, string, string, string, string]
    await world.pipeline.stop()

    const one = await rowOf(changed)
    await sql(
      `INSERT INTO student_topic_features SELECT * REPLACE (attempts_30d + 1 AS attempts_30d, version + 1 AS version) FROM (SELECT * FROM student_topic_features FINAL WHERE student_id = '${changed}' AND topic_id = '${one.topic}')`,
    )
    const two = await rowOf(gone)
    await sql(
      `DELETE FROM student_mastery_rows WHERE student_id = '${gone}' AND topic_id = '${two.topic}' SETTINGS lightweight_deletes_sync = 2`,
    )
    const three = await rowOf(extra)
    await sql(
      `INSERT INTO student_mastery_rows SELECT * REPLACE ('ghost' AS topic_id) FROM (SELECT * FROM student_mastery_rows FINAL WHERE student_id = '${extra}' AND topic_id = '${three.topic}')`,
    )
    await sql(
      `INSERT INTO student_topic_features SELECT * REPLACE ('ghost' AS topic_id) FROM (SELECT * FROM student_topic_features FINAL WHERE student_id = '${extra}' AND topic_id = '${three.topic}')`,
    )
    await tamper('features', features, (bytes) => {
      const s = WINDOW_STATE.decode(bytes, features)
      s.ring.value[s.ring.n - 1] = 123_456
      return WINDOW_STATE.encode(s)
    })
    await tamper('scoring', scores, (bytes) => {
      const s = SCORE_STATE.decode(bytes, scores)
      s.current.student[0] = s.current.student[0]! + 1e-9
      return SCORE_STATE.encode(s)
    })
    await sql(
      `INSERT INTO student_mastery_rows SELECT * REPLACE ('nobody-at-all' AS student_id) FROM (SELECT * FROM student_mastery_rows FINAL WHERE student_id = '${ghost}' AND opportunities > 0 LIMIT 1)`,
    )
    await world.restart()

    const looked = await run({ heal: false })
    expect(looked).toMatchObject({ status: 'differs', differing: 6, healed: 0, missing: 1 })
    expect(new Set(looked.found.map((f) => f.student))).toEqual(
      new Set([changed, gone, extra, features, scores, 'nobody-at-all']),
    )
    const told = Object.fromEntries(looked.found.map((f) => [f.student, f.what.join('; ')]))
    expect(told[changed]).toMatch(new RegExp(`^attempts_30d of ${one.topic}: \\d+ stored, \\d+ by the history$`))
    expect(told[gone]).toBe(`mastery_row of ${two.topic}: missing`)
    expect(told[extra]).toContain('features_row of ghost: stored, but the history has nothing for it')
    expect(told[features]).toContain('state.event')
    expect(told[scores]).toContain('state.knowledge')
    expect(looked.oracle.differences).toBeGreaterThan(0)
    const rows = await world.gold.query<{ s: string; kind: string; field: string }>(
      `SELECT student_id AS s, kind, field FROM v_reconcile_mismatches WHERE run_id = {run:String} AND NOT startsWith(field, 'sql.') ORDER BY s, field`,
      { run: looked.run_id },
    )
    expect(rows.filter((r) => r.s === changed)).toEqual([{ s: changed, kind: 'mismatch', field: 'attempts_30d' }])
    expect(rows.filter((r) => r.s === gone)).toEqual([{ s: gone, kind: 'missing', field: 'mastery_row' }])
    expect(rows.filter((r) => r.s === extra).map((r) => r.kind)).toEqual(['extra', 'extra'])
    const [field] = await world.gold.query<{ mismatches: number; smape: number }>(
      `SELECT mismatches, smape FROM v_reconcile_fields WHERE run_id = {run:String} AND field = 'attempts_30d'`,
      { run: looked.run_id },
    )
    expect(field!.mismatches).toBe(1)
    expect(field!.smape).toBeGreaterThan(0)

    const healed = await run()
    expect(healed.found.map((f) => f.outcome)).toEqual(Array.from({ length: 6 }, () => 'healed'))
    expect(healed).toMatchObject({ status: 'healed', differing: 6, healed: 6 })
    expect(await run()).toMatchObject(CLEAN)
    // What was repaired says so: a new row with its reason, and the old one is still in the history.
    const [why] = await world.gold.query<{ cause: string; reason: string }>(
      `SELECT cause, reason FROM student_mastery_rows FINAL WHERE student_id = {student:String} AND topic_id = {topic:String}`,
      { student: gone, topic: two.topic },
    )
    expect(why).toMatchObject({ cause: 'installed', reason: expect.stringContaining('Reconcile') })
  })

  it('does not rebuild from a history that gold has lost a part of', async () => {
    world = await World.open()
    await world.send(school(4, 400))
    const [lost] = await world.gold.query<{ s: string; o: number; p: number }>(
      `SELECT student_id AS s, src_offset AS o, src_partition AS p FROM event_dispositions WHERE disposition = 'counted' LIMIT 1`,
    )
    await sql(
      `DELETE FROM learning_events WHERE src_partition = ${lost!.p} AND src_offset = ${lost!.o} SETTINGS lightweight_deletes_sync = 2`,
    )
    const report = await run()
    expect(report).toMatchObject({ status: 'differs', differing: 1, healed: 0 })
    expect(report.found[0]).toMatchObject({
      student: lost!.s,
      outcome: expect.stringContaining('gold lacks 1 records'),
    })
  })

  it('works beside live traffic, and compares who has moved at a later cut', async () => {
    world = await World.open()
    const all = school(20, 2000)
    await world.send(all.slice(0, 1200))
    let live = true
    const traffic = (async () => {
      for (let at = 1200; at < all.length && live; at += 20) {
        await world.append(all.slice(at, at + 20))
        await new Promise((r) => setTimeout(r, 10))
      }
    })()
    const report = await run({ rangeEvents: 150 })
    live = false
    await traffic
    expect(report).toMatchObject({ mismatches: 0, missing: 0, extra: 0, differing: 0, oracle: { differences: 0 } })
    expect(report.students + report.moving).toBeGreaterThanOrEqual(20)
    await world.drained()
    expect(await run()).toMatchObject(CLEAN)
  })

  it('goes on where a killed run was, to the same counts', async () => {
    world = await World.open()
    await world.send(school(12, 1500))
    const store = fileStore(join(world.dir, 'run.json'))
    const killed: RunState[] = []
    const stopper = new AbortController()
    const half = reconcile(world.parts(stopper.signal), {
      heal: true,
      rangeEvents: 200,
      store: {
        ...store,
        async save(s) {
          killed.push(structuredClone(s))
          await store.save(s)
        },
      },
      progress: (phase, _, total) => {
        if (phase === 'comparing' && total !== null) stopper.abort(new Error('killed'))
      },
    })
    await expect(half).rejects.toThrow('killed')
    const [row] = await world.gold.query<{ status: string }>('SELECT status FROM v_reconcile_runs')
    expect(row!.status).toBe('interrupted')
    // As a kill leaves it: what was saved last.
    writeFileSync(join(world.dir, 'run.json'), JSON.stringify({ ...killed.at(-1), done: killed.at(-1)!.done }))
    const resumed = await run({ rangeEvents: 200 })
    expect(resumed).toMatchObject({ ...CLEAN, resumed: true, run_id: killed[0]!.run_id })
    const fresh = await run({ rangeEvents: 200 })
    expect(fresh).toMatchObject({
      resumed: false,
      events: resumed.events,
      students: resumed.students,
      compared: resumed.compared,
    })
  })

  it('is refused while another one runs', async () => {
    world = await World.open()
    await world.send(school(4, 200))
    const asked = await Promise.allSettled([run(), run()])
    expect(asked.map((a) => a.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(String((asked.find((a) => a.status === 'rejected') as PromiseRejectedResult).reason)).toMatch(/LeaseHeld/)
  })

  it('rebuilds who waits for it, and says nothing against them', async () => {
    world = await World.open()
    const all = school(6, 600)
    await world.send(all)
    const [first] = all.filter((i) => i.subject === 'learning-event')
    const student = (first!.value as LearningEvent).student
    await world.send([
      command('please', 'rebuild', {
        student,
        issued_at: DAY_ZERO + 900 * DAY,
        tenant: (first!.value as LearningEvent).tenant,
      }),
    ])
    expect(await run()).toMatchObject({ status: 'clean', stale: 1, differing: 0 })
    expect(await run()).toMatchObject({ ...CLEAN, stale: 0 })
    await rebuildStudents(world.parts(), [{ student }], { reason: 'for nothing' })
    expect(await run({ students: [student] })).toMatchObject({ ...CLEAN, students: 1 })
  })
})
