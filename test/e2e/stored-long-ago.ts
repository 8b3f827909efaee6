import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { goldTable } from '@mastery/infra/provision/gold/tables.ts'

/** Makes the rows of a table look as if they had been stored in 1970: what came lately does not expire. */
export async function storedLongAgo(gold: ClickHouseGold, table: string): Promise<void> {
  const columns = goldTable(table)
    .columns.map(([name]) => name)
    .join(', ')
  await gold.command(
    `INSERT INTO ${table} (${columns}, stored_at) SELECT ${columns}, toDateTime(0, 'UTC') FROM ${table} FINAL`,
    { insert_allow_materialized_columns: 1 },
  )
  await gold.command(`OPTIMIZE TABLE ${table} FINAL`)
}
