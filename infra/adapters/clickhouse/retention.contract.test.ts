import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { foldHistory } from '@mastery/topology/history/fold.ts'
import { keptOf } from '@mastery/topology/history/keep.ts'
import { writeKept } from '@mastery/topology/history/kept.ts'
import { SCORE_META } from '@mastery/topology/stages/scoring/meta.ts'
import { answer } from '@mastery/topology/testing/learner-log.ts'
import { RING } from '@mastery/topology/testing/topology-driver.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadRetention } from '../../config/retention.ts'
import { readCheckpoints, storeCheckpoints } from '../../provision/gold/checkpoints.ts'
import { type Aged, applyTtl, type Coverage, expiring, runRetention } from '../../provision/gold/retention.ts'
import { TABLES } from '../../provision/gold/tables.ts'
import { ClickHouseGold } from './gold.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 20)
const limits = (given: Record<string, number>) =>
  new Map(TABLES.filter((t) => t.age !== null).map((t) => [t.name, given[t.name] ?? null]))

describe('retention of gold', () => {
  let folder: string
  let gold: ClickHouseGold
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gold-retention-'))
    gold = new ClickHouseGold({ path: folder })
    await gold.migrate()
  })
  afterEach(async () => {
    await gold.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function event(
    student: string,
    partition: number,
    offset: number,
    daysAgo: number,
    cameAgo = daysAgo,
  ): Promise<void> {
    const at = new Date(NOW - daysAgo * DAY).toISOString().slice(0, 23).replace('T', ' ')
    await gold.command(
      `INSERT INTO learning_events (tenant, student_id, event_id, occurred_at, stored_at, src_partition, src_offset) SETTINGS insert_allow_materialized_columns = 1
       VALUES ('school', '${student.replace("'", "\\'")}', 'e${offset}', '${at}', toDateTime(${(NOW - cameAgo * DAY) / 1000}, 'UTC'), ${partition}, ${offset})`,
    )
  }
  const events = async () =>
    (
      await gold.query<{ e: string }>(
        "SELECT concat(toString(src_partition), '/', toString(src_offset)) AS e FROM learning_events FINAL ORDER BY e",
      )
    ).map((r) => r.e)
  const run = (given: Record<string, number>, coverage: Coverage = new Map(), asked: Aged[] = []) =>
    runRetention(gold, limits(given), {
      runId: 'run',
      now: NOW,
      cover: async (aged) => {
        asked.push(aged)
        return coverage
      },
    })
  const covered = (before: number, ...without: string[]) => ({ before, without, covered: 1, why: '' })

  it('lets events go only where checkpoints stand for them', async () => {
    for (const [offset, ago] of [
      [0, 400],
      [1, 380],
      [2, 10],
    ] as const)
      await event('ann', 0, offset, ago)
    await event("o'neil", 0, 3, 500)
    await event('bob', 1, 3, 500)
    await event('bob', 1, 5, 500)
    await event('cy', 2, 0, 500)
    // Imported: it happened long ago, and came last week.
    await event('dee', 2, 1, 500, 7)

    const dry = await expiring(gold, limits({ learning_events: 365 }), NOW)
    expect(dry).toMatchObject([
      { table: 'learning_events', rows: 6, waiting: 0, before: NOW - 365 * DAY, students: { total: 4, covered: 0 } },
    ])
    expect(dry[0]!.partitions).toEqual(['202507', '202510', '202511'])
    expect(dry[0]!.bytes).toBeGreaterThan(0)
    expect(await events()).toHaveLength(8)

    const asked: Aged[] = []
    expect(await run({ learning_events: 365 }, new Map(), asked)).toMatchObject([{ rows: 0, waiting: 6 }])
    expect([...asked[0]!]).toEqual([
      [
        0,
        [
          { tenant: 'school', student: 'ann', newest: 1 },
          { tenant: 'school', student: "o'neil", newest: 3 },
        ],
      ],
      [1, [{ tenant: 'school', student: 'bob', newest: 5 }]],
      [2, [{ tenant: 'school', student: 'cy', newest: 0 }]],
    ])
    expect(await events()).toHaveLength(8)

    const some = new Map([
      [0, covered(9, "o'neil")],
      [1, covered(5)],
      [2, covered(0)],
    ])
    expect(await run({ learning_events: 365 }, some)).toMatchObject([{ rows: 3, waiting: 3, students: { covered: 3 } }])
    expect(await events()).toEqual(['0/2', '0/3', '1/5', '2/0', '2/1'])
    expect(await gold.query('SELECT run_id, table_name, days, rows FROM retention_runs FINAL')).toEqual([
      { run_id: 'run', table_name: 'learning_events', days: 365, rows: 3 },
    ])
  })

  it("gives a checkpoint back to the bit: the generation's own, else the newest, none of an earlier build", async () => {
    const options = { ring: RING, days: [7, 30, 90], scoring: SCORE_META.empty('') }
    const kept = (count: number) => {
      const records = Array.from({ length: count }, (_, offset) => ({
        subject: 'learning-event' as const,
        offset,
        value: answer(`e${offset}`, { student: 'ann', occurred_at: NOW + offset * DAY, opportunity_key: `k${offset}` }),
      }))
      return keptOf(foldHistory('ann', records, options), options, count)
    }
    const store = (generation: number, count: number, student = 'ann') =>
      storeCheckpoints(gold, { partition: 1, generation, now: NOW }, [{ tenant: 'school', student, kept: kept(count) }])
    for (const [generation, count] of [
      [0, 5],
      [0, 7],
      [0, 6],
      [2, 9],
    ] as const)
      await store(generation, count)
    const own = (await readCheckpoints(gold, ['ann', 'nobody'], 0)).get('ann')!
    expect([own.tenant, own.generation, own.writtenAt, own.kept?.asOf]).toEqual(['school', 0, NOW, 7])
    expect(writeKept(own.kept!).equals(writeKept(kept(7)))).toBe(true)
    expect((await readCheckpoints(gold, ['ann'], 7)).get('ann')!.kept?.asOf).toBe(9)
    await gold.command(
      "INSERT INTO student_checkpoints (tenant, student_id, stage, as_of_offset, payload) VALUES ('school', 'old', 'features', 99, 'AAAA'), ('school', 'spoilt', 'history', 9, 'CQkJ')",
    )
    const others = await readCheckpoints(gold, ['old', 'spoilt'], 0)
    expect([...others.values()].map((c) => [c.student, c.kept, c.why]).sort()).toEqual([
      ['old', null, expect.stringContaining('an earlier build')],
      ['spoilt', null, expect.stringContaining('has format 9')],
    ])
  })

  it('removes other rows by age and leaves the rest to the TTL, which it sets once', async () => {
    const at = (days: number) => new Date(NOW - days * DAY).toISOString().slice(0, 23).replace('T', ' ')
    for (const [id, days] of [
      ['a', 100],
      ['b', 40],
    ] as const)
      await gold.command(
        `INSERT INTO access_log (at, tenant, who, action, access_id) VALUES ('${at(days)}', 'school', 'x', 'read', '${id}')`,
      )
    expect(await run({ access_log: 90 })).toMatchObject([{ table: 'access_log', rows: 1 }])
    expect(await gold.query('SELECT access_id FROM access_log')).toEqual([{ access_id: 'b' }])
    const ttl = async (table: string) =>
      /TTL (.*?) SETTINGS/.exec(
        (await gold.query<{ e: string }>(`SELECT engine_full AS e FROM system.tables WHERE name = '${table}'`))[0]!.e,
      )?.[1]
    expect(await ttl('access_log')).toBe('at + toIntervalDay(90)')
    expect(await applyTtl(gold, limits({ access_log: 90 }))).toEqual([])
    expect(await applyTtl(gold, limits({ access_log: 30, rejects: 9, learning_events: 5 }))).toEqual([
      'rejects',
      'access_log',
    ])
    expect([await ttl('access_log'), await ttl('rejects'), await ttl('learning_events')]).toEqual([
      'at + toIntervalDay(30)',
      'stored_at + toIntervalDay(9)',
      undefined,
    ])
    expect(await applyTtl(gold, limits({}))).toEqual(['rejects', 'access_log'])
    expect(await ttl('access_log')).toBeUndefined()
    await gold.migrate()
  })

  it('names every table whose rows age in its configuration', () => {
    const shipped = loadRetention()
    expect([...shipped.keys()].sort()).toEqual(
      TABLES.filter((t) => t.age !== null)
        .map((t) => t.name)
        .sort(),
    )
    const file = join(folder, 'retention.json')
    writeFileSync(file, JSON.stringify({ days: { rejects: 30, markers: 3 } }))
    expect(() => loadRetention(file)).toThrow(/days.markers: gold has no table .*days.learning_events is missing/s)
    writeFileSync(file, JSON.stringify({ days: { rejects: 0 } }))
    expect(() => loadRetention(file)).toThrow(/days.rejects/)
  })
})
