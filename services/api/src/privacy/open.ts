import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { isRunning } from '@mastery/topology/generations/generation.ts'
import type { PrivacyParts } from './parts.ts'

/** How long a command waits for the stages by default; what has not come to an end by then is said in the answer. */
export const WAIT_MS = 30_000

/** The stores of an installation, as erasing and exporting need them. */
export function privacyParts(
  installation: Installation,
  gold: ClickHouseGold,
  more: Partial<Pick<PrivacyParts, 'jobs' | 'check' | 'waitMs'>> = {},
): PrivacyParts {
  const { log, state, codec, generations, telemetry, profile, provide } = installation
  return {
    log,
    state,
    codec,
    gold,
    telemetry,
    provide,
    partitions: profile.partitions,
    generations: () => generations.all().filter(isRunning),
    logExpires: profile.servers !== null,
    now: Date.now,
    jobs: null,
    waitMs: WAIT_MS,
    ...more,
  }
}
