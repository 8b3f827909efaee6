import type { KeptRoster } from '../ports/identity-vault.ts'
import type { GraphTopic } from '../progress/graph.ts'
import { type BuiltRoster, buildRoster } from './build.ts'
import { readDenyList } from './deny.ts'
import { forgetInSource, leftAlone, withoutUsers } from './forget.ts'
import { type LearnerId, pseudonymsOf } from './learner-id.ts'
import { type Problem, Problems, RosterRefused } from './problem.ts'
import { type RosterFiles, readRoster } from './read.ts'
import { type DeniedPair, type RosterSource, sourceOf, tablesFrom, wholeTables } from './source.ts'
import type { Zones } from './spans.ts'
import type { RosterTables } from './table.ts'
import { validateTables } from './validate.ts'
import { rosterHash } from './version.ts'

/** What an import is read against. */
export interface RosterContext {
  tenant: string
  learnerId: LearnerId
  zones: Zones
  /** The learner's id to the pseudonym that events have. */
  pseudonym(id: string): string
  /** The tenant's topic graph. */
  topics: readonly Pick<GraphTopic, 'id' | 'subject'>[]
  /** What is in force; null for a first roster. */
  before: RosterSource | null
  /** Pseudonyms of students who were erased and not readmitted. */
  erased: ReadonlySet<string>
}

export interface CheckedRoster {
  built: BuiltRoster
  source: RosterSource
  /** Everybody in the rows: sourcedIds by pseudonym. */
  ids: Readonly<Record<string, string>>
  /** SHA-256 of all of it. */
  hash: string
  kind: 'bulk' | 'delta'
  warnings: readonly Problem[]
}

/**
 * Reads a roster and everything that it comes to, or refuses it as a whole. `deny`: a deny list that takes the place of
 * the one in force, which stays otherwise.
 * @throws RosterRefused with every error and warning
 */
export function checkRoster(
  files: RosterFiles,
  deny: { file: string; bytes: Uint8Array } | null,
  context: RosterContext,
): CheckedRoster {
  const problems = new Problems()
  const read = readRoster(files, problems)
  const all = read && wholeTables(read, context.before, problems)
  if (!read || !all) throw new RosterRefused(problems.all)
  validateTables(read.version, all, problems)
  const denied: readonly DeniedPair[] = deny
    ? readDenyList(deny.file, deny.bytes, all, context.learnerId, problems)
    : (context.before?.denied ?? [])
  const pseudonyms = pseudonymsOf(read.version, all, context.learnerId, context.pseudonym, problems)
  if (problems.failed) throw new RosterRefused(problems.all)

  const erased = new Set([...pseudonyms].filter(([, p]) => context.erased.has(p)).map(([id]) => id))
  const gone = new Set([...erased, ...leftAlone(read.version, all, erased)])
  if (erased.size > 0)
    problems.warn(
      { file: 'users.csv', row: null },
      null,
      `It has erased students: ${erased.size}`,
      'They, and guardians who have no other child here, were left out. "npx mastery readmit" lets a student in again.',
    )
  const tables = gone.size > 0 ? withoutUsers(all, gone) : all
  const kept = denied.filter((d) => !gone.has(d.student) && !gone.has(d.user))
  const source = sourceOf(read.version, read.source, tables, kept)
  const { tenant, topics, zones } = context
  const built = buildRoster(tables, { tenant, oneRoster: read.version, pseudonyms, topics, zones, denied: kept })
  const ids = idsOf(tables, pseudonyms)
  return {
    built,
    source,
    ids,
    hash: rosterHash(built, source),
    kind: read.delta ? 'delta' : 'bulk',
    warnings: problems.warnings,
  }
}

const idsOf = (tables: RosterTables, pseudonyms: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries([...tables.users.keys()].map((id) => [pseudonyms.get(id)!, id]))

/**
 * The version in force without some people (pseudonyms), and without guardians who have no child left then. `gone`: who
 * was in it and is not any more.
 */
export function forgetPeople(
  kept: KeptRoster,
  people: ReadonlySet<string>,
  context: Pick<RosterContext, 'tenant' | 'zones' | 'topics'>,
): { checked: CheckedRoster; gone: { pseudonym: string; guardian: boolean }[] } {
  const { rows } = kept
  const all = tablesFrom(rows)
  const pseudonyms = new Map(Object.entries(kept.ids).map(([p, id]) => [id, p]))
  const meant = new Set([...pseudonyms].filter(([, p]) => people.has(p)).map(([id]) => id))
  const alone = leftAlone(rows.oneRoster, all, meant)
  const gone = new Set([...meant, ...alone])
  const source = forgetInSource(rows, gone)
  const tables = tablesFrom(source)
  const { tenant, topics, zones } = context
  const { oneRoster, denied } = source
  const built = buildRoster(tables, { tenant, oneRoster, pseudonyms, topics, zones, denied })
  const ids = idsOf(tables, pseudonyms)
  return {
    checked: { built, source, ids, hash: rosterHash(built, source), kind: 'bulk', warnings: [] },
    gone: [...gone].map((id) => ({ pseudonym: pseudonyms.get(id)!, guardian: alone.has(id) })),
  }
}
