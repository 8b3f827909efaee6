import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReconcileReport } from '@mastery/topology/reconcile/report.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answersCsv } from '../generators/answers-csv.ts'
import { importFile, masteryOk } from '../processes/cli.ts'
import { SERVICE_NAMES, type Servers, Services } from '../processes/services.ts'
import { writeTenants } from './tenants.ts'

const env = process.env
const missing = ['KAFKA', 'REDIS', 'REGISTRY', 'CLICKHOUSE'].filter((name) => !env[`MASTERY_TEST_${name}`])
const title =
  missing.length === 0
    ? 'reconcile on the local profile'
    : `reconcile on the local profile, not run: no local stack (MASTERY_TEST_${missing[0]} unset)`
const tenant = `reconcile-${process.pid}-${Math.trunc(performance.timeOrigin % 1e6)}`

describe.skipIf(missing.length > 0)(title, { timeout: 300_000 }, () => {
  const folder = join(tmpdir(), `reconcile-${process.pid}`)
  const tenantsFile = join(folder, 'tenants.json')
  let services: Services

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    writeTenants(tenantsFile, [tenant])
    const at: Servers = {
      kafka: env['MASTERY_TEST_KAFKA']!,
      redis: env['MASTERY_TEST_REDIS']!,
      registry: env['MASTERY_TEST_REGISTRY']!,
      clickhouse: env['MASTERY_TEST_CLICKHOUSE']!,
    }
    services = new Services(at, join(folder, 'local'), tenantsFile)
    await services.start(SERVICE_NAMES)
  }, 300_000)
  afterAll(async () => {
    await services?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 180_000)

  async function sql(query: string): Promise<string> {
    const response = await fetch(env['MASTERY_TEST_CLICKHOUSE']!, { method: 'POST', body: query })
    const text = await response.text()
    if (!response.ok) throw new Error(`ClickHouse refused: ${text}`)
    return text
  }
  /** Others may use these servers too: only the students of this test are compared. */
  async function run(students: readonly string[], ...more: string[]): Promise<ReconcileReport> {
    const args = ['reconcile', '--json', '--students', students.join(','), ...more]
    return JSON.parse((await masteryOk(args, services.place)).out) as ReconcileReport
  }

  it('agrees with Kafka, Redis and ClickHouse, and heals a row that was taken away', async () => {
    const csv = answersCsv({ seed: 12, rows: 1500, students: 30, topics: 7 })
    const file = join(folder, 'answers.csv')
    writeFileSync(file, csv.text)
    await importFile('csv', file, services.place, ['--tenant', tenant])
    const students = (
      await sql(`SELECT DISTINCT student_id FROM learning_events WHERE tenant = '${tenant}' ORDER BY 1 FORMAT TSV`)
    )
      .split('\n')
      .filter((s) => s !== '')
    const clean = await run(students)
    expect(clean).toMatchObject({ status: 'clean', mismatches: 0, missing: 0, extra: 0, oracle: { differences: 0 } })
    expect(clean.students).toBe(students.length)
    expect(clean.events).toBe(csv.answers.length)

    await sql(
      `ALTER TABLE student_mastery_rows DELETE WHERE tenant = '${tenant}' AND student_id = '${students[3]}' SETTINGS mutations_sync = 2`,
    )
    const healed = await run(students)
    expect(healed).toMatchObject({ status: 'healed', differing: 1, healed: 1 })
    expect(healed.missing).toBeGreaterThan(0)
    expect(healed.found[0]).toMatchObject({ student: students[3], outcome: 'healed' })
    expect(await run(students, '--no-heal')).toMatchObject({ status: 'clean', missing: 0 })
  })
})
