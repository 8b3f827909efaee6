import type { Identity } from '@mastery/topology/ports/identity-vault.ts'
import { forgetPeople } from '@mastery/topology/roster/check.ts'
import { holdsSame, RELATIONS_FILE, rosterArtefact, versionName } from '@mastery/topology/roster/version.ts'
import { rosterLease } from './import.ts'
import { versionInForce } from './in-force.ts'
import { type RosterParts, rosterContext } from './parts.ts'
import { publishRoster, reachedGold } from './publish.ts'

/** What the roster and the vault held of somebody who is erased. */
export interface Forgotten {
  /** Whether the person was in the vault. */
  person: boolean
  /** Guardians who went, too, since they have no other child here. */
  guardians: number
  /** The version without them; null: nothing had to be changed. */
  version: string | null
  /** Whether the log's readers have that version already. */
  reached: boolean
}

const PATIENCE_MS = 20_000

/**
 * Takes somebody out of the vault and of the relations, by a new version. Done again, it finds nothing; after a kill it
 * goes on where it was.
 */
export async function forgetInRoster(parts: RosterParts, pseudonym: string): Promise<Forgotten> {
  const { tenant, vault } = parts
  const lease = await rosterLease(parts)
  try {
    const there = await vault.roster(tenant.id, parts.reader)
    const nothing = { person: false, guardians: 0, version: null, reached: true }
    if (there === null) return nothing
    if (there.kept === null) return { ...nothing, person: (await vault.forget(tenant.id, [pseudonym])) > 0 }
    const { checked, gone } = forgetPeople(there.kept, new Set([pseudonym]), await rosterContext(parts))
    // A kill between the vault and the markers leaves a version that nobody uses yet.
    if (gone.length === 0 && (await versionInForce(parts.gold, tenant.id)) === there.version) return nothing
    const version = holdsSame(there.version, checked.hash) ? there.version : versionName(checked.hash, parts.now())
    lease.signal.throwIfAborted()
    const marker = await publishRoster(parts, version, checked, 'erasure')
    const guardians = gone.filter((g) => g.guardian).length
    return { person: gone.length > 0, guardians, version, reached: await reachedGold(parts, marker, PATIENCE_MS) }
  } finally {
    await lease.release()
  }
}

/** Former versions whose relations name the pseudonym: a replay needs them as they were. */
export async function versionsNaming(parts: RosterParts, pseudonym: string): Promise<number> {
  const name = rosterArtefact(parts.tenant.id)
  let found = 0
  for (const { version } of await parts.artefacts.list(name)) {
    const { files } = await parts.artefacts.read(name, version)
    if (Buffer.from(files.get(RELATIONS_FILE) ?? []).includes(pseudonym)) found++
  }
  return found
}

/** What the vault holds of somebody; null for nothing. */
export async function identityOf(parts: RosterParts, pseudonym: string): Promise<Identity | null> {
  return (await parts.vault.people(parts.tenant.id, [pseudonym], parts.reader)).get(pseudonym) ?? null
}
