import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'

const key = (of: string) => createHash('sha256').update(of).digest('hex')

/**
 * Writes a tenants file. Each tenant's students have pseudonyms of their own, so that several runs on the same servers
 * share nothing but the processes.
 */
export function writeTenants(file: string, ids: readonly string[]): void {
  const tenants = ids.map((id) => ({ id, pseudonymKey: key(`pseudonyms of ${id}`), apiKeyHashes: [] }))
  writeFileSync(file, JSON.stringify({ tenants, rejectKey: key('rejects') }), { mode: 0o600 })
}
