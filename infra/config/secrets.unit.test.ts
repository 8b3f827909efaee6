import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { mayUse, type Right } from '../http/auth.ts'
import { rejectKeys, rotateRejectKey, sealer } from './reject-keys.ts'
import { addApiKey, holderOfKey, ROLES, readOrCreateSecrets, readSecrets, type Secrets } from './secrets.ts'

const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let n = 0
const made = () => {
  const path = join(folder, `tenants-${n++}.json`)
  return { path, ...readOrCreateSecrets(path) }
}

describe('the tenants file', () => {
  it('is made for its owner only, and refused once others can read it', () => {
    const { path } = made()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(() => readSecrets(path)).not.toThrow()
    for (const mode of [0o640, 0o604, 0o620]) {
      chmodSync(path, mode)
      expect(() => readSecrets(path)).toThrow(/can be read by others .*chmod 600/)
    }
  })

  it('stays closed when keys are added', () => {
    const { path, secrets } = made()
    addApiKey(path, secrets, secrets.tenants[0]!, 'admin')
    rotateRejectKey(path, secrets, 0)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readSecrets(path)).toEqual(secrets)
  })

  it('names what is wrong and prints no value', () => {
    const { path, secrets } = made()
    const wrong = {
      ...secrets,
      tenants: [{ ...secrets.tenants[0]!, apiKeys: [{ id: 'k', hash: 'abc123', role: 'god' }] }],
    }
    writeFileSync(path, JSON.stringify(wrong), { mode: 0o600 })
    expect(() => readSecrets(path)).toThrow(/apiKeys\.0\.hash.*apiKeys\.0\.role/)
    expect(() => readSecrets(path)).not.toThrow(/abc123/)
  })
})

describe('API keys', () => {
  it('allow what their role says; one without a role sends and reads, as before there were roles', () => {
    const { path, secrets, createdApiKey } = made()
    const rights: Right[] = ['ingest', 'read', 'inbox', 'admin', 'operator']
    const of = (key: string) => {
      const holder = holderOfKey(secrets, key)!
      return rights.filter((r) => mayUse(holder.role, r))
    }
    expect(of(createdApiKey!)).toEqual(['ingest', 'read'])
    const keys = ROLES.map((role) => addApiKey(path, secrets, secrets.tenants[0]!, role))
    expect(keys.map(of)).toEqual([
      ['ingest'],
      ['read'],
      ['read', 'inbox', 'admin'],
      ['read', 'inbox', 'admin', 'operator'],
      ['inbox'],
    ])
    expect(holderOfKey(secrets, 'ms_nobody')).toBeNull()
    const text = readFileSync(path, 'utf8')
    for (const key of [createdApiKey!, ...keys]) expect(text).not.toContain(key)
  })
})

describe('reject keys', () => {
  const bytes = Buffer.from('{"id": "the original bytes"}')

  it('opens what older keys have sealed, and seals with the newest', () => {
    const { path, secrets } = made()
    const keys = sealer(secrets)
    const first = keys.seal('r1', bytes)
    expect(first.encryption).toBe('aes-256-gcm:reject-key')
    expect(rotateRejectKey(path, secrets, Date.UTC(2026, 0, 1))).toBe('reject-key-2')
    const second = keys.seal('r1', bytes)
    expect(second.encryption).toBe('aes-256-gcm:reject-key-2')
    expect(second.bytes.equals(first.bytes)).toBe(false)
    rotateRejectKey(path, secrets, Date.UTC(2026, 1, 1))
    const reread = sealer(readSecrets(path))
    for (const s of [first, second]) expect(reread.unseal(s.bytes, s.encryption)).toEqual(bytes)
    expect(rejectKeys(secrets).map((k) => k.id)).toEqual(['reject-key', 'reject-key-2', 'reject-key-3'])
  })

  it('gives equal ciphertext for equal bytes under one key', () => {
    const { secrets } = made()
    expect(sealer(secrets).seal('r', bytes)).toEqual(sealer(secrets).seal('r', bytes))
    expect(sealer(secrets).seal('q', bytes).bytes.equals(sealer(secrets).seal('r', bytes).bytes)).toBe(false)
  })

  it('says so where the key is another one, or is missing', () => {
    const { bytes: sealed } = sealer(made().secrets).seal('r', bytes)
    const other: Secrets = made().secrets
    expect(() => sealer(other).unseal(sealed, 'aes-256-gcm:reject-key')).toThrow(/another reject key/)
    expect(() => sealer(other).unseal(sealed, 'aes-256-gcm:reject-key-9')).toThrow(/"reject-key-9".*does not have/)
  })
})
