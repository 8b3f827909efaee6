import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import type { Sealer } from '../runtime/logic.ts'
import { type Secrets, writeSecrets } from './secrets.ts'

const ALGORITHM = 'aes-256-gcm'
/** Id of the key that the file began with. */
const FIRST = 'reject-key'

/** Every key that opens rejects by its id; the last one seals. */
export function rejectKeys(secrets: Secrets): { id: string; key: string; since: string | null }[] {
  return [{ id: FIRST, key: secrets.rejectKey, since: null }, ...(secrets.rejectKeys ?? [])]
}

/** Adds a key, in memory and in the file; what is sealed from now on is sealed with it. Gives its id. */
export function rotateRejectKey(path: string, secrets: Secrets, now: number): string {
  const id = `reject-key-${rejectKeys(secrets).length + 1}`
  secrets.rejectKeys = [
    ...(secrets.rejectKeys ?? []),
    { id, key: randomBytes(32).toString('hex'), since: new Date(now).toISOString() },
  ]
  writeSecrets(path, secrets)
  return id
}

/**
 * AES-256-GCM with a nonce derived from key, reject id and bytes, so that the same reject always gives the same
 * ciphertext under one key and two different ones never share a nonce. Layout: 12 bytes nonce, 16 bytes tag, ciphertext.
 */
export function sealer(secrets: Secrets): Sealer & { unseal(bytes: Uint8Array, encryption: string | null): Buffer } {
  return {
    seal(id, bytes) {
      const newest = rejectKeys(secrets).at(-1)!
      const key = Buffer.from(newest.key, 'hex')
      const nonce = createHmac('sha256', key).update(id).update(bytes).digest().subarray(0, 12)
      const cipher = createCipheriv(ALGORITHM, key, nonce)
      const body = Buffer.concat([cipher.update(bytes), cipher.final()])
      return { bytes: Buffer.concat([nonce, cipher.getAuthTag(), body]), encryption: `${ALGORITHM}:${newest.id}` }
    },
    unseal(bytes, encryption) {
      if (encryption === null) return Buffer.from(bytes)
      const id = encryption.slice(encryption.indexOf(':') + 1)
      const known = rejectKeys(secrets).find((k) => k.id === id)
      if (!known)
        throw new Error(
          `The bytes were sealed with the key "${id}", which this tenants file does not have; use the file of the process that wrote them.`,
        )
      const b = Buffer.from(bytes)
      const decipher = createDecipheriv(ALGORITHM, Buffer.from(known.key, 'hex'), b.subarray(0, 12))
      decipher.setAuthTag(b.subarray(12, 28))
      try {
        return Buffer.concat([decipher.update(b.subarray(28)), decipher.final()])
      } catch {
        throw new Error(
          'The bytes were sealed with another reject key; use the tenants file of the process that wrote them.',
        )
      }
    },
  }
}
