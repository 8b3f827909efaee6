import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { VaultRead } from '@mastery/infra/adapters/files/identity-vault.ts'
import { pseudonymiser, type Tenant } from '@mastery/infra/config/secrets.ts'
import { declaredGraph } from '@mastery/infra/provision/gold/topic-graph.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { RosterVault } from '@mastery/topology/ports/identity-vault.ts'
import type { StateStore } from '@mastery/topology/ports/state-store.ts'
import type { RosterContext } from '@mastery/topology/roster/check.ts'
import type { LearnerId } from '@mastery/topology/roster/learner-id.ts'
import { AccessLog } from '../access.ts'

/** What a tenant's roster is imported into, read from and taken out of. */
export interface RosterParts {
  tenant: Tenant
  log: EventLog
  codec: Codec
  state: StateStore
  gold: GoldStore
  artefacts: ArtefactStore
  vault: RosterVault
  /** Who does it and why, for the access log. */
  reader: string
  /** UTC milliseconds. */
  now(): number
  /** Throws what stopped the stages, where they run in this process. */
  check(): void
}

/** The access log's entry of a reading in the vault: that somebody read, and not whom. */
export function noteVaultReads(access: AccessLog, role: string): (read: VaultRead) => void {
  return ({ tenant, reader, what }) =>
    access.note({ tenant, who: reader, role, action: `read ${what} in the vault`, student: '', purpose: '' })
}

/** Opens a tenant's roster for a piece of work; what was read is in the access log when this resolves. */
export async function withRoster<T>(
  installation: Installation,
  gold: ClickHouseGold,
  who: { tenant: Tenant; reader: string; role: string; check?: () => void },
  work: (parts: RosterParts) => Promise<T>,
): Promise<T> {
  const access = new AccessLog(gold, installation.telemetry, Date.now)
  const { log, codec, state, artefacts } = installation
  const vault = installation.vault(noteVaultReads(access, who.role))
  const { tenant, reader, check = () => {} } = who
  try {
    return await work({ tenant, log, codec, state, gold, artefacts, vault, reader, now: Date.now, check })
  } finally {
    await access.close()
  }
}

/** What an import of the tenant is read against, but for the version in force. */
export async function rosterContext(parts: RosterParts): Promise<Omit<RosterContext, 'before'>> {
  const { tenant, gold } = parts
  const rows = await gold.query<{ student_id: string }>(
    `SELECT student_id FROM erasures FINAL WHERE tenant = {tenant:String} AND part = 'learning.events'
     GROUP BY student_id HAVING argMax(isNull(readmitted_at), src_offset)`,
    { tenant: tenant.id },
  )
  return {
    tenant: tenant.id,
    // The tenants file was checked when it was read.
    learnerId: (tenant.roster?.learnerId ?? 'sourcedId') as LearnerId,
    zones: tenant.roster?.zones ?? {},
    pseudonym: pseudonymiser(tenant),
    topics: (await declaredGraph(gold, tenant.id)).topics,
    erased: new Set(rows.map((r) => r.student_id)),
  }
}
