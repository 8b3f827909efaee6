import { ROW_MARK, type RowCursor } from '@mastery/infra/adapters/clickhouse/row-binary.ts'
import type { StoredFeatures, StoredScores } from '@mastery/topology/reconcile/compare.ts'
import { COUNTS, WINDOW_DAYS } from '@mastery/topology/reconcile/fields.ts'
import { MODEL_IDS } from '@mastery/topology/stages/scoring/in-force.ts'

export interface RowOf<T> {
  tenant: string
  student: string
  row: T
}

const WINDOWS = WINDOW_DAYS.flatMap((d) => COUNTS.map((name) => `${name}_${d}d`))
const nullable = (c: RowCursor, read: () => number) => (c.isNull() ? null : read())

/** Current feature rows in RowBinary, as `readFeatures` takes them. */
export function featuresSql(where: string): string {
  const columns = [
    `toUInt8(${ROW_MARK})`,
    'tenant, student_id, topic_id, approximate',
    'toUnixTimestamp64Milli(as_of), toUnixTimestamp64Milli(previous_at), toInt64(attempts_total), trend_per_day, decayed_accuracy',
    ...WINDOWS.map((name) => `toInt64(${name})`),
  ]
  return `SELECT ${columns.join(', ')} FROM student_topic_features FINAL WHERE ${where}`
}

export function readFeatures(c: RowCursor): RowOf<StoredFeatures> {
  const tenant = c.repeated(0)
  const student = c.repeated(1)
  const topic = c.text()
  const approximate = c.flag()
  const int = () => c.int64()
  const float = () => c.float64()
  const values: (number | null)[] = [c.int64(), nullable(c, int), c.int64(), nullable(c, float), nullable(c, float)]
  for (let i = 0; i < WINDOWS.length; i++) values.push(c.int64())
  return { tenant, student, row: { topic, approximate, values } }
}

/** Current mastery rows in RowBinary, as `readScores` takes them. */
export function scoresSql(where: string): string {
  return `SELECT toUInt8(${ROW_MARK}), tenant, student_id, topic_id, toUnixTimestamp64Milli(as_of), toInt64(opportunities), uncertainty,
    score_sources, mastery_scores, model_versions FROM student_mastery_rows FINAL WHERE ${where}`
}

export function readScores(c: RowCursor): RowOf<StoredScores> {
  const tenant = c.repeated(0)
  const student = c.repeated(1)
  const topic = c.text()
  const [asOf, opportunities, uncertainty] = [c.int64(), c.int64(), c.float64()]
  const models = Array.from({ length: c.size() }, () => c.repeated(2))
  const masteries = Array.from({ length: c.size() }, () => c.float64())
  const versions = Array.from({ length: c.size() }, () => c.repeated(3))
  const at = MODEL_IDS.map((m) => models.indexOf(m))
  return {
    tenant,
    student,
    row: {
      topic,
      values: [asOf, opportunities, uncertainty, ...at.map((i) => masteries[i] ?? null)],
      versions: at.map((i) => versions[i] ?? ''),
    },
  }
}
