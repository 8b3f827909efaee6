import type { OneRosterVersion } from './columns.ts'
import { type Problems, quoted } from './problem.ts'
import { type PersonRole, personRoles } from './role.ts'
import { cell, isEnabled, listed, type RosterRow, type RosterTables } from './table.ts'

/** Which identifier of users.csv is the id that events have of a learner. `userIds:TYPE` is the id in `{TYPE:id}`. */
export type LearnerId = 'sourcedId' | 'username' | 'identifier' | 'email' | `userIds:${string}`

export const LEARNER_ID = /^(?:sourcedId|username|identifier|email|userIds:[^{}:,\s]+)$/

/** The id of a user, empty where there is none. */
export function idOf(user: RosterRow, kind: LearnerId): string {
  if (!kind.startsWith('userIds:')) return cell(user, kind)
  const type = kind.slice('userIds:'.length).toLowerCase()
  for (const entry of listed(user, 'userIds')) {
    const m = /^\{([^:{}]+):(.+)\}$/.exec(entry)
    if (m && m[1]!.trim().toLowerCase() === type) return m[2]!.trim()
  }
  return ''
}

/**
 * The pseudonym of every user, by sourcedId. A learner's is made of the id that events have, so that both are the same
 * person; so is an adult's, or of the sourcedId where there is no such id.
 */
export function pseudonymsOf(
  version: OneRosterVersion,
  tables: RosterTables,
  kind: LearnerId,
  pseudonym: (id: string) => string,
  problems: Problems,
): Map<string, string> {
  const roles = personRoles(version, tables)
  const column = kind.startsWith('userIds:') ? 'userIds' : kind
  const isStudent = (own: readonly PersonRole[] | undefined) => (own ?? []).some((r) => r.role === 'student')
  const out = new Map<string, string>()
  const taken = new Map<string, string>()
  for (const [sourcedId, row] of tables.users) {
    const own = idOf(row, kind)
    if (own === '' && isStudent(roles.get(sourcedId)) && isEnabled(row)) {
      problems.error(
        row.at,
        column,
        `The student ${quoted(sourcedId)} has no ${kind}, by which events of this tenant know learners`,
        'Fill it in, or set "roster": {"learnerId": ...} of the tenant to the id that events have.',
      )
      continue
    }
    const id = own === '' ? sourcedId : own
    const other = taken.get(id)
    if (other !== undefined) {
      problems.error(
        row.at,
        own === '' ? 'sourcedId' : column,
        `${quoted(sourcedId)} and ${quoted(other)} have one id, and would be one person`,
        'Each user needs an id of its own.',
      )
      continue
    }
    taken.set(id, sourcedId)
    out.set(sourcedId, pseudonym(id))
  }
  return out
}
