import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MigrationError } from '../../provision/gold/migrations/migration.ts'
import { TABLES } from '../../provision/gold/tables.ts'
import { FIRST_DDL, FIRST_VIEW } from '../../provision/gold/testing/first-tables.ts'
import { ClickHouseGold } from './gold.ts'
import { readHistory } from './history.ts'

const AT = '2026-01-05 08:00:00.000'
const version = (offset: number, ordinal: number) => offset * 16 + ordinal

describe('migrations of gold', () => {
  let folder: string
  let gold: ClickHouseGold
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gold-migrations-'))
    gold = new ClickHouseGold({ path: folder })
  })
  afterEach(async () => {
    await gold.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const columns = () =>
    gold.query<{ table: string }>(
      `SELECT table, name, type, position, default_expression FROM system.columns WHERE database = currentDatabase() ORDER BY table, position`,
    )
  const tables = () =>
    gold.query<{ name: string }>(
      `SELECT name, engine, partition_key, replaceRegexpAll(sorting_key, '^\\\\(|\\\\)$', '') AS sorting_key FROM system.tables WHERE database = currentDatabase() ORDER BY name`,
    )
  const ledger = () => gold.query('SELECT id, name, detail FROM schema_migrations FINAL WHERE id > 0 ORDER BY id')

  async function firstBuild(): Promise<void> {
    for (const sql of [...FIRST_DDL, FIRST_VIEW]) await gold.command(sql)
    await gold.command(
      `INSERT INTO learning_events (tenant, student_id, event_id, kind, role, occurred_at, observed_at, src_partition, src_offset)
       VALUES ('school', 'ann', 'e1', 'quiz_attempt', 'evidence', '${AT}', '2026-01-05 08:00:01.500', 2, 7)`,
    )
    await gold.command(
      `INSERT INTO event_dispositions (tenant, student_id, event_id, disposition, occurred_at, src_partition, src_offset)
       VALUES ('school', 'ann', 'e1', 'counted', '${AT}', 2, 7)`,
    )
    // Two versions, so that the move takes over what FINAL shows.
    for (const [offset, n] of [
      [5, 1],
      [7, 2],
    ] as const) {
      await gold.command(
        `INSERT INTO student_topic_features (tenant, student_id, topic_id, as_of, attempts_total, attempts_7d, generation, version)
         VALUES ('school', 'ann', 'algebra', '${AT}', ${n}, ${n}, 0, ${version(offset, 1)})`,
      )
      await gold.command(
        `INSERT INTO student_mastery_rows (tenant, student_id, topic_id, as_of, score_sources, mastery_scores, model_versions, explanation, src_partition, src_offset, version)
         VALUES ('school', 'ann', 'algebra', '${AT}', ['blend'], [0.${n}], ['m1'], 'why', 2, ${offset}, ${version(offset, 0)})`,
      )
    }
    await gold.command(
      `INSERT INTO markers (marker_id, action, subject, name, version, issued_at, src_partition, src_offset)
       VALUES ('m', 'activate', 'model', 'bkt', '1', '${AT}', 2, 3)`,
    )
  }

  it('bring a database of the first build to the schema of a new one, with its rows', async () => {
    await gold.migrate()
    const fresh = [await columns(), await tables()]
    expect(await ledger()).toEqual([
      { id: 1, name: 'first-tables', detail: 'baseline' },
      { id: 2, name: 'generations', detail: 'baseline' },
    ])
    for (const { name } of await gold.query<{ name: string }>(
      'SELECT name FROM system.tables WHERE database = currentDatabase()',
    ))
      await gold.command(`DROP TABLE ${name} SYNC`)

    await firstBuild()
    await gold.migrate()
    expect([await columns(), await tables()]).toEqual(fresh)
    expect((await ledger()).map((r) => (r as { detail: string }).detail)).toEqual(['applied', 'applied'])
    expect(
      await gold.query(
        'SELECT topic_id, attempts_total, attempts_7d, src_partition, src_offset, ordinal FROM v_student_topic_features',
      ),
    ).toEqual([{ topic_id: 'algebra', attempts_total: 2, attempts_7d: 2, src_partition: 2, src_offset: 7, ordinal: 1 }])
    expect(await gold.query('SELECT mastery_score, cause, src_offset FROM v_student_mastery')).toEqual([
      { mastery_score: 0.2, cause: '', src_offset: 7 },
    ])
    const history = await readHistory(gold, { partition: 2, from: 0, to: 100, max: 10 })
    expect(history.map((r) => [r.subject, r.offset, r.timestamp])).toEqual([
      ['marker', 3, Date.UTC(2026, 0, 5, 8)],
      ['learning-event', 7, Date.UTC(2026, 0, 5, 8, 0, 1, 500)],
    ])
    expect(await gold.query('SELECT disposition FROM v_learning_events')).toEqual([{ disposition: 'counted' }])
  })

  it('go on where they were cut off', async () => {
    for (const cut of [5, 6, 14]) {
      for (const { name } of await gold.query<{ name: string }>(
        'SELECT name FROM system.tables WHERE database = currentDatabase()',
      ))
        await gold.command(`DROP TABLE ${name} SYNC`)
      await firstBuild()
      const command = gold.command.bind(gold)
      let left = cut
      gold.command = async (...given) => {
        if (left-- === 0) throw new Error('killed')
        await command(...given)
      }
      await expect(gold.migrate()).rejects.toThrow('killed')
      gold.command = command
      await gold.migrate()
      expect(await gold.query('SELECT attempts_total, src_offset FROM v_student_topic_features')).toEqual([
        { attempts_total: 2, src_offset: 7 },
      ])
      expect(await gold.query('SELECT mastery_score FROM v_student_mastery')).toEqual([{ mastery_score: 0.2 }])
      expect((await tables()).filter((t) => t.name.endsWith('_next'))).toEqual([])
    }
  })

  it('refuse what a newer build made, what is not ours, and what was changed by hand', async () => {
    await gold.command('CREATE TABLE rejects (reject_id String, mine Int32) ENGINE = MergeTree ORDER BY reject_id')
    await expect(gold.migrate()).rejects.toThrow(/rejects in gold is not one that an older build made/)
    await gold.command('DROP TABLE rejects SYNC')
    await gold.migrate()
    await gold.command('ALTER TABLE markers ADD COLUMN mine Int32')
    await gold.command('DROP VIEW v_markers')
    await expect(gold.migrate()).rejects.toThrow(/markers lacks nothing, has besides mine/)
    await gold.command('ALTER TABLE markers DROP COLUMN mine')
    await gold.migrate()
    expect(await gold.query('SELECT count() AS n FROM v_markers')).toEqual([{ n: 0 }])
    await gold.command(
      `INSERT INTO schema_migrations (id, name, detail, applied_at) VALUES (99, 'later', 'applied', now64(3))`,
    )
    await expect(gold.migrate()).rejects.toThrow(MigrationError)
    await expect(gold.migrate()).rejects.toThrow(/schema 99 by a newer build/)
  })

  it('do nothing where nothing is to do', async () => {
    await gold.migrate()
    const command = gold.command.bind(gold)
    gold.command = async () => {
      throw new Error('a statement was run')
    }
    await gold.migrate()
    gold.command = command
    expect((await tables()).length).toBeGreaterThan(TABLES.length)
  })
})
