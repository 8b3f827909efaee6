import { columnDdl, createDistributed, createTable, onCluster, quote, STORED_AT, stored } from '../ddl.ts'
import type { Column, GoldTable } from '../table.ts'
import type { MigrationDb } from './migration.ts'

interface Shape {
  columns: string[]
  sortingKey: string
}

/** Columns and sorting key of a table as it stands; null where there is none. */
export async function shapeOf(db: MigrationDb, table: string): Promise<Shape | null> {
  const name = quote(stored(table, db.cluster))
  const [found] = await db.query<{ sorting_key: string }>(
    `SELECT sorting_key FROM system.tables WHERE database = currentDatabase() AND name = ${name}`,
  )
  if (!found) return null
  const columns = await db.query<{ name: string }>(
    `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = ${name} ORDER BY position`,
  )
  return { columns: columns.map((c) => c.name), sortingKey: found.sorting_key.replace(/^\((.*)\)$/, '$1') }
}

/** Creates the table, or adds the columns and indexes that it lacks. */
export async function converge(db: MigrationDb, t: GoldTable): Promise<void> {
  const shape = await shapeOf(db, t.name)
  if (shape === null) {
    for (const sql of createTable(t, db.cluster)) await db.command(sql)
    return
  }
  const have = new Set(shape.columns)
  const alter = `ALTER TABLE ${stored(t.name, db.cluster)}${onCluster(db.cluster)}`
  for (let i = 0; i < t.columns.length; i++) {
    const column = t.columns[i]!
    if (have.has(column[0])) continue
    const add = `ADD COLUMN IF NOT EXISTS ${columnDdl(column)}${placeAfter(t.columns[i - 1])}`
    await db.command(`${alter} ${add}`)
    if (db.cluster !== null) await db.command(`ALTER TABLE ${t.name}${onCluster(db.cluster)} ${add}`)
  }
  if (t.stored && !have.has('stored_at')) await db.command(`${alter} ADD COLUMN IF NOT EXISTS ${STORED_AT}`)
  for (const index of t.indexes ?? []) await db.command(`${alter} ADD ${index.replace('INDEX', 'INDEX IF NOT EXISTS')}`)
}

function placeAfter(column: Column | undefined): string {
  return column === undefined ? ' FIRST' : ` AFTER ${column[0]}`
}

/**
 * Moves a table to another sorting key: its rows go into a new table, and both change names in one step. `from` is what
 * the rows are read from, `given` the expressions of columns that it lacks. Cut off anywhere, it begins again: before
 * the names change the old table is whole, after that it is no longer read.
 */
export async function rebuild(
  db: MigrationDb,
  t: GoldTable,
  from: string,
  given: Readonly<Record<string, string>>,
): Promise<void> {
  const next = `${t.name}_next`
  const on = onCluster(db.cluster)
  const shape = await shapeOf(db, t.name)
  const drop = async (name: string) => {
    await db.command(`DROP TABLE IF EXISTS ${name}${on} SYNC`)
    if (db.cluster !== null) await db.command(`DROP TABLE IF EXISTS ${stored(name, db.cluster)}${on} SYNC`)
  }
  if (shape === null || shape.sortingKey === t.order.join(', ')) return drop(next)
  await drop(next)
  for (const sql of createTable(t, db.cluster, next)) await db.command(sql)
  const names = t.columns.map((c) => c[0])
  const values = names.map((n) => (given[n] === undefined ? n : `${given[n]} AS ${n}`))
  await db.command(`INSERT INTO ${next} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${from}`, {
    ...(db.cluster === null ? {} : { distributed_foreground_insert: 1 }),
  })
  await db.command(`EXCHANGE TABLES ${stored(next, db.cluster)} AND ${stored(t.name, db.cluster)}${on}`)
  if (db.cluster !== null) {
    await db.command(`DROP TABLE IF EXISTS ${t.name}${on} SYNC`)
    await db.command(createDistributed(t, db.cluster))
  }
  await drop(next)
}
