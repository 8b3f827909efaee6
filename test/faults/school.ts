import { importRoster } from '@mastery/api/src/roster/import.ts'
import { withRoster } from '@mastery/api/src/roster/parts.ts'
import { activatePolicy } from '@mastery/cli/src/alerts/activate.ts'
import { declareTopics } from '@mastery/cli/src/school-topics.ts'
import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { pseudonymiser, type Tenant } from '@mastery/infra/config/secrets.ts'
import { ensureVaultKey } from '@mastery/infra/config/vault-keys.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { AlertPolicy } from '@mastery/topology/alerts/policy.ts'
import { schoolRoster } from '@mastery/topology/school/roster.ts'
import { type School, simulateSchool } from '@mastery/topology/school/school.ts'
import { policyOf } from '@mastery/topology/testing/alert-log.ts'

export interface SchoolSize {
  seed: number
  students: number
  events: number
  /** UTC milliseconds. */
  startAt?: number
}

/** So low that a small school is told something of every day, and classes of something every week. */
const RULES = policyOf({
  rules: [
    {
      id: 'low',
      kind: 'mastery_below',
      enter: 0.6,
      leave: 0.65,
      urgent: 0.35,
      evidence: { attempts: 3, sessions: 1, time: 0 },
      hold: '12h',
      cooldown: '1d',
      to: ['teacher', 'guardian'],
      escalate: { after: '24h', to: ['teacher'] },
      tell_resolved: true,
    },
    { id: 'learned', kind: 'mastery_above', severity: 'info', to: ['student', 'guardian'] },
    { id: 'absent', kind: 'inactive', after: '5d', to: ['teacher'] },
    {
      id: 'class',
      kind: 'class_drop',
      enter: 0.005,
      leave: 0.001,
      members: { least: 3, answers: 2, fell: 0.001, share: 0.05 },
    },
  ],
})

/** The school of a tenant: its students have the tenant's pseudonyms. */
export function schoolOf(tenant: Tenant, size: SchoolSize): School {
  return simulateSchool({ ...size, tenant: tenant.id, pseudonym: pseudonymiser(tenant) })
}

/** To be there before services that read the tenants file start. */
export function ensureVault({ profile, secrets }: Installation, tenant: string): void {
  ensureVaultKey(profile.tenantsFile, secrets, tenant, 0)
}

/** Brings the school's own roster and rules into force. The services must run. */
export async function prepareSchool(
  to: { installation: Installation; gold: ClickHouseGold; check(): void },
  tenant: Tenant,
  size: SchoolSize,
  rules: AlertPolicy = RULES,
): Promise<void> {
  const { installation, gold, check } = to
  const school = schoolOf(tenant, size)
  await declareTopics(gold, tenant.id, school)
  const files = new Map([...schoolRoster(school, size)].map(([name, text]) => [name, Buffer.from(text)]))
  const who = { tenant, reader: 'a test: import the school', role: 'operator', check }
  await withRoster(installation, gold, who, (parts) => importRoster(parts, files, null, false))
  // The version of the rules has the day in it, and stands in every alert.
  await activatePolicy(installation, tenant.id, rules, Date.UTC(2025, 7, 1), check)
}
