import { onCluster, stored } from '../ddl.ts'
import { goldTable } from '../tables.ts'
import type { Migration, MigrationDb } from './migration.ts'
import { converge, rebuild, shapeOf } from './reshape.ts'

/** Before, version alone told of a row's origin: generation * 2^48 + offset * 2^4 + ordinal. */
const OFFSET = 'intDiv(bitAnd(version, 281474976710655), 16)'
const ORDINAL = 'toUInt16(bitAnd(version, 15))'

/** Where a new column of existing rows has a value that can be told from their others. */
async function fill(db: MigrationDb, table: string, column: string, value: string): Promise<void> {
  const [row] = await db.query<{ n: number }>(`SELECT count() AS n FROM ${table} WHERE ${column} = 0`)
  if (Number(row!.n) === 0) return
  await db.command(
    `ALTER TABLE ${stored(table, db.cluster)}${onCluster(db.cluster)} UPDATE ${column} = ${value} WHERE ${column} = 0`,
    { mutations_sync: 2 },
  )
}

/**
 * Current rows get the generation into their key, so that a generation that is being built stands beside the active
 * one; the log's own time, commands and ticks are kept, so that gold can give learning.events back. Commands and ticks
 * from before are only in the log.
 */
export const generations: Migration = {
  id: 2,
  name: 'generations',
  async up(db) {
    const features = goldTable('student_topic_features')
    const before = await shapeOf(db, features.name)
    if (before !== null && !before.columns.includes('src_offset')) {
      // A student's records stand in one partition; what was made of them says in which.
      const from = `(SELECT * FROM ${features.name} FINAL) AS f LEFT JOIN
        (SELECT tenant, student_id, max(src_partition) AS place FROM event_dispositions GROUP BY tenant, student_id) AS d
        USING (tenant, student_id)`
      await rebuild(db, features, from, { src_partition: 'place', src_offset: OFFSET, ordinal: ORDINAL })
    } else await rebuild(db, features, `${features.name} FINAL`, {})
    await rebuild(db, goldTable('student_mastery_rows'), 'student_mastery_rows FINAL', await lacking(db))
    for (const t of ['learning_events', 'markers']) await converge(db, goldTable(t))
    await fill(db, 'learning_events', 'logged_ms', 'toUnixTimestamp64Milli(observed_at)')
    await fill(db, 'markers', 'logged_ms', 'toUnixTimestamp64Milli(issued_at)')
  },
}

async function lacking(db: MigrationDb): Promise<Record<string, string>> {
  const shape = await shapeOf(db, 'student_mastery_rows')
  return shape === null || shape.columns.includes('cause') ? {} : { cause: "''", reason: 'NULL' }
}
