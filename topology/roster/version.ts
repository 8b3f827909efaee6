import { createHash } from 'node:crypto'
import type { BuiltRoster } from './build.ts'
import type { Relations } from './relations.ts'
import type { RosterSource } from './source.ts'

/** The file of a roster's artefact that stages read. */
export const RELATIONS_FILE = 'relations.json'
const PREFIX = 'roster.'

/** Under which name the artefact store keeps a tenant's rosters. No model's id has a dot. */
export const rosterArtefact = (tenant: string): string => `${PREFIX}${tenant}`
export const isRosterArtefact = (name: string): boolean => name.startsWith(PREFIX)

/** SHA-256 over everything that a version says, names included: a changed address is another version. */
export function rosterHash(built: BuiltRoster, source: RosterSource): string {
  return createHash('sha256')
    .update(JSON.stringify([built, source]))
    .digest('hex')
}

const HASH_DIGITS = 10

/** The day on which it was made, and what it holds. `now`: UTC milliseconds. */
export const versionName = (hash: string, now: number): string =>
  `${new Date(now).toISOString().slice(0, 10)}.${hash.slice(0, HASH_DIGITS)}`

/** Whether a version of this name holds what the hash stands for. */
export const holdsSame = (version: string, hash: string): boolean =>
  version.slice(version.indexOf('.') + 1) === hash.slice(0, HASH_DIGITS)

export const relationsBytes = (relations: Relations): Uint8Array => new TextEncoder().encode(JSON.stringify(relations))

/** @throws Error that says what is missing, where the bytes are no relations */
export function parseRelations(bytes: Uint8Array): Relations {
  const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Partial<Relations>
  for (const field of ['tenant', 'version'] as const)
    if (typeof value?.[field] !== 'string') throw new Error(`The relations of a roster have no ${field}.`)
  for (const field of ['schools', 'classes', 'members', 'guardians', 'users', 'denied'] as const)
    if (!Array.isArray(value[field])) throw new Error(`The relations of a roster have no ${field}.`)
  return value as Relations
}
