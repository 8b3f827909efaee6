import type { Subject } from '@mastery/api/src/privacy/parts.ts'
import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { readClicks } from '@mastery/jobs/src/behaviour/clicks.ts'
import type { TopicClick } from '@mastery/topology/effort/click-gaming.ts'

/** What a student did, with the topics that it belongs to. */
export type StudentClick = TopicClick

/** A student with more has the newest of them looked at. */
const MOST = 5000

/** A student's answers and requests for help, the oldest first; what was taken back or came twice is left out. */
export async function clicksOf(gold: HistorySource, whose: Subject, generation: number): Promise<StudentClick[]> {
  let clicks: StudentClick[] = []
  for await (const rows of readClicks(gold, generation, whose)) {
    clicks.push(...rows.map((r) => r.click))
    if (clicks.length > 2 * MOST) clicks = clicks.slice(-MOST)
  }
  return clicks.slice(-MOST)
}
