import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from '@mastery/cli/src/command.ts'
import { runCommand } from '@mastery/cli/src/dispatch.ts'
import { loadProgress } from '@mastery/infra/config/progress.ts'
import { storeGraph } from '@mastery/infra/provision/gold/topic-graph.ts'
import { studentProgress, topicProgress } from '@mastery/jobs/src/progress/ask.ts'
import { computeProgress } from '@mastery/jobs/src/progress/run.ts'
import { type BatchRow, scoreBatch } from '@mastery/jobs/src/score-batch/score.ts'
import { topicGraph } from '@mastery/topology/progress/graph.ts'
import { simulateSchool } from '@mastery/topology/school/school.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schoolRecords } from '../bench/school.ts'
import { World } from './world.ts'

let world: World
const NOW = Date.UTC(2026, 2, 1)
const SHAPE = { students: 40, events: 8000 }
const config = loadProgress()

const run = (now = NOW) => computeProgress({ gold: world.gold, generation: 0, config, now: () => now })
const number = async (sql: string) => {
  const [row] = await world.gold.query<{ n: number }>(sql)
  return Number(row!.n)
}

describe('progress, from the scores in gold', () => {
  beforeAll(async () => {
    world = await World.open()
    const { topics } = simulateSchool({ seed: 7, ...SHAPE, tenant: 'school', pseudonym: (id) => id })
    // One topic is placed nowhere: it has to stand alone, not to be lost.
    await storeGraph(world.gold, 'school', topicGraph(topics.filter((t) => t.id !== 'machines')), NOW)
    await world.send(
      [...schoolRecords(SHAPE)].map(
        (r): Input =>
          r.type === 'event' ? { subject: 'learning-event', value: r.event } : { subject: 'tick', value: { at: r.at } },
      ),
    )
  })
  afterAll(() => world?.close())

  it('rolls up as SQL does, which knows nothing of the code', async () => {
    const report = await run()
    expect(report).toMatchObject({ students: 40, topics: 20 })
    const both = `SELECT abs(a.mastery - b.mastery) + abs(a.uncertainty - b.uncertainty) + abs(a.coverage - b.coverage) + abs(a.evidence - b.evidence)
        + abs(toInt64(a.opportunities) - toInt64(b.opportunities)) AS apart
      FROM v_topic_rollups AS a FULL JOIN v_topic_rollups_now AS b USING (tenant, student_id, level, node)`
    expect(await number(`SELECT countIf(apart > 1e-12) AS n FROM (${both})`)).toBe(
      await number("SELECT count() AS n FROM v_topic_rollups WHERE node = 'machines'"),
    )
    expect(await number('SELECT count() AS n FROM v_topic_rollups_now')).toBeGreaterThan(500)
    expect(await number("SELECT uniqExact(node) AS n FROM v_topic_rollups WHERE level != 'topic'")).toBe(4 + 2 + 1)
  })

  it('has the slopes, times and counts that SQL finds in the history', async () => {
    const history = `SELECT student_id, topic_id, row_number() OVER (PARTITION BY student_id, topic_id ORDER BY src_offset, ordinal) AS i, mastery_scores[-1] AS m
      FROM student_mastery_history_rows FINAL WHERE NOT revision AND event_id IN (SELECT event_id FROM next_correct_prediction_rows)`
    expect(
      await number(`SELECT countIf(abs(v.per_opportunity - s.slope) > 1e-9 OR v.opportunities != s.c) AS n FROM v_learning_velocity AS v
        JOIN (SELECT student_id, topic_id, simpleLinearRegression(i, m).1 AS slope, count() AS c FROM (${history}) GROUP BY student_id, topic_id) AS s
        USING (student_id, topic_id)`),
    ).toBe(0)
    expect(
      await number(`SELECT countIf(t.reached != (s.first > 0) OR (t.reached AND t.opportunities != s.first)) AS n FROM v_time_to_mastery AS t
        JOIN (SELECT student_id, topic_id, minIf(i, m >= 0.7 AND m1 >= 0.7 AND m2 >= 0.7) AS first FROM (SELECT *,
            lagInFrame(m, 1, 0.) OVER (PARTITION BY student_id, topic_id ORDER BY i) AS m1,
            lagInFrame(m, 2, 0.) OVER (PARTITION BY student_id, topic_id ORDER BY i) AS m2 FROM (${history}))
          GROUP BY student_id, topic_id) AS s USING (student_id, topic_id)`),
    ).toBe(0)
    const students = await number('SELECT count() AS n FROM v_time_to_mastery')
    expect(
      await number("SELECT sum(reached) + sum(censored) AS n FROM v_mastery_survival WHERE scale = 'opportunities'"),
    ).toBe(students)
    expect(
      await number('SELECT countIf(accuracy < accuracy_low OR accuracy > accuracy_high) AS n FROM v_retention_curves'),
    ).toBe(0)
    const again = await number('SELECT sum(answers) AS n FROM v_retention_curves')
    expect(again).toBeGreaterThan(2000)
    expect(again).toBeLessThanOrEqual((await run()).answers - students)
    const items = await world.gold.query<{ topic_id: string; item: string; answers: number; correct: number }>(
      "SELECT topic_id, item, answers, correct FROM v_topic_items WHERE topic_id = 'fractions' ORDER BY answers DESC LIMIT 1",
    )
    expect(Number(items[0]!.answers)).toBe(
      await number(`SELECT count() AS n FROM next_correct_prediction_rows FINAL WHERE item = '${items[0]!.item}'`),
    )
  })

  it('replaces what an earlier run left, and answers for a student and for the topics', async () => {
    const rows = await number('SELECT count() AS n FROM topic_rollups FINAL')
    await run(NOW + 86_400_000)
    expect(await number('SELECT count() AS n FROM topic_rollups')).toBe(rows)
    expect(await number('SELECT uniqExact(computed_at) AS n FROM retention_curves')).toBe(1)
    const [{ student_id: student } = { student_id: '' }] = await world.gold.query<{ student_id: string }>(
      'SELECT student_id FROM v_topic_rollups ORDER BY student_id LIMIT 1',
    )
    const found = await studentProgress(world.gold, { tenant: 'school', student })
    expect(found.rollups[0]).toMatchObject({ level: 'course', name: 'lower secondary', topics: 19 })
    expect(found.topics.length).toBeGreaterThan(5)
    const topics = await topicProgress(world.gold, 'school')
    expect(topics).toHaveLength(20)
    expect(topics.find((t) => t.topic_id === 'fractions')!.median_opportunities).toBeGreaterThan(2)
  })

  it('scores everybody as of the present to what the stream has, to the bit', async () => {
    const rows: BatchRow[] = []
    const batch = scoreBatch(world.parts(), { asOf: NOW, tenant: null, students: null, inactiveDays: 0 })
    let step = await batch.next()
    for (; !step.done; step = await batch.next()) rows.push(...step.value)
    expect(step.value).toMatchObject({ students: 40, rows: rows.length, refused: [], unknown: [] })
    const stored = await world.gold.query<{ s: string; t: string; m: number[]; n: number }>(
      'SELECT student_id AS s, topic_id AS t, mastery_scores AS m, opportunities AS n FROM student_mastery_rows FINAL WHERE opportunities > 0 ORDER BY s, t',
    )
    const mine = rows.map((r) => ({
      s: r.student_id,
      t: r.topic_id,
      m: r.models.map((m) => m.mastery),
      n: r.opportunities,
    }))
    expect(mine.sort((a, b) => (a.s + a.t < b.s + b.t ? -1 : 1))).toEqual(
      stored.map((r) => ({ ...r, n: Number(r.n) })).sort((a, b) => (a.s + a.t < b.s + b.t ? -1 : 1)),
    )
    expect(rows.every((r) => r.mastery_now <= r.mastery)).toBe(true)
    const away = scoreBatch(world.parts(), { asOf: NOW, tenant: null, students: null, inactiveDays: 1 })
    expect((await away.next()).done).toBe(false)
    const nobody = scoreBatch(world.parts(), { asOf: NOW, tenant: null, students: ['f'.repeat(32)], inactiveDays: 0 })
    expect((await nobody.next()).value).toMatchObject({ students: 0, unknown: ['f'.repeat(32)] })
  })

  it('is asked for from the command line, and leads to recommendations that are logged with their probabilities', async () => {
    const { installation, gold } = world
    const host: Host = {
      profile: installation.profile,
      installation,
      gold: async () => gold,
      stages: async () => () => world.pipeline.check(),
      jobs: () => Promise.reject(new Error('not asked for')),
      runJobs: () => Promise.reject(new Error('not asked for')),
      tenant: () => installation.secrets.tenants[0]!,
    }
    const command = async (...argv: string[]) => {
      let out = ''
      let err = ''
      const io = { out: (t: string) => void (out += t), err: { write: (t: string) => void (err += t), isTTY: false } }
      const code = await runCommand(host, argv, { ...io, cwd: world.dir })
      return { code, out, err, json: () => JSON.parse(out) }
    }
    const [{ s: student } = { s: '' }] = await gold.query<{ s: string }>(
      "SELECT student_id AS s FROM v_topic_rollups WHERE level = 'course' ORDER BY opportunities DESC LIMIT 1",
    )
    writeFileSync(join(world.dir, 'graph.csv'), 'topic,prerequisites\na,b\n')
    const refused = await command('curriculum', 'set', '--file', 'graph.csv')
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('"b", which is no topic of this graph')])
    expect((await command('curriculum', '--json')).json().topics).toHaveLength(19)
    expect((await command('progress', 'run', '--json')).json()).toMatchObject({ students: 40 })
    expect((await command('progress', 'topics')).out).toMatch(/fractions +38 /)
    expect((await command('progress', 'student', '--student', student)).out).toMatch(/lower secondary +course/)
    expect((await command('progress', 'student', '--student', 'nobody')).code).toBe(2)

    const ask = ['recommend', '--student', student, '--policy', 'thompson', '--json']
    const one = (await command(...ask)).json()
    expect(one).toMatchObject({ policy: 'thompson', student_id: student })
    expect(one.items.length).toBeGreaterThan(0)
    expect(one.chosen.reason).toMatch(/^Mastery is|^No answers|^Was at/)
    const named = (await command('recommend', '--student', student, '--topic', 'machines', '--json')).json()
    expect(named).toMatchObject({ policy: 'asked', chosen: { topic_id: 'machines', propensity: 1 } })
    expect((await command('recommend', '--student', student, '--topic', 'magic')).err).toMatch(/no topic "magic"/)
    const logged = await gold.query<{ id: string; policy: string; total: number; own: number; propensity: number }>(
      `SELECT recommendation_id AS id, policy, arraySum(probabilities) AS total, probabilities[indexOf(candidates, topic_id)] AS own, propensity
       FROM v_recommendations WHERE student_id = '${student}' ORDER BY policy`,
    )
    expect(logged).toMatchObject([{ policy: 'asked' }, { id: one.recommendation_id, policy: 'thompson' }])
    for (const l of logged) {
      expect(l.total).toBeCloseTo(1, 9)
      expect(l.own).toBe(l.propensity)
    }

    const scored = await command('score', '--batch', '--as-of', '2026-01-01', '--out', 'scores.csv')
    expect(scored.code).toBe(0)
    const lines = readFileSync(join(world.dir, 'scores.csv'), 'utf8').trimEnd().split('\n')
    expect(lines[0]).toMatch(/^student_id,topic_id,as_of,.*mastery_now.*,attempts_90d,correct_90d,approximate$/)
    expect(lines.length).toBeGreaterThan(100)
    expect((await command('score')).code).toBe(2)
    const evaluated = (
      await command(
        'recommend',
        'evaluate',
        '--students',
        '20',
        '--stretches',
        '10',
        '--draws',
        '50',
        '--history',
        '--json',
      )
    ).json()
    expect(evaluated.policies.map((p: { policy: string }) => p.policy)).toEqual([
      'random',
      'weakest-first',
      'linucb',
      'thompson',
      'linucb-history',
      'thompson-history',
    ])
  })
})
