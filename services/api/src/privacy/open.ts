import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { isRunning } from '@mastery/topology/generations/generation.ts'
import { forgetInRoster, identityOf, versionsNaming } from '../roster/forget.ts'
import { type RosterParts, withRoster } from '../roster/parts.ts'
import type { PrivacyParts, RosterPrivacy, Subject } from './parts.ts'

/** How long a command waits for the stages by default; what has not come to an end by then is said in the answer. */
export const WAIT_MS = 30_000

function rosterPrivacy(installation: Installation, gold: ClickHouseGold, check?: () => void): RosterPrivacy {
  const on = async <T>({ tenant: id }: Subject, why: string, nothing: T, work: (p: RosterParts) => Promise<T>) => {
    const tenant = installation.secrets.tenants.find((t) => t.id === id)
    if (!tenant) return nothing
    const who = { tenant, reader: `privacy: ${why}`, role: 'admin', ...(check ? { check } : {}) }
    return withRoster(installation, gold, who, work)
  }
  return {
    forget: (of) =>
      on(of, 'erase', { person: false, guardians: 0, version: null, reached: true }, (p) =>
        forgetInRoster(p, of.student),
      ),
    formerVersions: (of) => on(of, 'erase', 0, (p) => versionsNaming(p, of.student)),
    identity: (of) => on(of, 'export', null, (p) => identityOf(p, of.student)),
  }
}

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
    roster: rosterPrivacy(installation, gold, more.check),
    waitMs: WAIT_MS,
    ...more,
  }
}
