import { goldTable } from '../tables.ts'
import { type Migration, MigrationError } from './migration.ts'
import { shapeOf } from './reshape.ts'

/** Tables of the builds that kept no ledger, each with columns that all of those builds gave it. */
const FIRST: Readonly<Record<string, readonly string[]>> = {
  learning_events: ['event_id', 'occurred_at', 'supersedes', 'src_offset', 'generation'],
  event_dispositions: ['event_id', 'disposition', 'src_offset', 'generation'],
  student_topic_features: ['topic_id', 'attempts_7d', 'feedback_micro_90d', 'generation', 'version'],
  student_mastery_rows: ['mastery_scores', 'explanation', 'src_offset', 'version'],
  student_mastery_history_rows: ['mastery_scores', 'explanation', 'src_offset', 'version'],
  next_correct_prediction_rows: ['probabilities', 'src_offset', 'generation'],
  rejects: ['reject_id', 'origin_topic', 'log_offset'],
  markers: ['marker_id', 'version', 'src_offset'],
  topic_graph: ['topic_id', 'prerequisites'],
}

/** Recognises a database of a build that kept no ledger; later migrations bring its tables forward. */
export const firstTables: Migration = {
  id: 1,
  name: 'first-tables',
  async up(db) {
    for (const [table, columns] of Object.entries(FIRST)) {
      const shape = await shapeOf(db, goldTable(table).name)
      if (shape === null) continue
      const missing = columns.filter((c) => !shape.columns.includes(c))
      if (missing.length > 0)
        throw new MigrationError(
          `The table ${table} in gold is not one that an older build made: it has no ${missing.join(', ')}. ` +
            'Give gold a database, or a folder, of its own; gold can be filled again from the log.',
        )
    }
  },
}
