import { NEXT_CORRECT, TOPIC_MASTERY } from './answers.ts'
import { ATTENTION } from './attention-table.ts'
import { ITEM_EXPORTS } from './items.ts'
import { STUDENT_STATE } from './student-state.ts'
import type { ExportTable } from './table.ts'

/** Tables that are a query. */
export const EXPORT_TABLES: readonly ExportTable[] = [STUDENT_STATE, NEXT_CORRECT, TOPIC_MASTERY, ...ITEM_EXPORTS]

export const BEHAVIOUR = 'behavior_slices'

/** Everything that can be exported, in the order in which it is. */
export const EXPORT_NAMES: readonly string[] = [...EXPORT_TABLES.map((t) => t.name), ATTENTION.name, BEHAVIOUR]

export const fileOf = (name: string) => (name === BEHAVIOUR ? `${name}.md` : `${name}.parquet`)
