import { createHash } from 'node:crypto'
import { createTable, createView, quote } from './ddl.ts'
import { alone } from './migration-lock.ts'
import { firstTables } from './migrations/0001-first-tables.ts'
import { generations } from './migrations/0002-generations.ts'
import { type Migration, type MigrationDb, MigrationError } from './migrations/migration.ts'
import { converge, shapeOf } from './migrations/reshape.ts'
import { goldTable, TABLES } from './tables.ts'
import { VIEWS } from './views.ts'

export const MIGRATIONS: readonly Migration[] = [firstTables, generations]

const LEDGER = goldTable('schema_migrations')
/** Row of the ledger that says which tables and views were found right. */
const SCHEMA = 0

/** Changes with every table and view of this build. */
export function schemaId(cluster: string | null): string {
  const ddl = [...TABLES.flatMap((t) => createTable(t, cluster)), ...VIEWS.map((v) => createView(v, cluster))]
  return createHash('sha256').update(ddl.join('\n')).digest('hex').slice(0, 16)
}

interface Found {
  tables: Set<string>
  /** Null: no ledger. */
  applied: Map<number, string> | null
}

async function look(db: MigrationDb): Promise<Found> {
  const tables = new Set(
    (await db.query<{ name: string }>('SELECT name FROM system.tables WHERE database = currentDatabase()')).map(
      (t) => t.name,
    ),
  )
  if (!tables.has(LEDGER.name)) return { tables, applied: null }
  const rows = await db.query<{ id: number; detail: string }>(`SELECT id, detail FROM ${LEDGER.name} FINAL`)
  return { tables, applied: new Map(rows.map((r) => [r.id, r.detail])) }
}

function isUpToDate(db: MigrationDb, { tables, applied }: Found): boolean {
  const newest = Math.max(0, ...(applied?.keys() ?? []))
  const known = MIGRATIONS.at(-1)!.id
  if (newest > known)
    throw new MigrationError(
      `Gold was brought to schema ${newest} by a newer build; this one knows ${known}. Run the newer build, or give this one a database of its own.`,
    )
  return (
    applied !== null &&
    MIGRATIONS.every((m) => applied.has(m.id)) &&
    applied.get(SCHEMA) === schemaId(db.cluster) &&
    [...TABLES, ...VIEWS].every((t) => tables.has(t.name))
  )
}

/**
 * Brings gold to this build's schema: a new database is made with it, an older one goes through the migrations that its
 * ledger lacks, a newer one is refused. Does nothing where nothing is to do. Several processes may call it at once.
 * @throws MigrationError
 */
export async function migrateGold(db: MigrationDb): Promise<void> {
  if (isUpToDate(db, await look(db))) return
  await alone(db, async () => {
    // Another process may have done it meanwhile.
    const found = await look(db)
    if (isUpToDate(db, found)) return
    const isNew = ![...TABLES].some((t) => found.tables.has(t.name))
    for (const sql of createTable(LEDGER, db.cluster)) await db.command(sql)
    if (isNew) for (const t of TABLES) await converge(db, t)
    for (const m of MIGRATIONS) {
      if (found.applied?.has(m.id)) continue
      if (!isNew) await m.up(db)
      await note(db, m.id, m.name, isNew ? 'baseline' : 'applied')
    }
    // New tables and columns need no migration of their own: rows from before have the column's default.
    if (!isNew) for (const t of TABLES) await converge(db, t)
    await verify(db)
    for (const v of VIEWS) await db.command(createView(v, db.cluster))
    await note(db, SCHEMA, 'schema', schemaId(db.cluster))
  })
}

async function note(db: MigrationDb, id: number, name: string, detail: string): Promise<void> {
  await db.command(
    `INSERT INTO ${LEDGER.name} (id, name, detail, applied_at) SELECT ${id}, ${quote(name)}, ${quote(detail)}, now64(3)`,
    { async_insert: 0 },
  )
}

/** Rows are written by the order of columns: a table of another shape must stop the service, not take them. */
async function verify(db: MigrationDb): Promise<void> {
  const wrong: string[] = []
  for (const t of TABLES) {
    const shape = await shapeOf(db, t.name)
    const columns = t.columns.map((c) => c[0])
    const have = shape?.columns.filter((c) => c !== 'stored_at') ?? []
    if (have.join() !== columns.join()) {
      const lacks = columns.filter((c) => !have.includes(c))
      const extra = have.filter((c) => !columns.includes(c))
      wrong.push(`${t.name} lacks ${lacks.join(', ') || 'nothing'}, has besides ${extra.join(', ') || 'nothing'}`)
    } else if (shape!.sortingKey !== t.order.join(', ')) wrong.push(`${t.name} is sorted by ${shape!.sortingKey}`)
  }
  if (wrong.length > 0)
    throw new MigrationError(
      `Gold does not have this build's tables: ${wrong.join('; ')}. A migration is missing for them, or the database is not ours.`,
    )
}
