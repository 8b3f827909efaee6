import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { loadRetention } from '@mastery/infra/config/retention.ts'
import { afterAll, expect, it } from 'vitest'
import { answersCsv } from '../generators/answers-csv.ts'
import { importFile, masteryOk, sqlRows } from '../processes/here.ts'
import { storedLongAgo } from './stored-long-ago.ts'

const folder = mkdtempSync(join(tmpdir(), 'retention-'))
const place = { data: join(folder, 'data') }
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Answer {
  dry_run: boolean
  tables: {
    table: string
    rows: number
    waiting: number
    partitions: string[]
    students?: { total: number; covered: number }
  }[]
}

it('keeps what was imported lately; removes events of years ago, and keeps what they came to', {
  timeout: 180_000,
}, async () => {
  const file = join(folder, 'answers.csv')
  writeFileSync(file, answersCsv({ seed: 5, rows: 400, students: 9, topics: 3 }).text)
  const { events: imported } = await importFile('csv', file, place)
  const limits = join(folder, 'limits.json')
  const days = { ...Object.fromEntries(loadRetention()), learning_events: 30 }
  writeFileSync(limits, JSON.stringify({ days }))
  const holds = async () => {
    const [row] = await sqlRows<Record<'events' | 'scores' | 'students' | 'checkpoints' | 'noted', number>>(
      `SELECT (SELECT count() FROM learning_events FINAL) AS events,
        (SELECT toUInt32(sum(cityHash64(student_id, topic_id, mastery_score))) FROM v_student_mastery) AS scores,
        (SELECT uniqExact(student_id) FROM v_student_mastery) AS students,
        (SELECT uniqExactIf(student_id, payload != '') FROM student_checkpoints FINAL WHERE stage = 'history') AS checkpoints,
        (SELECT sum(rows) FROM retention_runs FINAL WHERE table_name = 'learning_events') AS noted`,
      place,
    )
    return Object.fromEntries(Object.entries(row!).map(([k, v]) => [k, Number(v)])) as NonNullable<typeof row>
  }
  const retention = async (...more: string[]) =>
    JSON.parse((await masteryOk(['retention', '--limits', limits, '--json', ...more], place)).out) as Answer
  const ofEvents = (a: Answer) => a.tables.find((t) => t.table === 'learning_events')!

  const before = await holds()
  expect(before).toMatchObject({ events: imported, checkpoints: 0, noted: 0 })
  expect(before.events).toBeGreaterThan(300)
  // They happened years ago, and came today.
  expect(ofEvents(await retention('--dry-run'))).toMatchObject({
    rows: 0,
    waiting: 0,
    students: { total: 0, covered: 0 },
  })
  expect((await masteryOk(['retention'], place)).out).toMatch(/learning_events +730 d .*\n.*\b0 rows were removed/s)
  expect(await holds()).toEqual(before)

  const gold = new ClickHouseGold({ path: join(place.data, 'gold') })
  await storedLongAgo(gold, 'learning_events')
  await gold.close()
  const dry = await retention('--dry-run')
  expect(dry.dry_run).toBe(true)
  expect(ofEvents(dry)).toMatchObject({ rows: imported, waiting: 0, students: { total: before.students, covered: 0 } })
  expect((await masteryOk(['retention', '--limits', limits, '--dry-run'], place)).out).toContain(
    `${before.students} students have events beyond their limit; 0 have a checkpoint that stands for them, the others get one`,
  )
  expect(await holds()).toEqual(before)

  const done = await retention()
  expect(ofEvents(done)).toMatchObject({ rows: imported, waiting: 0, students: { covered: before.students } })
  expect(await holds()).toEqual({ ...before, events: 0, checkpoints: before.students, noted: imported })
  const { out } = await masteryOk(['reconcile', '--json'], place)
  expect(JSON.parse(out)).toMatchObject({ status: 'clean', from_checkpoint: before.students, expired: 0, behind: 0 })
  const replay = JSON.parse((await masteryOk(['replay', '--dry-run', '--json'], place)).out) as object
  // The embedded log has all of them still.
  expect(replay).toMatchObject({ expired: { students: 0, events: 0, refused: null } })
})
