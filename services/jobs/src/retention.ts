import { randomUUID } from 'node:crypto'
import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { loadRetention } from '@mastery/infra/config/retention.ts'
import { runRetention } from '@mastery/infra/provision/gold/retention.ts'
import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { noPayload } from './no-payload.ts'
import { coverAged, type RetentionParts } from './retention/cover.ts'

/** What one run has done. */
type Retained = {
  tables: { table: string; days: number; rows: number; waiting: number }[]
  /** Students with events beyond their limit, and those of them of whom a checkpoint stands for what went. */
  students: number
  covered: number
}

/**
 * Removes from gold what is older than configs/retention.json allows. Every step may be done again: a run that was cut
 * off leaves checkpoints that the next one replaces, and rows that it finds again.
 */
export function retentionJob(parts: {
  installation(): RetentionParts
  gold(): Promise<ClickHouseGold>
}): JobHandler<null, Retained> {
  return {
    name: 'retention',
    about:
      'Removes from gold what is older than its limit; before events go, it writes a checkpoint of their students.',
    exclusive: true,
    attempts: 3,
    backoffMs: 300_000,
    parse: noPayload('the limits stand in configs/retention.json'),
    async run(_, { signal }) {
      const limits = loadRetention()
      const gold = await parts.gold()
      signal.throwIfAborted()
      const found = await runRetention(gold, limits, {
        runId: randomUUID(),
        now: Date.now(),
        cover: (aged) => coverAged(parts.installation(), gold, aged, { write: true, signal }),
      })
      const students = found.find((e) => e.students)?.students
      return {
        tables: found.map(({ table, days, rows, waiting }) => ({ table, days, rows, waiting })),
        students: students?.total ?? 0,
        covered: students?.covered ?? 0,
      }
    },
  }
}
