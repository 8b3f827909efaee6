import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { goldTable } from '@mastery/infra/provision/gold/tables.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ofTopic } from '../src/estimates.ts'
import { historyPage } from '../src/history.ts'

const T0 = Date.UTC(2026, 8, 1)
const MODELS = ['rule', 'bkt', 'elo', 'blend']
const STUDENT = 'a'.repeat(32)

function row(i: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    tenant: 'school',
    student_id: STUDENT,
    topic_id: 'ratios/percent',
    event_id: `e${i}`,
    // Two causes share each instant, so that only the origin tells them apart.
    as_of: T0 + Math.floor(i / 2) * 60_000,
    revision: false,
    opportunities: i + 1,
    score_sources: MODELS,
    model_versions: MODELS.map((m) => `${m}-1`),
    mastery_scores: MODELS.map((_, m) => (i + m) / 100),
    uncertainty: 0.1,
    standing: 'developing',
    explanation: "it's because",
    stale: false,
    cause: 'counted',
    reason: null,
    last_updated: T0,
    src_partition: 1,
    src_offset: i,
    ordinal: 0,
    generation: 0,
    version: i,
    ...more,
  }
}

describe('history and estimates from the ClickHouse engine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mastery-history-'))
  let gold: ClickHouseGold
  beforeAll(async () => {
    gold = new ClickHouseGold({ path: folder })
    await gold.migrate()
    const insert = async (table: string, rows: Record<string, unknown>[]) => {
      const columns = goldTable(table).columns.map((c) => c[0])
      await gold.insert([{ table, rows: rows.map((r) => columns.map((c) => r[c])) }])
    }
    const rows = Array.from({ length: 25 }, (_, i) => row(i))
    await insert('student_mastery_history_rows', [...rows, row(0, { generation: 1 }), row(3, { tenant: 'other' })])
    await insert('student_mastery_history_rows', rows)
    await insert('student_mastery_rows', [row(24), row(2, { student_id: 'b'.repeat(32) }), row(1, { tenant: 'other' })])
  }, 60_000)
  afterAll(async () => {
    await gold.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const of = { tenant: 'school', student: STUDENT, topic: 'ratios/percent', generation: 0 }
  type Row = { mastery_score: number; score_source: string; as_of: string; explanation: string }

  it('gives every row once however the pages are cut', async () => {
    for (const limit of [7, 100, 1000]) {
      const seen: Row[] = []
      let cursor: string | null = null
      do {
        const query = new URLSearchParams({ limit: String(limit), ...(cursor === null ? {} : { cursor }) })
        const page = await historyPage(gold, of, query)
        seen.push(...(page.rows as Row[]))
        cursor = page.next_cursor
      } while (cursor !== null)
      expect(seen).toHaveLength(100)
      expect(new Set(seen.map((r) => JSON.stringify(r))).size).toBe(100)
      expect(seen.map((r) => r.as_of)).toEqual(seen.map((r) => r.as_of).sort())
    }
  })

  it('keeps to the span and the model asked for', async () => {
    const query = new URLSearchParams({
      source: 'bkt',
      from: new Date(T0 + 60_000).toISOString(),
      to: String(T0 + 180_000),
    })
    const rows = (await historyPage(gold, of, query)).rows as Row[]
    expect(rows.map((r) => r.mastery_score)).toEqual([3, 4, 5, 6, 7, 8].map((i) => i / 100))
    expect(rows[0]).toMatchObject({
      score_source: 'bkt',
      as_of: '2026-09-01T00:01:00.000Z',
      explanation: "it's because",
    })
  })

  it('lists the students of a topic within the tenant', async () => {
    const page = await ofTopic(gold, { tenant: 'school', topic: 'ratios/percent', model: 'elo', limit: 10 })
    expect(page.more).toBe(false)
    expect(page.estimates.map((e) => [e.student_id[0], e.model, e.version, e.mastery, e.opportunities])).toEqual([
      ['a', 'elo', 'elo-1', 0.26, 25],
      ['b', 'elo', 'elo-1', 0.04, 3],
    ])
    const first = await ofTopic(gold, { tenant: 'school', topic: 'ratios/percent', model: null, limit: 3 })
    expect([first.estimates.length, first.more]).toEqual([3, true])
  })
})
