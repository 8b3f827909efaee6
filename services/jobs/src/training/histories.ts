import { topicAt } from '@mastery/topology/topics.ts'
import { inGold } from '../rebuild/outcome.ts'
import type { RepairParts } from '../rebuild/parts.ts'

/** How far the students' histories reach. */
export interface Histories {
  /** Students with answers. */
  students: number
  /** Answers of the one who has most, as gold has them. */
  longest: number
  /** Students of whom a state may have let answers go; more than there are, and never fewer. */
  near: string[]
}

/**
 * As gold knows it, once it has all scores of now. A student's opportunities are counted topic by topic in current rows, which do not expire, so that an
 * answer on two topics counts twice: whoever has fewer than a state keeps has all of them at hand.
 */
export async function historiesOf(parts: RepairParts): Promise<Histories> {
  await inGold(parts, topicAt('mastery.scores', parts.generation))
  const given = { generation: parts.generation, least: parts.windows.ring.min }
  const [all] = await parts.gold.query<{ students: number; near: string[] }>(
    `SELECT toFloat64(count()) AS students, arraySort(groupArrayIf(student_id, n >= {least:UInt32})) AS near FROM
      (SELECT student_id, sum(opportunities) AS n FROM student_mastery_rows FINAL
       WHERE generation = {generation:UInt16} GROUP BY student_id HAVING n > 0)`,
    given,
  )
  const [most] = await parts.gold.query<{ n: number }>(
    `SELECT toFloat64(max(n)) AS n FROM
      (SELECT count() AS n FROM next_correct_prediction_rows FINAL
       WHERE generation = {generation:UInt16} GROUP BY student_id)`,
    given,
  )
  return { students: all?.students ?? 0, longest: most?.n ?? 0, near: all?.near ?? [] }
}
