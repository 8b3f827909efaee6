import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileEngine, parquetFile } from '@mastery/infra/adapters/clickhouse/file-engine.ts'
import type { ExportManifest } from '@mastery/jobs/src/exports/manifest.ts'
import type { JoinValidation } from '@mastery/jobs/src/exports/validate.ts'
import { Random } from '@mastery/topology/school/random.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importFile, mastery, masteryOk, type Place, sqlRows } from '../processes/here.ts'

const folder = mkdtempSync(join(tmpdir(), 'exports-'))
const place: Place = { data: join(folder, 'data') }
const out = join(folder, 'out')
const STUDENTS = 24
const ITEMS = 8
const ROUNDS = 4
const ANSWERS = STUDENTS * ITEMS * ROUNDS
const MONDAY = Date.UTC(2025, 8, 1, 8)
const DAY = 86_400_000

/** A round a day. The first student guesses rapidly and gets everything of the last round wrong. */
function answersCsv(): string {
  const random = new Random(5)
  const rows = ['student,item,topic,occurred_at,correct,response_time_ms,hints']
  for (let round = 0; round < ROUNDS; round++)
    for (let s = 0; s < STUDENTS; s++)
      for (let i = 0; i < ITEMS; i++) {
        const at = new Date(MONDAY + round * DAY + (s * ITEMS + i) * 30_000).toISOString()
        const fast = s === 0 && i % 2 === 0
        const right = s === 0 && round === ROUNDS - 1 ? false : random.chance(0.35 + 0.02 * s)
        const topic = i < ITEMS / 2 ? 'algebra' : 'graphs'
        rows.push(`s${s},q${i},${topic},${at},${right ? 1 : 0},${fast ? 400 : random.between(9000, 30_000)},0`)
      }
  return `${rows.join('\n')}\n`
}

/** Rows of files; a name with @ before it is the file of that table. */
async function ask<T>(sql: string, dir = out): Promise<T[]> {
  const engine = openFileEngine()
  try {
    return await engine.query<T>(sql.replace(/@(\w+)/g, (_, name: string) => parquetFile(join(dir, `${name}.parquet`))))
  } finally {
    await engine.close()
  }
}

const exported = async (...args: string[]): Promise<ExportManifest> =>
  JSON.parse((await masteryOk(['export', '--out', out, '--json', ...args], place)).out)

