import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, answersCsv } from '../generators/answers-csv.ts'
import { type ImportSummary, importFile, masteryOk, sqlRows } from '../processes/here.ts'
import { decayedAccuracy, estimatesOf, inOrder, predictionsOnArrival, windowOf } from './naive-fold.ts'

const FILE = answersCsv({ seed: 20_241, rows: 4000, students: 40, topics: 12 })
const students = [...new Set(FILE.answers.map((a) => a.student))]
const DAYS = [7, 30, 90] as const
const TOLERANCE = 1e-9

/** Of two equal lines the earlier one is the event, whichever of them was made as the repeat. */
function isFirst(a: Answer): boolean {
  const same = (b: Answer) => b.student === a.student && b.item === a.item && b.attempt === a.attempt
  return a.attempt === null || FILE.answers.find((b) => same(b))!.line === a.line
}

describe('a random CSV, folded by an independent program', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'agreement-'))
  const place = { data: join(folder, 'data') }
  const file = join(folder, 'answers.csv')
  const pseudonyms = new Map<string, string>()
  const events = FILE.answers.filter(isFirst)
  const of = (student: string) => events.filter((a) => a.student === student)
  let summary: ImportSummary

  beforeAll(async () => {
    writeFileSync(file, FILE.text)
    summary = await importFile('csv', file, place)
    const { tenants } = JSON.parse(readFileSync(join(place.data, 'tenants.json'), 'utf8'))
    for (const s of students)
      pseudonyms.set(
        s,
        createHmac('sha256', Buffer.from(tenants[0].pseudonymKey, 'hex')).update(s).digest('hex').slice(0, 32),
      )
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is read to the last row, and what is wrong is refused with its reason', async () => {
    expect(summary).toMatchObject({
      read: FILE.answers.length + FILE.bad,
      events: FILE.answers.length,
      rejects: FILE.bad,
      duplicates: FILE.answers.length - events.length,
    })
    expect(FILE.bad).toBeGreaterThan(20)
    expect(summary.duplicates).toBeGreaterThan(20)
    const { out } = await masteryOk(['rejects', 'list', '--json'], place)
    const rejects = JSON.parse(out) as { code: string; message: string; origin_offset: number }[]
    expect(rejects.length).toBe(FILE.bad)
    for (const r of rejects) expect(r.message).toMatch(/Give|Fill|Quote|Double/)
  })

  it('knows students by the pseudonyms that the command line prints', async () => {
    const { out } = await masteryOk(['pseudonym', students[3]!], place)
    expect(out.trim()).toBe(pseudonyms.get(students[3]!))
    const rows = await sqlRows<{ s: string }>('SELECT DISTINCT student_id AS s FROM v_learning_events', place)
    expect(rows.map((r) => r.s).sort()).toEqual([...pseudonyms.values()].sort())
  })

  it('has the windows of every student and topic', async () => {
    const rows = await sqlRows<Record<string, number | string | null>>(
      `SELECT *, toUnixTimestamp64Milli(as_of) AS as_of_ms, toUnixTimestamp64Milli(previous_at) AS previous_ms
       FROM v_student_topic_features`,
      place,
    )
    const found = new Map(rows.map((r) => [`${r['student_id']}/${r['topic_id']}`, r]))
    let keys = 0
    for (const student of students) {
      for (const topic of new Set(of(student).flatMap((a) => a.topics))) {
        const key = `${pseudonyms.get(student)}/${topic}`
        const row = found.get(key)
        expect(row, key).toBeDefined()
        keys++
        const answers = inOrder(of(student).filter((a) => a.topics.includes(topic)))
        const asOf = answers.at(-1)!.at
        expect(Number(row!['as_of_ms']), key).toBe(asOf)
        expect(Number(row!['attempts_total']), key).toBe(answers.length)
        expect(row!['previous_ms'] === null ? null : Number(row!['previous_ms']), key).toBe(answers.at(-2)?.at ?? null)
        expect(Math.abs(Number(row!['decayed_accuracy']) - decayedAccuracy(answers, asOf)), key).toBeLessThan(TOLERANCE)
        for (const days of DAYS)
          for (const [name, value] of Object.entries(windowOf(answers, asOf, days))) {
            const cell = row![`${name}_${days}d`]
            if (value === null) expect(cell, `${key} ${name} ${days}`).toBeNull()
            else expect(Math.abs(Number(cell) - value), `${key} ${name} ${days}`).toBeLessThan(TOLERANCE)
          }
      }
    }
    expect(rows.length).toBe(keys)
  })

  it('has the mastery of every student and topic by BKT and Elo', async () => {
    const rows = await sqlRows<{ k: string; m: string; x: number; n: number; at: number }>(
      `SELECT concat(student_id, '/', topic_id) AS k, score_source AS m, mastery_score AS x, opportunities AS n,
       toUnixTimestamp64Milli(as_of) AS at FROM v_student_mastery WHERE score_source IN ('bkt', 'elo')`,
      place,
    )
    const found = new Map(rows.map((r) => [`${r.k}/${r.m}`, r]))
    let keys = 0
    for (const student of students)
      for (const [topic, estimate] of estimatesOf(of(student)))
        for (const model of ['bkt', 'elo'] as const) {
          const key = `${pseudonyms.get(student)}/${topic}/${model}`
          const row = found.get(key)
          expect(row, key).toBeDefined()
          keys++
          expect(Math.abs(row!.x - estimate[model]), key).toBeLessThan(TOLERANCE)
          expect([Number(row!.n), Number(row!.at)], key).toEqual([estimate.opportunities, estimate.asOf])
        }
    expect(rows.length).toBe(keys)
  })

  it('predicted every answer from what had come before it', async () => {
    const rows = await sqlRows<{ s: string; line: number; m: string; p: number }>(
      `SELECT p.student_id AS s, e.source_sequence AS line, p.score_source AS m, p.p AS p
       FROM v_next_correct_predictions AS p
       JOIN (SELECT event_id, source_sequence FROM v_learning_events WHERE disposition = 'counted') AS e USING (event_id)
       WHERE m IN ('bkt', 'elo') ORDER BY p.src_partition, p.src_offset`,
      place,
    )
    for (const student of students)
      for (const model of ['bkt', 'elo'] as const) {
        const said = rows.filter((r) => r.s === pseudonyms.get(student) && r.m === model)
        const expected = predictionsOnArrival(of(student))
        expect(said.map((r) => Number(r.line))).toEqual(expected.map((e) => e.answer.line))
        said.forEach((r, i) => {
          expect(Math.abs(r.p - expected[i]!.said[model]), `${student} ${i} ${model}`).toBeLessThan(TOLERANCE)
        })
      }
  })

  it('changes nothing when the same file comes again', async () => {
    const hashed = (view: string) =>
      `SELECT '${view}' AS view, count() AS n, toString(sum(cityHash64(formatRow('TSV', ${view === 'v_rejects' ? '* EXCEPT (log_partition, log_offset)' : '*'})))) AS hash FROM ${view}`
    const views = ['v_student_topic_features', 'v_student_mastery', 'v_student_mastery_history', 'v_rejects']
    const rows = `SELECT * FROM (${views.map(hashed).join(' UNION ALL ')}) ORDER BY view`
    const before = await sqlRows(rows, place)
    const again = await importFile('csv', file, place)
    expect(again).toMatchObject({ events: FILE.answers.length, duplicates: FILE.answers.length, rejects: FILE.bad })
    expect(await sqlRows(rows, place)).toEqual(before)
    const [counts] = await sqlRows<Record<string, number>>(
      `SELECT (SELECT count() FROM v_rejects) AS rejects, (SELECT count() FROM v_learning_events) AS events,
       (SELECT count() FROM v_next_correct_predictions) AS predictions,
       (SELECT countIf(disposition = 'counted') FROM v_event_dispositions) AS counted`,
      place,
    )
    expect(counts).toEqual({
      rejects: FILE.bad,
      events: 2 * FILE.answers.length,
      predictions: 4 * events.filter((a) => a.topics.length > 0).length,
      counted: events.length,
    })
  })
})
