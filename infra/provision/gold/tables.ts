import { ALERT_TABLES } from './alert-tables.ts'
import { ANSWER_TABLES } from './answer-tables.ts'
import { BEHAVIOUR_TABLES } from './behaviour-tables.ts'
import { DELIVERY_TABLES } from './delivery-tables.ts'
import { DRIFT_TABLES } from './drift-tables.ts'
import { ITEM_TABLES } from './item-tables.ts'
import { LOG_TABLES } from './log-tables.ts'
import { OPERATION_TABLES } from './operation-tables.ts'
import { OPS_TABLES } from './ops-tables.ts'
import { PROGRESS_TABLES } from './progress-tables.ts'
import { ROSTER_TABLES } from './roster-tables.ts'
import type { GoldTable } from './table.ts'

export { WINDOW_COLUMNS, WINDOW_DAYS } from './answer-tables.ts'
export type { Column, GoldTable } from './table.ts'

export const TABLES: readonly GoldTable[] = [
  ...LOG_TABLES,
  ...ANSWER_TABLES,
  ...PROGRESS_TABLES,
  ...ITEM_TABLES,
  ...BEHAVIOUR_TABLES,
  ...ALERT_TABLES,
  ...DELIVERY_TABLES,
  ...ROSTER_TABLES,
  ...DRIFT_TABLES,
  ...OPERATION_TABLES,
  ...OPS_TABLES,
]

export function goldTable(name: string): GoldTable {
  const t = TABLES.find((x) => x.name === name)
  if (!t) throw new Error(`Gold has no table ${name}.`)
  return t
}
