import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReconcileReport } from '@mastery/topology/reconcile/report.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { answersCsv } from '../generators/answers-csv.ts'
import { importFile, mastery, masteryOk, sqlRows } from '../processes/here.ts'

const folder = mkdtempSync(join(tmpdir(), 'reconcile-e2e-'))
const place = { data: join(folder, 'data') }
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('reconcile and rebuild from the command line', { timeout: 180_000 }, () => {
  it('find nothing after an import of a CSV with repeats and bad rows, heal what is taken away, and say it', async () => {
    const csv = answersCsv({ seed: 5, rows: 800, students: 20, topics: 6 })
    writeFileSync(join(folder, 'answers.csv'), csv.text)
    await importFile('csv', join(folder, 'answers.csv'), place)
    const clean = JSON.parse((await masteryOk(['reconcile', '--json'], place)).out) as ReconcileReport
    expect(clean).toMatchObject({ status: 'clean', mismatches: 0, missing: 0, extra: 0, oracle: { differences: 0 } })
    expect(clean.events).toBe(csv.answers.length)

    const [one] = await sqlRows<{ student: string; topic: string }>(
      'SELECT student_id AS student, topic_id AS topic FROM student_topic_features ORDER BY student, topic LIMIT 1',
      place,
    )
    await sqlRows(
      `ALTER TABLE student_topic_features UPDATE correct_90d = correct_90d + 1 WHERE student_id = '${one!.student}' AND topic_id = '${one!.topic}' SETTINGS mutations_sync = 2`,
      place,
    )
    const looked = await mastery(['reconcile', '--no-heal'], place)
    expect(looked.code).toBe(1)
    expect(looked.out).toContain(`correct_90d of ${one!.topic}`)
    expect(looked.out).toContain('left as it is')
    const healed = await masteryOk(['reconcile', '--students', one!.student], place)
    expect(healed.out).toContain('1 student was rebuilt from the history and compared equal after it.')
    const job = await masteryOk(['jobs', 'run', 'reconcile'], place)
    expect(JSON.parse(job.out)).toMatchObject({ status: 'clean', oracle_differences: 0 })
    const rebuilt = await masteryOk(['rebuild', '--student', one!.student, '--json'], place)
    expect(JSON.parse(rebuilt.out)).toMatchObject({ students: 1, installed: 1 })
    expect((await masteryOk(['rebuild', '--stale'], place)).out).toBe('Nobody waits for a rebuild.\n')
    expect((await mastery(['rebuild', '--student', 'nobody'], place)).code).toBe(1)
    expect((await mastery(['rebuild', '--stale', '--student', 'x'], place)).code).toBe(2)
  })
})
