import { checkpointsSql } from '@mastery/infra/provision/gold/checkpoints.ts'
import type { RepairParts } from './parts.ts'
import { among } from './read.ts'

/** Students whose records are asked for at a time. */
const CHUNK = 500

/**
 * Students of whom gold lacks records that it has dispositions of, with their number: a fold would lose those. What a
 * checkpoint contains is not asked for: it may have expired.
 */
export async function incompleteAmong(
  parts: Pick<RepairParts, 'gold' | 'generation'>,
  students: readonly string[],
): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (let i = 0; i < students.length; i += CHUNK) {
    const where = among(students.slice(i, i + CHUNK))
    const place = 'student_id, src_partition, src_offset'
    const rows = await parts.gold.query<{ s: string; n: number }>(
      `SELECT d.student_id AS s, count() AS n FROM
        (SELECT DISTINCT ${place} FROM event_dispositions WHERE ${where} AND generation = ${parts.generation} AND disposition != 'erased') AS d
        LEFT ANTI JOIN (SELECT ${place} FROM learning_events WHERE ${where} UNION ALL SELECT ${place} FROM student_commands WHERE ${where}) AS r
        USING (${place})
        LEFT JOIN (${checkpointsSql('student_id, as_of_offset', where, parts.generation)}) AS c ON d.student_id = c.student_id
        WHERE d.src_offset >= c.as_of_offset GROUP BY s`,
    )
    for (const { s, n } of rows) found.set(s, Number(n))
  }
  return found
}