describe('exports for analysts', () => {
  beforeAll(async () => {
    const file = join(folder, 'answers.csv')
    writeFileSync(file, answersCsv())
    await importFile('csv', file, place)
    await masteryOk(['items', 'health'], place)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('say what is not there, and why', async () => {
    const found = await exported('--tables', 'sakt_attention,student_state.parquet')
    expect(found.files.map((f) => [f.file, f.rows])).toEqual([['student_state.parquet', STUDENTS]])
    expect(found.left_out).toEqual([{ name: 'sakt_attention', why: expect.stringContaining('train --models sakt') }])
    expect(readdirSync(out).sort()).toEqual(['manifest.json', 'student_state.parquet'])
    const alone = await mastery(['validate-join', out], place)
    expect([alone.code, alone.err]).toEqual([1, expect.stringMatching(/Nothing in .* can be joined/)])
  })

  it('are files with what gold has, of the columns that the manifest names', async () => {
    await masteryOk(['train', '--models', 'sakt'], place)
    const found = await exported('--tables', 'all')
    expect(found.left_out).toEqual([])
    expect(found.offsets_after).toEqual(found.offsets)
    for (const f of found.files) {
      const bytes = readFileSync(join(out, f.file))
      expect([f.file, createHash('sha256').update(bytes).digest('hex'), bytes.length]).toEqual([
        f.file,
        f.sha256,
        f.bytes,
      ])
      if (f.rows === null) continue
      const columns = await ask<{ name: string; type: string }>(`DESCRIBE @${f.name}`)
      const plain = (t: string) => t.replaceAll("\\'", "'")
      expect([f.name, columns.map((c) => [c.name, plain(c.type)])]).toEqual([
        f.name,
        f.columns.map((c) => [c.name, c.type]),
      ])
    }
    const figures = `SELECT score_source, count() AS n, round(sum(p), 9) AS p, countIf(correct) AS right`
    const order = 'GROUP BY score_source ORDER BY score_source'
    expect(await ask(`${figures} FROM @next_correct_predictions ${order}`)).toEqual(
      await sqlRows(`${figures} FROM next_correct_predictions ${order}`, place),
    )
    const [states] = await ask<object>(
      `SELECT count() AS n, sum(answers) AS answers, min(active_days) AS days, sum(topics) AS topics, countIf(effort_verdict = 'low effort') AS low,
         sum(topics_mastered + topics_developing + topics_weak + topics_insufficient) AS standings FROM @student_state`,
    )
    expect(states).toEqual({ n: STUDENTS, answers: ANSWERS, days: ROUNDS, topics: 48, low: 1, standings: 48 })
    const [within] = await ask<{ n: number }>(
      `SELECT count() AS n FROM @student_topic_mastery AS m JOIN @student_state AS s USING (student_id)
       WHERE abs(m.mastery - (m.mastery_rule + m.mastery_bkt + m.mastery_elo) / 3) < 1e-12 AND s.answers = ${ITEMS * ROUNDS}`,
    )
    expect(within!.n).toBe(48)
  })

  it('tell what sakt looked at: earlier answers of the same student, the greatest weight first', async () => {
    const [found] = await ask<object>(
      `SELECT uniqExact(event_id) AS asked, countIf(past_occurred_at >= occurred_at) AS later, countIf(weight < 0 OR weight > looked) AS off,
         max(rank) AS ranks, min(back) AS nearest FROM @sakt_attention`,
    )
    expect(found).toEqual({ asked: STUDENTS * 20, later: 0, off: 0, ranks: 10, nearest: 1 })
    const [order] = await ask<{ n: number }>(
      `SELECT countIf(weights != arrayReverseSort(weights)) AS n FROM
         (SELECT event_id, arrayMap(x -> x.2, arraySort(groupArray((rank, weight)))) AS weights FROM @sakt_attention GROUP BY event_id)`,
    )
    expect(order!.n).toBe(0)
    const fewer = await exported('--tables', 'sakt_attention', '--predictions', '2', '--looks', '3')
    expect(fewer.files[0]!.rows).toBe(STUDENTS * 2 * 3)
    // What an earlier export left is gone, and nothing unfinished stays.
    expect(readdirSync(out).sort()).toEqual(['manifest.json', 'sakt_attention.parquet'])
  })

  it('take answers of a time', async () => {
    const day = (n: number) => new Date(MONDAY + n * DAY).toISOString().slice(0, 10)
    const found = await exported('--tables', 'next_correct_predictions', '--from', day(1), '--to', day(2))
    expect(found.files[0]!.rows).toBe((ANSWERS / ROUNDS) * 4)
  })

  it('belong together, and are refused where they do not', async () => {
    await exported('--tables', 'all')
    const good = await masteryOk(['validate-join', out, '--json'], place)
    const found = JSON.parse(good.out) as JoinValidation
    expect(found.passed).toBe(true)
    expect(found.joins.map((j) => j.coverage)).toEqual(Array(9).fill(1))
    expect(found.skipped.map((s) => s.why)).toEqual(['no version in force knows items'])
    expect(new Set(found.sample.map((r) => r.student_id)).size).toBe(10)
    expect((await masteryOk(['validate-join', out, '--json'], place)).out).toBe(good.out)

    // A third of the students have another pseudonym in one table.
    const file = join(out, 'next_correct_predictions.parquet')
    const planted = join(folder, 'planted.parquet')
    const engine = openFileEngine()
    await engine.command(
      `INSERT INTO FUNCTION ${parquetFile(planted)} SELECT * REPLACE (if(student_id IN
         (SELECT student_id FROM ${parquetFile(join(out, 'student_state.parquet'))} ORDER BY student_id LIMIT ${STUDENTS / 3}),
         concat('x', student_id), student_id) AS student_id) FROM ${parquetFile(file)}`,
    )
    await engine.close()
    renameSync(planted, file)
    const changed = await mastery(['validate-join', out], place)
    expect([changed.code, changed.err]).toEqual([
      1,
      expect.stringMatching(/next_correct_predictions\.parquet is not what was exported/),
    ])

    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as ExportManifest
    const entry = manifest.files.find((f) => f.name === 'next_correct_predictions')!
    entry.sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
    writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest))
    const bad = await mastery(['validate-join', out], place)
    expect([bad.code, bad.err]).toEqual([1, ''])
    expect(bad.out).toMatch(/next_correct_predictions +student_state +student +[\d,]+ +[\d,]+ +66\.6 %/)
    expect(bad.out).toMatch(/Not in student_state: school \/ x[0-9a-f]{32}/)
    expect(bad.out).toMatch(/Below 80\.0 %: next_correct_predictions to student_state by student \(66\.6 %\)/)
    expect((await mastery(['validate-join', out, '--least', '0.6'], place)).code).toBe(0)
  })

  it('have a counterpart for one student: what stands behind a topic', async () => {
    const { out: text } = await masteryOk(['trace', '--student', 's0', '--topic', 'graphs', '--limit', '2'], place)
    expect(text).toMatch(/Weak topics: /)
    expect(text).toMatch(
      /Items struggled with, the newest first\n {2}q7: \d of 4 tries right; 2025-09-04 \d\d:\d\d wrong, \d+\.\d s\n {4}of all students' 96 answers/,
    )
    expect(text).toMatch(/q6: .* wrong, 0\.4 s, a rapid guess/)
    expect(text).toMatch(/2025-09-04 08:00 to 08:03: 4 of 8 answers were rapid guesses, none right/)
    expect(text).toMatch(/sakt \S+, asked with what came before, expects \d+ % for q7 \(2025-09-04 08:03, wrong\)/)
    const json = JSON.parse((await masteryOk(['trace', '--student', 's0', '--topic', 'graphs', '--json'], place)).out)
    expect(json.struggles.map((s: { item: string }) => s.item)).toEqual(['q7', 'q6', 'q5', 'q4'])
    expect(json.looked.past[0].back).toBeGreaterThan(0)
  })

  it('say what is wrong with a call', async () => {
    for (const [args, why] of [
      [['export'], /--tables all for analysts, or --student ID/],
      [['export', '--tables', 'all'], /--out DIR/],
      [['export', '--tables', 'magic', '--out', out], /no table "magic"/],
      [['export', '--tables', 'all', '--student', 's0'], /either --tables or --student/],
      [['export', '--student', 's0', '--looks', '3'], /--looks belongs to --tables/],
      [['export', '--tables', 'all', '--out', out, '--from', 'yesterday'], /no instant/],
      [['validate-join'], /Name the folder/],
      [['validate-join', out, '--least', '80'], /a share from 0 to 1/],
    ] as const) {
      const ended = await mastery([...args], place)
      expect([args, ended.code]).toEqual([args, 2])
      expect(ended.err).toMatch(why)
    }
    const nowhere = await mastery(['validate-join', join(folder, 'nowhere')], place)
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringMatching(/is no export/)])
    const missing = await mastery(['export', '--tables', 'sakt_attention', '--out', out, '--sakt', 'v9'], place)
    expect([missing.code, missing.err]).toEqual([1, expect.stringMatching(/There is no version v9 of sakt/)])
    // What stood there is whole.
    expect(existsSync(join(out, 'student_state.parquet'))).toBe(true)
    expect(readdirSync(out).filter((f) => f.startsWith('.'))).toEqual([])
  })
})
