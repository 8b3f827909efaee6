import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { LEARNER_ID } from '@mastery/topology/roster/learner-id.ts'
import { isZone } from '@mastery/topology/roster/validate.ts'
import { z } from 'zod'
import { mistake } from './profile.ts'

const HEX = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')

/**
 * What an API key may be used for. ingest: send events. read: read mastery. admin: read, erase, readmit, export, see who
 * read, see anybody's inbox. operator: as admin, with the bytes of rejects. person: see one person's own inbox.
 */
export const ROLES = ['ingest', 'read', 'admin', 'operator', 'person'] as const
export type Role = (typeof ROLES)[number]

const ApiKeySchema = z.object({
  /** Names the key in the access log. */
  id: z.string().min(1),
  hash: HEX,
  role: z.enum(ROLES),
  /** Whose inbox a key with the role person opens, by pseudonym. */
  person: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'a pseudonym of 32 hexadecimal digits')
    .optional(),
})
const VaultKeySchema = z.object({ id: z.string().regex(/^[a-z0-9-]{1,32}$/), key: HEX, since: z.string() })
/** How a tenant's roster is read. */
const RosterSchema = z.object({
  /** Which identifier of users.csv events have as the learner's id. */
  learnerId: z
    .string()
    .regex(LEARNER_ID, 'sourcedId, username, identifier, email, or userIds:TYPE for the id in {TYPE:id}')
    .optional(),
  /** IANA zones by sourcedId of the organisation; of what belongs to it, too. */
  zones: z.record(z.string(), z.string().refine(isZone, 'a name of the IANA list, such as Europe/Berlin')).optional(),
})
const RejectKeySchema = z.object({ id: z.string().regex(/^[a-z0-9-]{1,32}$/), key: HEX, since: z.string() })

const TenantSchema = z.object({
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, - and _'),
  /** Key of the pseudonyms, 32 bytes in hexadecimal. Changing it makes every student a new one. */
  pseudonymKey: HEX,
  /** SHA-256 of each API key that may send events and read mastery, in hexadecimal. */
  apiKeyHashes: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  /** Keys with a role. */
  apiKeys: z.array(ApiKeySchema).optional(),
  /** Keys of the identity vault, the newest last: it seals, the others open what they have sealed. */
  vaultKeys: z.array(VaultKeySchema).optional(),
  roster: RosterSchema.optional(),
})
const SecretsSchema = z.object({
  tenants: z.array(TenantSchema).min(1),
  /** Key that encrypts the bytes of rejects, 32 bytes in hexadecimal. */
  rejectKey: HEX,
  /** Keys that followed it, the newest last: it seals, the others open what they have sealed. */
  rejectKeys: z.array(RejectKeySchema).optional(),
})

export type Tenant = z.infer<typeof TenantSchema>
export type Secrets = z.infer<typeof SecretsSchema>

/**
 * A file of keys that others on this machine can read is no secret. Files of another owner are that owner's matter.
 * @throws Error that says what to do
 */
export function refuseOpenFile(path: string, what = 'tenants file'): void {
  const { mode, uid } = statSync(path)
  if (process.getuid?.() === uid && (mode & 0o077) !== 0)
    throw new Error(
      `The ${what} ${path} holds keys and can be read by others (mode ${(mode & 0o777).toString(8)}). Run "chmod 600 ${path}".`,
    )
}

/** Reads the secrets file. Throws an Error that names every wrong field, and never prints a value. */
export function readSecrets(path: string): Secrets {
  if (existsSync(path)) refuseOpenFile(path)
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (e) {
    throw new Error(
      `The tenants file ${path} can't be read: ${(e as Error).message.split('\n')[0]}. MASTERY_TENANTS_FILE names it.`,
    )
  }
  const parsed = SecretsSchema.safeParse(json)
  if (!parsed.success)
    throw new Error(`The tenants file ${path} is wrong: ${parsed.error.issues.map(mistake).join('; ')}.`)
  return parsed.data
}

/** Reads the file, or makes one with a tenant called "school" and fresh keys. The API key is shown once, by whoever calls. */
export function readOrCreateSecrets(path: string): { secrets: Secrets; createdApiKey: string | null } {
  if (existsSync(path)) return { secrets: readSecrets(path), createdApiKey: null }
  const apiKey = newApiKey()
  const secrets: Secrets = {
    tenants: [{ id: 'school', pseudonymKey: randomBytes(32).toString('hex'), apiKeyHashes: [hashKey(apiKey)] }],
    rejectKey: randomBytes(32).toString('hex'),
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  return { secrets, createdApiKey: apiKey }
}

/** Writes the file anew, in one step, readable by its owner only. */
export function writeSecrets(path: string, secrets: Secrets): void {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, path)
}

/** Makes an API key for a tenant, in memory and in the file, which keeps its hash. Gives the key. */
export function addApiKey(
  path: string,
  secrets: Secrets,
  tenant: Tenant,
  role: Role | null = null,
  person?: string,
): string {
  const apiKey = newApiKey()
  if (role === null) tenant.apiKeyHashes.push(hashKey(apiKey))
  else {
    tenant.apiKeys ??= []
    tenant.apiKeys.push({
      id: keyId(hashKey(apiKey)),
      hash: hashKey(apiKey),
      role,
      ...(person === undefined ? {} : { person }),
    })
  }
  writeSecrets(path, secrets)
  return apiKey
}

function newApiKey(): string {
  return `ms_${randomBytes(24).toString('base64url')}`
}

export function hashKey(apiKey: string): string {
  return createHash('sha256').update(apiKey).digest('hex')
}

/** Names a key without giving it away. */
function keyId(hash: string): string {
  return `key-${hash.slice(0, 8)}`
}

/** Whom an API key stands for. A key without a role may send events and read mastery. */
export interface KeyHolder {
  tenant: Tenant
  keyId: string
  role: Role | null
  /** Pseudonym; null for keys of nobody in particular. */
  person: string | null
}

/** Null for a key of no tenant. Takes the same time whichever key is tried. */
export function holderOfKey(secrets: Secrets, apiKey: string): KeyHolder | null {
  const given = Buffer.from(hashKey(apiKey), 'hex')
  const same = (hash: string) => timingSafeEqual(given, Buffer.from(hash, 'hex'))
  let found: KeyHolder | null = null
  for (const tenant of secrets.tenants) {
    for (const hash of tenant.apiKeyHashes)
      if (same(hash)) found = { tenant, keyId: keyId(hash), role: null, person: null }
    for (const k of tenant.apiKeys ?? [])
      if (same(k.hash)) found = { tenant, keyId: k.id, role: k.role, person: k.person ?? null }
  }
  return found
}

const REMEMBERED = 200_000

/** The tenant's own student id to its pseudonym: HMAC-SHA256 under the tenant's key, the first 128 bits in hexadecimal. */
export function pseudonymiser(tenant: Tenant): (studentId: string) => string {
  const key = Buffer.from(tenant.pseudonymKey, 'hex')
  const known = new Map<string, string>()
  return (studentId) => {
    let p = known.get(studentId)
    if (p === undefined) {
      p = createHmac('sha256', key).update(studentId).digest('hex').slice(0, 32)
      if (known.size >= REMEMBERED) known.clear()
      known.set(studentId, p)
    }
    return p
  }
}
