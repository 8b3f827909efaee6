import type { Identity, IdentityVault, TenantIdentities } from '../ports/identity-vault.ts'

/** A vault in memory, for tests. `reads` has who read what of which tenant, in order. */
export class MapVault implements IdentityVault {
  readonly reads: { tenant: string; reader: string }[] = []
  private readonly tenants = new Map<string, TenantIdentities>()

  async replace(tenant: string, identities: TenantIdentities): Promise<void> {
    this.tenants.set(tenant, identities)
  }

  async people(tenant: string, pseudonyms: readonly string[], reader: string): Promise<Map<string, Identity>> {
    this.reads.push({ tenant, reader })
    const wanted = new Set(pseudonyms)
    const found = this.tenants.get(tenant)?.people.filter((p) => wanted.has(p.pseudonym)) ?? []
    return new Map(found.map((p) => [p.pseudonym, p]))
  }

  async titles(tenant: string, ids: readonly string[], reader: string): Promise<Map<string, string>> {
    this.reads.push({ tenant, reader })
    const found = this.tenants.get(tenant)?.titles.filter((t) => ids.includes(t.id)) ?? []
    return new Map(found.map((t) => [t.id, t.title]))
  }

  async forget(tenant: string, pseudonyms: readonly string[]): Promise<number> {
    const known = this.tenants.get(tenant)
    if (!known) return 0
    const people = known.people.filter((p) => !pseudonyms.includes(p.pseudonym))
    this.tenants.set(tenant, { ...known, people })
    return known.people.length - people.length
  }
}
