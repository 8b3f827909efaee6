import type { RepairParts } from '../rebuild/parts.ts'
import { type Cut, within } from './cut.ts'
import { CHECKED, oracleSql } from './oracle-sql.ts'
import { type Range, rangeSql } from './ranges.ts'

/** A value of a current row that SQL finds to be another. */
export interface OracleDifference {
  tenant: string
  student: string
  topic: string
  field: string
  stored: number
  computed: number
}

export interface OracleResult {
  /** Feature rows that were checked. */
  rows: number
  /** Students that SQL can't judge. */
  leftOut: number
  /** Students of whom events have expired: they are not looked at. */
  expired: number
  differences: OracleDifference[]
}

type Tuple = readonly [tenant: string, student: string, topic: string, field: number, stored: number, computed: number]

/** Asks ClickHouse for the windows of a range, and what differs from the current rows. */
export async function askOracle(parts: RepairParts, range: Range, cut: Cut): Promise<OracleResult> {
  const where = rangeSql(range)
  // Of expired events SQL knows nothing.
  const expired = `SELECT student_id FROM student_checkpoints WHERE ${where}`
  const whole = `${where} AND student_id NOT IN (${expired})`
  const [left] = await parts.gold.query<{ n: number }>(`SELECT uniqExact(student_id) AS n FROM (${expired})`)
  const [r] = await parts.gold.query<{ rows: number; left_out: number; differing: Tuple[] }>(
    oracleSql(`${whole} AND ${within(cut)}`, `${whole} AND generation = ${parts.generation}`),
  )
  return {
    rows: r!.rows,
    leftOut: r!.left_out,
    expired: Number(left!.n),
    differences: r!.differing.map(([tenant, student, topic, field, stored, computed]) => ({
      tenant,
      student,
      topic,
      field: CHECKED[field]!,
      stored,
      computed,
    })),
  }
}
