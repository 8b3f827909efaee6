import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identityVaultContract } from '@mastery/topology/testing/identity-vault-contract.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { readOrCreateSecrets, readSecrets } from '../../config/secrets.ts'
import { addVaultKey, dropFormerVaultKeys, ensureVaultKey, installationVaultKeys } from '../../config/vault-keys.ts'
import { FileVault, type VaultRead } from './identity-vault.ts'

const root = mkdtempSync(join(tmpdir(), 'mastery-vault-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let made = 0

/** Tenants a, b and c, each with a key, and a folder of their own. */
function place() {
  const dir = join(root, String(++made))
  const file = join(dir, 'tenants.json')
  const { secrets } = readOrCreateSecrets(file)
  const [first] = secrets.tenants
  secrets.tenants = ['a', 'b', 'c'].map((id) => ({ ...first!, id, apiKeyHashes: [] }))
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
  for (const t of secrets.tenants) ensureVaultKey(file, secrets, t.id, 0)
  const heard: VaultRead[] = []
  const open = () => {
    const own = readSecrets(file)
    const vault = new FileVault({
      dir: join(dir, 'vault'),
      keys: installationVaultKeys(file, own),
      note: (r) => heard.push(r),
    })
    return { vault, own }
  }
  return { dir, file, secrets, heard, open }
}

identityVaultContract(async () => {
  const { open, heard } = place()
  return { vault: open().vault, again: open().vault, reads: () => heard }
})

const PEOPLE = [{ pseudonym: 'p-ann', name: 'Ann Doe', email: 'ann@mail.example', language: null }]
const ROSTER = { version: 'v1', people: PEOPLE, titles: [{ id: 'm6', title: 'Maths of Ann' }] }

describe('a vault in a file', () => {
  it('holds no name in the clear, in a folder that only its owner can read', async () => {
    const { dir, open } = place()
    await open().vault.replace('a', ROSTER)
    expect(readdirSync(join(dir, 'vault'))).toEqual(['a.vault'])
    expect(readFileSync(join(dir, 'vault/a.vault')).toString('latin1')).not.toMatch(/Ann|mail|p-ann|Maths/)
    for (const path of ['vault', 'vault/a.vault']) expect(statSync(join(dir, path)).mode & 0o077).toBe(0)
  })

  it('is sealed anew by a rotation, which processes that run already follow', async () => {
    const { dir, file, open } = place()
    const running = open().vault
    const { vault, own } = open()
    await vault.replace('a', ROSTER)
    const before = readFileSync(join(dir, 'vault/a.vault'))
    expect((await running.people('a', ['p-ann'], 'r')).size).toBe(1)
    expect(addVaultKey(file, own, 'a', 0)).toBe('vault-key-2')
    expect(await vault.sealAnew('a')).toBe(true)
    expect(await vault.sealAnew('b')).toBe(false)
    dropFormerVaultKeys(file, own, 'a')
    expect(readSecrets(file).tenants[0]!.vaultKeys!.map((k) => k.id)).toEqual(['vault-key-2'])
    expect((await running.people('a', ['p-ann'], 'r')).size).toBe(1)
    expect((await open().vault.people('a', ['p-ann'], 'r')).size).toBe(1)
    // The former bytes need the former key, which is gone.
    writeFileSync(join(dir, 'vault/a.vault'), before)
    await expect(open().vault.people('a', ['p-ann'], 'r')).rejects.toThrow(
      /the key "vault-key-1", which the tenants file does not have/,
    )
    // The other tenants' keys are their own.
    expect(readSecrets(file).tenants[1]!.vaultKeys!.map((k) => k.id)).toEqual(['vault-key-1'])
  })

  it('refuses bytes that were changed, cut, or are those of another tenant', async () => {
    const { dir, open, file, secrets } = place()
    await open().vault.replace('a', ROSTER)
    const path = join(dir, 'vault/a.vault')
    const whole = readFileSync(path)
    for (const i of [30, 60, whole.length - 1]) {
      const spoiled = Buffer.from(whole)
      spoiled[i]! ^= 1
      writeFileSync(path, spoiled)
      await expect(open().vault.people('a', ['p-ann'], 'r')).rejects.toThrow(
        /can't be opened: its bytes are not what its key has sealed/,
      )
    }
    writeFileSync(path, whole.subarray(0, 10))
    await expect(open().vault.people('a', ['p-ann'], 'r')).rejects.toThrow(/can't be opened/)
    // Even where two tenants had one key, a file opens under its own name only.
    secrets.tenants[1]!.vaultKeys = secrets.tenants[0]!.vaultKeys!
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
    writeFileSync(path, whole)
    renameSync(path, join(dir, 'vault/b.vault'))
    await expect(open().vault.people('b', ['p-ann'], 'r')).rejects.toThrow(/can't be opened: its bytes/)
  })

  it('gives a tenant its key once, also where another process did', () => {
    const { file, secrets, open } = place()
    for (const t of secrets.tenants) delete t.vaultKeys
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
    const [one, other] = [open().own, open().own]
    ensureVaultKey(file, one, 'a', 0)
    ensureVaultKey(file, other, 'a', 0)
    expect(other.tenants[0]!.vaultKeys).toEqual(one.tenants[0]!.vaultKeys)
    ensureVaultKey(file, other, 'a', 0)
    expect(readSecrets(file).tenants[0]!.vaultKeys).toHaveLength(1)
  })
})
