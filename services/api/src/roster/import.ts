import { takeLease } from '@mastery/infra/runtime/lease.ts'
import { type CheckedRoster, checkRoster } from '@mastery/topology/roster/check.ts'
import type { RosterFiles } from '@mastery/topology/roster/read.ts'
import { holdsSame, versionName } from '@mastery/topology/roster/version.ts'
import { type RosterCounts, rosterCounts } from './gold-rows.ts'
import { versionInForce } from './in-force.ts'
import { type RosterParts, rosterContext } from './parts.ts'
import { publishRoster, reachedGold } from './publish.ts'

export interface DenyFile {
  file: string
  bytes: Uint8Array
}

/** How many pairs, people and classes came and went. */
export interface RosterChange {
  came: number
  went: number
}

export interface Imported {
  version: string
  kind: 'bulk' | 'delta'
  /** in force: the markers have passed. sent: they are in the log, and gold has not seen them yet. same: nothing differs from what is in force. dry run: nothing was changed. */
  status: 'in force' | 'sent' | 'same' | 'dry run'
  counts: RosterCounts
  /** Against the version before. */
  changes: Readonly<Record<'people' | 'classes' | 'enrolments' | 'guardianships', RosterChange>>
  warnings: CheckedRoster['warnings']
}

/** Nobody else may change the tenant's roster meanwhile: the rows that a delta is applied onto must not be replaced. */
export const rosterLease = (parts: RosterParts) => takeLease(parts.state, `roster-${parts.tenant.id}`)

/**
 * Reads, checks and puts a roster in force, or refuses it and changes nothing.
 * @throws RosterRefused, LeaseHeld
 */
export async function importRoster(
  parts: RosterParts,
  files: RosterFiles,
  deny: DenyFile | null,
  dryRun: boolean,
): Promise<Imported> {
  const lease = await rosterLease(parts)
  try {
    const there = await parts.vault.roster(parts.tenant.id, parts.reader)
    const before = there?.kept?.rows ?? null
    const checked = checkRoster(files, deny, { ...(await rosterContext(parts)), before })
    const same = there !== null && holdsSame(there.version, checked.hash)
    const version = same ? there.version : versionName(checked.hash, parts.now())
    const done = {
      version,
      kind: checked.kind,
      counts: rosterCounts(checked),
      changes: changesOf(before, checked),
      warnings: checked.warnings,
    }
    if (dryRun) return { ...done, status: 'dry run' }
    // A kill between the vault and the markers leaves the same rows, and a version that nobody uses yet.
    if (same && (await versionInForce(parts.gold, parts.tenant.id)) === version) return { ...done, status: 'same' }
    lease.signal.throwIfAborted()
    const marker = await publishRoster(parts, version, checked, checked.kind)
    return { ...done, status: (await reachedGold(parts, marker)) ? 'in force' : 'sent' }
  } finally {
    await lease.release()
  }
}

function changesOf(before: CheckedRoster['source'] | null, { source }: CheckedRoster): Imported['changes'] {
  type Rows = readonly Readonly<Record<string, string>>[]
  const keys = (rows: Rows | undefined, ...columns: string[]) =>
    new Set((rows ?? []).map((r) => columns.map((c) => r[c] ?? '').join(' ')))
  const agents = (rows: Rows | undefined) =>
    new Set(
      (rows ?? []).flatMap((r) =>
        (r['agentSourcedIds'] ?? '')
          .split(',')
          .filter((a) => a.trim() !== '')
          .map((a) => [r['sourcedId'], a.trim()].sort().join(' ')),
      ),
    )
  const compare = (old: Set<string>, now: Set<string>): RosterChange => ({
    came: [...now].filter((k) => !old.has(k)).length,
    went: [...old].filter((k) => !now.has(k)).length,
  })
  const [a, b] = [before?.tables, source.tables]
  return {
    people: compare(keys(a?.users, 'sourcedId'), keys(b.users, 'sourcedId')),
    classes: compare(keys(a?.classes, 'sourcedId'), keys(b.classes, 'sourcedId')),
    enrolments: compare(
      keys(a?.enrollments, 'classSourcedId', 'userSourcedId', 'role'),
      keys(b.enrollments, 'classSourcedId', 'userSourcedId', 'role'),
    ),
    guardianships: compare(agents(a?.users), agents(b.users)),
  }
}
