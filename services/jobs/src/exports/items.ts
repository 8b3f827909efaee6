import { quote } from '@mastery/infra/provision/gold/ddl.ts'
import { ITEM_TABLES } from '@mastery/infra/provision/gold/item-tables.ts'
import type { Column } from '@mastery/infra/provision/gold/table.ts'
import type { ExportTable } from './table.ts'

const IN_FORCE: Column = [
  'in_force',
  'Bool',
  'The version is what is scored with, as of the newest run of item-health.',
]

function ofItems(name: string, where: (tenant: string) => string, more: readonly Column[] = []): ExportTable {
  const table = ITEM_TABLES.find((t) => t.name === name)!
  return {
    name,
    about: table.about,
    columns: () => [...table.columns, ...more],
    sql: ({ tenant }) => `SELECT * FROM v_${name} WHERE ${where(quote(tenant))}`,
  }
}

/** What the newest run of item-health found. */
export const ITEM_EXPORTS: readonly ExportTable[] = [
  // Versions are fitted over all organisations of an installation.
  ofItems('item_params', () => '1', [IN_FORCE]),
  ofItems('item_drift', (tenant) => `tenant = ${tenant}`),
  ofItems('item_health', (tenant) => `tenant = ${tenant}`),
]
