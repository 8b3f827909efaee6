import { randomBytes } from 'node:crypto'
import type { VaultKey, VaultKeys } from '../adapters/files/identity-vault.ts'
import { ConfigError } from './profile.ts'
import { readSecrets, type Secrets, type Tenant, writeSecrets } from './secrets.ts'

const keysOf = (tenant: Tenant): NonNullable<Tenant['vaultKeys']> => tenant.vaultKeys ?? []

function tenantOf(secrets: Secrets, id: string): Tenant {
  const found = secrets.tenants.find((t) => t.id === id)
  if (!found) throw new ConfigError(`There is no tenant "${id}".`)
  return found
}

/**
 * The keys of the identity vault. Services run for long: a key that they do not know yet stands in the file, where
 * another process has put it.
 */
export function installationVaultKeys(path: string, secrets: Secrets): VaultKeys {
  const find = (id: string): VaultKey[] =>
    keysOf(tenantOf(secrets, id)).map((k) => ({ id: k.id, key: Buffer.from(k.key, 'hex') }))
  return {
    of: find,
    reload(id) {
      const there = readSecrets(path).tenants.find((t) => t.id === id)
      if (there?.vaultKeys) tenantOf(secrets, id).vaultKeys = there.vaultKeys
      return find(id)
    },
  }
}

export const newVaultKey = (
  known: readonly { id: string }[],
  now: number,
): NonNullable<Tenant['vaultKeys']>[number] => {
  const newest = known.map((k) => Number(/^vault-key-(\d+)$/.exec(k.id)?.[1] ?? 0))
  return {
    id: `vault-key-${Math.max(0, ...newest) + 1}`,
    key: randomBytes(32).toString('hex'),
    since: new Date(now).toISOString(),
  }
}

/** Makes sure that the tenant has a key, in memory and in the file. */
export function ensureVaultKey(path: string, secrets: Secrets, tenantId: string, now: number): void {
  const tenant = tenantOf(secrets, tenantId)
  if (keysOf(tenant).length > 0) return
  const there = readSecrets(path).tenants.find((t) => t.id === tenantId)?.vaultKeys
  if (there && there.length > 0) {
    tenant.vaultKeys = there
    return
  }
  tenant.vaultKeys = [newVaultKey([], now)]
  try {
    writeSecrets(path, secrets)
  } catch (cause) {
    delete tenant.vaultKeys
    throw new ConfigError(
      `Tenant "${tenantId}" has no key for the identity vault, and ${path} can't be written (${(cause as Error).message}). Give the tenant there "vaultKeys": [{"id": "vault-key-1", "key": 64 hexadecimal digits of "openssl rand -hex 32", "since": "2026-01-01T00:00:00Z"}].`,
      { cause },
    )
  }
}

/** Adds a key that seals from now on. Gives its id; the former keys stay until `dropFormerVaultKeys`. */
export function addVaultKey(path: string, secrets: Secrets, tenantId: string, now: number): string {
  const tenant = tenantOf(secrets, tenantId)
  const added = newVaultKey(keysOf(tenant), now)
  tenant.vaultKeys = [...keysOf(tenant), added]
  writeSecrets(path, secrets)
  return added.id
}

/** Removes all keys but the newest: what they have sealed must have been sealed anew. */
export function dropFormerVaultKeys(path: string, secrets: Secrets, tenantId: string): void {
  const tenant = tenantOf(secrets, tenantId)
  tenant.vaultKeys = keysOf(tenant).slice(-1)
  writeSecrets(path, secrets)
}
