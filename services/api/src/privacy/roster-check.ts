import type { Noted } from './gold-check.ts'
import type { PrivacyParts, Subject } from './parts.ts'
import type { ErasureReceipt, RosterEntry } from './receipt.ts'

const NOTE =
  'Names and addresses stand in the identity vault alone, which has none of this student. Former versions of the roster keep pseudonyms and relations, since a replay needs them unchanged.'

/**
 * Takes the student out of the vault and the relations, or finds that this was done. A student who was readmitted may be
 * in the roster again, and stays. `waiting` is told what could not be done.
 */
export async function rosterEntry(
  parts: PrivacyParts,
  of: Subject,
  noted: readonly Noted[],
  readmitted: boolean,
  waiting: string[],
): Promise<RosterEntry> {
  const nothing = { person: false, guardians: 0, version: null, former_versions: 0 }
  if (parts.roster === null)
    return { ...nothing, checked: false, note: 'This process does not reach the identity vault.' }
  const before = earlierOf(noted)
  try {
    const now = readmitted ? null : await parts.roster.forget(of)
    if (now && !now.reached)
      waiting.push(`the roster's version ${now.version}, which readers of the log do not have yet`)
    return {
      checked: true,
      person: before.person || (now?.person ?? false),
      guardians: before.guardians + (now?.guardians ?? 0),
      version: now?.version ?? before.version,
      // Versions are never changed, and none that follows names the pseudonym: they are read once.
      former_versions:
        (now?.version ?? null) === null && before.counted ? before.former : await parts.roster.formerVersions(of),
      note: NOTE,
    }
  } catch (e) {
    waiting.push(`the roster and the identity vault: ${(e as Error).message}`)
    const { person, guardians, version, former } = before
    return { person, guardians, version, former_versions: former, checked: false, note: (e as Error).message }
  }
}

/** What earlier checks of this erasure have found and removed. */
function earlierOf(noted: readonly Noted[]) {
  const text = noted.find((n) => n.part === 'receipt')?.receipt
  const roster = text ? (JSON.parse(text) as Partial<ErasureReceipt>).roster : undefined
  return {
    counted: roster?.checked === true,
    person: roster?.person ?? false,
    guardians: roster?.guardians ?? 0,
    version: roster?.version ?? null,
    former: roster?.former_versions ?? 0,
  }
}
