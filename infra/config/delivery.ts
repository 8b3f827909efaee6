import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { ConfigError, parseFile } from './profile.ts'
import { refuseOpenFile } from './secrets.ts'

const FILE = join(resolve(import.meta.dirname, '../..'), 'configs/delivery.json')

const web = z.string().regex(/^https?:\/\/\S+$/, 'an address that begins with http:// or https://')
const page = z.string().regex(/^(\{publicUrl\}|https?:\/\/)\S*$/, 'an address, or one that begins with {publicUrl}')
const timeoutSeconds = z.int().min(1).max(300).default(30)
/** The name of an environment variable, or a file that only its owner can read. */
const secret = z.union([z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })])

const MailSchema = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  tls: z.enum(['implicit', 'starttls', 'none']),
  user: z.string().min(1).nullable().default(null),
  password: secret.nullable().default(null),
  from: z.string().regex(/^[^\s@<>]+@[^\s@<>]+$/, 'a mail address without a name'),
  fromName: z.string().max(200).default('mastery-stream'),
  timeoutSeconds,
  connections: z.int().min(1).max(100).default(4),
})
const WebhookSchema = z.strictObject({ url: web, secret, names: z.boolean().default(false), timeoutSeconds })
const TenantSchema = z.strictObject({
  language: z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/, 'a BCP 47 tag, such as de or en-GB'),
  mail: MailSchema.nullable(),
  webhook: WebhookSchema.nullable(),
})
const FileSchema = z.strictObject({
  /** Where readers reach the API. */
  publicUrl: web,
  /** Page of a student; {student} is the pseudonym. */
  studentPage: page,
  inboxPage: page,
  /** What was decided longer ago stands in the inbox, and is not sent; null: everything is sent. */
  maxAgeHours: z.int().min(1).nullable(),
  /** Messages to one reader in an hour over one channel; the others wait. */
  perHour: z.int().min(1).max(10_000),
  /** Failures after which a message is dead. */
  attempts: z.int().min(1).max(100),
  /** Wait after the first failure; doubles with each, an hour at most. */
  backoffSeconds: z.number().min(0).max(3_600),
  /** By tenant; "*" for those that are not named. */
  tenants: z.record(z.string(), TenantSchema),
})

export type MailConfig = Omit<z.infer<typeof MailSchema>, 'password'> & { password: string | null }
export type WebhookConfig = Omit<z.infer<typeof WebhookSchema>, 'secret'> & { secret: string }
export interface TenantDelivery {
  language: string
  mail: MailConfig | null
  webhook: WebhookConfig | null
}
export interface DeliveryConfig extends Omit<z.infer<typeof FileSchema>, 'tenants'> {
  /** Of a tenant; without secrets nothing is sent. */
  of(tenant: string): TenantDelivery
}

/**
 * Reads how people are reached, with the secrets that it names. MASTERY_DELIVERY_FILE names another file.
 * @throws ConfigError with every mistake, and never a secret
 */
export function loadDelivery(env: NodeJS.ProcessEnv, file = env['MASTERY_DELIVERY_FILE'] || FILE): DeliveryConfig {
  const parsed = parseFile(FileSchema, file)
  const wrong: string[] = []
  const read = (place: string, from: z.infer<typeof secret>): string => {
    try {
      return secretOf(from, env)
    } catch (e) {
      wrong.push(`${place}: ${(e as Error).message}`)
      return ''
    }
  }
  const tenants = new Map<string, TenantDelivery>()
  for (const [id, t] of Object.entries(parsed.tenants)) {
    const at = `tenants.${id}`
    if (t.mail !== null && (t.mail.user === null) !== (t.mail.password === null))
      wrong.push(`${at}.mail: give user and password, or neither`)
    tenants.set(id, {
      language: t.language,
      mail: t.mail && { ...t.mail, password: t.mail.password && read(`${at}.mail.password`, t.mail.password) },
      webhook: t.webhook && { ...t.webhook, secret: read(`${at}.webhook.secret`, t.webhook.secret) },
    })
  }
  if (wrong.length > 0) throw new ConfigError(`${file}: ${wrong.join('; ')}`)
  const nobody: TenantDelivery = { language: 'en', mail: null, webhook: null }
  return { ...parsed, of: (tenant) => tenants.get(tenant) ?? tenants.get('*') ?? nobody }
}

/** For whoever names the jobs that send messages and runs none of them: it knows no secret. */
export const UNSENT: DeliveryConfig = {
  publicUrl: 'http://127.0.0.1:8080',
  studentPage: '{publicUrl}',
  inboxPage: '{publicUrl}',
  maxAgeHours: null,
  perHour: 1,
  attempts: 14,
  backoffSeconds: 30,
  of: () => ({ language: 'en', mail: null, webhook: null }),
}

/** Least bytes of a secret: what is shorter can be guessed. */
const LEAST = 8

function secretOf(from: z.infer<typeof secret>, env: NodeJS.ProcessEnv): string {
  if ('env' in from) {
    const value = env[from.env]
    if (!value) throw new Error(`the environment variable ${from.env} is not set`)
    return long(value)
  }
  if (!existsSync(from.file)) throw new Error(`there is no file ${from.file}`)
  refuseOpenFile(from.file, 'secret file')
  return long(readFileSync(from.file, 'utf8').replace(/\r?\n$/, ''))
}

function long(value: string): string {
  if (Buffer.byteLength(value) < LEAST) throw new Error(`the secret has fewer than ${LEAST} bytes`)
  return value
}
