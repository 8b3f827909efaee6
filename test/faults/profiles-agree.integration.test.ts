import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answersCsv } from '../generators/answers-csv.ts'
import { type ImportSummary, importFile, SHARED } from '../processes/cli.ts'
import { SERVICE_NAMES, type Servers, Services } from '../processes/services.ts'
import { differences, goldOf } from './gold-rows.ts'
import { writeTenants } from './tenants.ts'

const env = process.env
const missing = ['KAFKA', 'REDIS', 'REGISTRY', 'CLICKHOUSE'].filter((name) => !env[`MASTERY_TEST_${name}`])
const title =
  missing.length === 0
    ? 'embedded and local'
    : `embedded and local, not run: no local stack (MASTERY_TEST_${missing[0]} unset)`
const run = `r${process.pid}-${Math.trunc(performance.timeOrigin % 1e6)}`

describe.skipIf(missing.length > 0)(title, { timeout: 300_000 }, () => {
  const folder = join(tmpdir(), `agree-${process.pid}`)
  const tenantsFile = join(folder, 'tenants.json')
  const tenants = { csv: `${run}-csv`, ednet: `${run}-ednet`, gervet: `${run}-gervet` }
  const embedded = { data: join(folder, 'embedded'), env: { MASTERY_TENANTS_FILE: tenantsFile } }
  let services: Services

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    writeTenants(tenantsFile, Object.values(tenants))
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
    const left = await services?.stop()
    rmSync(folder, { recursive: true, force: true })
    for (const [name, end] of left ?? []) expect([name, end.code]).toEqual([name, 0])
  }, 180_000)

  /** Imports a file on both profiles; the summaries must agree, and all rows of gold. */
  async function agree(format: string, file: string, tenant: string): Promise<ImportSummary> {
    const more = ['--tenant', tenant]
    const [one, other] = [
      await importFile(format, file, embedded, more),
      await importFile(format, file, services.place, more),
    ]
    const { seconds: _a, models: ours, ...counts } = one
    const { seconds: _b, models: theirs, ...otherCounts } = other
    expect(otherCounts).toEqual(counts)
    for (const [id, m] of Object.entries(ours)) {
      expect(theirs[id]!.n).toBe(m.n)
      expect(theirs[id]!.log_loss).toBeCloseTo(m.log_loss, 12)
    }
    // The collector here tells the time of day, by which what is imported is too old to be watched for drift.
    expect(await differences(tenant, embedded, services.place, undefined, ['feature_drift'])).toEqual([])
    return one
  }

  it('give equal rows for a generated CSV, rejects and duplicates included', async () => {
    const csv = answersCsv({ seed: 99, rows: 3000, students: 50, topics: 9 })
    const file = join(folder, 'answers.csv')
    writeFileSync(file, csv.text)
    const summary = await agree('csv', file, tenants.csv)
    expect(summary).toMatchObject({ events: csv.answers.length, rejects: csv.bad })
    const rows = Object.fromEntries((await goldOf(tenants.csv, services.place)).map((f) => [f.name, f.n]))
    expect(rows).toMatchObject({ learning_events: csv.answers.length, rejects: csv.bad })
    expect(summary.duplicates).toBe(csv.answers.filter((a) => a.repeat).length)
  })

  const ednet = join(SHARED, 'data/ednet_kt4_sample')
  it.skipIf(!existsSync(ednet))(
    `give equal rows for the EdNet sample${existsSync(ednet) ? '' : ' (not run: data absent)'}`,
    async () => {
      const summary = await agree('ednet-kt4', ednet, tenants.ednet)
      expect(summary.events).toBeGreaterThan(100)
    },
  )

  const gervet = join(SHARED, 'data/assist2009_gervet/preprocessed_data_test.csv')
  it.skipIf(!existsSync(gervet))(
    `give equal rows for ASSISTments 2009${existsSync(gervet) ? '' : ' (not run: data absent)'}`,
    async () => {
      const { read, models } = await agree('assistments-gervet', gervet, tenants.gervet)
      expect(read).toBe(58_266)
      expect(models['bkt']!.log_loss.toFixed(6)).toBe('0.672164')
      expect(models['bkt']!.sum_p.toFixed(4)).toBe('37527.3105')
      expect(models['elo']!.log_loss.toFixed(6)).toBe('0.583100')
      expect(models['elo']!.sum_p.toFixed(4)).toBe('36903.9695')
    },
  )
})
