import type { RosterSource } from '../roster/source.ts'

/** What delivery and pages must print of a person. It stands nowhere but in the vault; everything else has pseudonyms. */
export interface Identity {
  pseudonym: string
  /** As the person is addressed. */
  name: string
  /** Null: the person is reached in the application only. */
  email: string | null
  /** BCP 47; null: the school's. */
  language: string | null
}

/** What a school or class is called; titles often hold a teacher's name. */
export interface Title {
  id: string
  title: string
}

/** Everything about one tenant's people that a roster version brings. */
export interface TenantIdentities {
  version: string
  people: readonly Identity[]
  titles: readonly Title[]
}

/**
 * Names and addresses, encrypted at rest, per tenant. Read under a role: `reader` says who reads and why, and stands in
 * the access log without what was read.
 */
export interface IdentityVault {
  /** Replaces what the tenant has, as a whole or not at all. */
  replace(tenant: string, identities: TenantIdentities): Promise<void>
  /** By pseudonym; who is not known is left out. */
  people(tenant: string, pseudonyms: readonly string[], reader: string): Promise<Map<string, Identity>>
  /** By id of school or class. */
  titles(tenant: string, ids: readonly string[], reader: string): Promise<Map<string, string>>
  /** Forgets people for good; gives how many were there. */
  forget(tenant: string, pseudonyms: readonly string[]): Promise<number>
}

/** What a version was made of, with the pseudonyms of everybody in it: sourcedIds by pseudonym. */
export interface KeptRoster {
  rows: RosterSource
  ids: Readonly<Record<string, string>>
}

/** A vault that also keeps what the version in force was made of, since a delta is applied onto that. */
export interface RosterVault extends IdentityVault {
  /** Without `roster` the former rows go, too. */
  replace(tenant: string, identities: TenantIdentities, roster?: KeptRoster): Promise<void>
  /** The version that was kept last, and its rows; null where there is none. */
  roster(tenant: string, reader: string): Promise<{ version: string; kept: KeptRoster | null } | null>
}
