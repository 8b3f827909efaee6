import type { RepairParts } from './parts.ts'

/** A student whose state waits for a rebuild. */
export interface Stale {
  tenant: string
  student: string
  /** Offset of the newest record that asked for it. */
  since: number
}

/**
 * Students of whom something came that is older than their ring, or a command that wants a rebuild, after the last
 * checkpoint was installed; and those whose rows say that the scoring stage waits for one. As gold knows it: what the
 * stages have not made yet is found the next time.
 */
export async function staleStudents(parts: Pick<RepairParts, 'gold' | 'generation'>, limit = 10_000): Promise<Stale[]> {
  // Of an event that an erasure keeps out nothing but its place is stored: an id there means the command itself.
  return parts.gold.query<Stale>(
    `SELECT tenant, student, max(since) AS since FROM
      (SELECT tenant, student_id AS student, toFloat64(wanted - 1) AS since FROM
        (SELECT tenant, student_id,
          max(if(disposition IN ('too_old', 'rebuild_wanted'), src_offset + 1, 0)) AS wanted,
          max(if(disposition = 'installed' OR (disposition = 'erased' AND event_id != ''), src_offset + 1, 0)) AS settled
        FROM event_dispositions
        WHERE generation = {generation:UInt16} AND disposition IN ('too_old', 'rebuild_wanted', 'installed', 'erased')
        GROUP BY tenant, student_id)
      WHERE wanted > settled
      UNION ALL
      SELECT tenant, student_id AS student, toFloat64(src_offset) AS since FROM student_mastery_rows FINAL
      WHERE generation = {generation:UInt16} AND stale)
    GROUP BY tenant, student ORDER BY tenant, student LIMIT {limit:UInt32}`,
    { generation: parts.generation, limit },
  )
}
