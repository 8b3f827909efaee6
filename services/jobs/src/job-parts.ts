import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { DeliveryConfig } from '@mastery/infra/config/delivery.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { JobQueue } from '@mastery/topology/ports/job-queue.ts'

/** What handlers work on, opened when the first of them runs. */
export interface JobParts {
  installation(): Installation
  gold(): Promise<ClickHouseGold>
  /** The queue that the jobs themselves come from. */
  queue(): Promise<JobQueue>
  /** Throws what stopped the stages; does nothing where they are other processes. */
  check(): void
  /** How people are reached. */
  delivery(): DeliveryConfig
}
