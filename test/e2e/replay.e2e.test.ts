import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answersCsv } from '../generators/answers-csv.ts'
import { importFile, mastery, masteryOk, type Place, sqlRows } from '../processes/here.ts'
import { Server } from '../processes/server.ts'

const MAIN = 'services/cli/src/main.ts'

interface Row {
  generation: number
  n: number
  hash: string
}

describe('a replay', { timeout: 180_000 }, () => {
  const data = mkdtempSync(join(tmpdir(), 'replay-'))
  const place: Place = { data }
  const csv = answersCsv({ seed: 5, rows: 3_000, students: 40, topics: 6 })
  const file = join(data, 'answers.csv')

  /** What gold holds of each generation, but for what names the computation. */
  const perGeneration = (table: string, without: string) =>
    sqlRows<Row>(
      `SELECT generation, toUInt32(count()) AS n, toString(sum(cityHash64(formatRow('TSV', * EXCEPT (${without}))))) AS hash
       FROM ${table} FINAL GROUP BY generation ORDER BY generation`,
      place,
    )
  const current = () => perGeneration('student_mastery_rows', 'generation, version, last_updated')

  beforeAll(async () => {
    writeFileSync(file, csv.text)
    await importFile('csv', file, place)
  })
  afterAll(() => rmSync(data, { recursive: true, force: true }))

  it('counts what it would fold and begins nothing, when asked to', async () => {
    const { out } = await masteryOk(['replay', '--dry-run', '--json'], place)
    expect(JSON.parse(out)).toMatchObject({ events: csv.answers.length, fromGold: 0, commands: 0 })
    const some = csv.answers[0]!.student
    const one = await masteryOk(['replay', '--dry-run', '--json', '--students', some], place)
    expect(JSON.parse(one.out)).toMatchObject({
      events: csv.answers.filter((a) => a.student === some).length,
      students: 1,
    })
    expect(await current()).toHaveLength(1)
  })

  it('killed half-way goes on and ends with the same rows; readers see the old ones until the switch', async () => {
    const replay = new Server(MAIN, ['replay', '--rate', '200', '--reason', 'half-way'], place)
    await replay.said(/Generation 1 begins/)
    await new Promise((r) => setTimeout(r, 1_000))
    await replay.signal('SIGKILL')
    const [listed] = await Promise.all([masteryOk(['generations', 'list', '--json'], place)])
    const one = (
      JSON.parse(listed.out) as { id: number; status: string; progress: { done: number; total: number } }[]
    )[1]!
    expect(one).toMatchObject({ id: 1, status: 'building' })
    expect(one.progress.done).toBeLessThan(one.progress.total)
    const waited = await masteryOk(['generations', 'wait', '1'], place)
    expect(waited.out).toMatch(/features +\d+ +0 +0 +0/)
    expect(waited.out).toMatch(/blend +\d+ +0 +0 +0/)
    expect(waited.out).toMatch(/history +[1-9][\d,]* +0 +0 +0/)
    for (const [table, without] of [
      ['student_mastery_rows', 'generation, version, last_updated'],
      ['student_topic_features', 'generation, version, last_updated'],
      ['student_mastery_history_rows', 'generation, version, last_updated'],
      ['next_correct_prediction_rows', 'generation'],
      ['event_dispositions', 'generation'],
    ] as const) {
      const [old, next] = await perGeneration(table, without)
      expect(next, table).toEqual({ ...old, generation: 1 })
    }
    const seen = await sqlRows<{ generation: number }>('SELECT DISTINCT generation FROM v_student_mastery', place)
    expect(seen).toEqual([{ generation: 0 }])
  })

  it('switches readers to the new generation and back, and new events reach both', async () => {
    await masteryOk(['generations', 'switch', '1'], place)
    const more = join(data, 'more.csv')
    writeFileSync(more, 'student,item,topic,occurred_at,correct\nnew,q1,fractions,2026-09-01T08:00:00Z,1\n')
    await importFile('csv', more, place)
    const seen = () =>
      sqlRows<{ generation: number; n: number }>(
        "SELECT generation, toUInt32(count()) AS n FROM v_student_mastery WHERE topic_id = 'fractions' AND opportunities = 1 GROUP BY generation",
        place,
      )
    expect(await seen()).toEqual([{ generation: 1, n: 4 }])
    expect((await masteryOk(['trace', '--student', 'new', '--topic', 'fractions'], place)).out).toContain('fractions')
    await masteryOk(['generations', 'wait', '0'], place)
    await masteryOk(['generations', 'switch', '0'], place)
    expect(await seen()).toEqual([{ generation: 0, n: 4 }])
    const [old, next] = await current()
    expect(next).toEqual({ ...old, generation: 1 })
  })

  it('with other parameters says what they change, and follows the ones that are active at its marker', async () => {
    const parameters = join(data, 'bkt.json')
    writeFileSync(parameters, JSON.stringify({ default: { prior: 0.4, learn: 0.05, slip: 0.05, guess: 0.1 } }))
    const { out } = await masteryOk(['replay', '--model', `bkt@trial=${parameters}`, '--reason', 'trial'], place)
    expect(out).toMatch(/elo +\d+ +0 +0 +0/)
    expect(out).not.toMatch(/bkt +\d+ +0 +0 +0/)
    const versions = await sqlRows<{ v: string }>(
      "SELECT DISTINCT model_versions[indexOf(score_sources, 'bkt')] AS v FROM student_mastery_rows FINAL WHERE generation = 2",
      place,
    )
    expect(versions).toEqual([{ v: 'trial' }])
  })

  it('refuses a fourth generation, a switch to a part and a drop of what readers see, and says what to do', async () => {
    const more = await mastery(['replay'], place)
    expect([more.code, more.err]).toEqual([1, expect.stringContaining('drop one first')])
    const active = await mastery(['generations', 'drop', '0'], place)
    expect([active.code, active.err]).toEqual([1, expect.stringContaining('switch to another one first')])
    await masteryOk(['generations', 'drop', '2'], place)
    await masteryOk(['generations', 'drop', '1'], place)
    expect((await current()).map((r) => r.generation)).toEqual([0])
    const part = await masteryOk(['replay', '--from', '2026-09-01', '--to', '2026-09-02', '--json'], place)
    const { generation } = JSON.parse(part.out) as { generation: number }
    expect(generation).toBe(3)
    const compared = await masteryOk(['generations', 'diff', '3', '--json'], place)
    expect(JSON.parse(compared.out)).toMatchObject({ generation: 3, against: 0, whole: false })
    const refused = await mastery(['generations', 'switch', '3'], place)
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('only a part')])
  })

  it.each([
    [['replay', '--topic', 'learning.features'], 'everything is computed from learning.events'],
    [['replay', '--from', 'yesterday'], 'neither an instant'],
    [['replay', '--from', '2026-09-02', '--to', '2026-09-01'], '--to lies before --from'],
    [['replay', '--from', '99=1'], 'there are partitions 0 to 3'],
    [['replay', '--model', 'oracle@1=x.json'], 'one of the models'],
    [['replay', '--model', 'bkt@1=missing.json'], "can't be used"],
    [['generations', 'switch', 'two'], 'Give the number of a generation'],
    [['generations', 'burn'], 'generations knows'],
    [['generations', 'diff', '0'], 'is what readers see'],
    [['replay', '--from', '2026-09-01', '--switch'], '--switch needs the whole history'],
    [['replay', '--tenant', 'mars'], 'no tenant "mars"'],
  ])('says what is wrong with %j', async (args, message) => {
    const ended = await mastery(args, place)
    expect(ended.code).toBe(2)
    expect(ended.err).toContain(message)
  })
})
