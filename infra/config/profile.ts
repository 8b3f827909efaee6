import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'

const ROOT = resolve(import.meta.dirname, '../..')
const Batch = z.object({ maxRecords: z.int().min(1).max(100_000), maxDelayMs: z.int().min(0).max(60_000) })

const FileSchema = z.object({
  partitions: z.int().min(1).max(255),
  generation: z.int().min(0).max(31),
  http: z.object({ host: z.string().min(1), port: z.int().min(0).max(65_535) }),
  batch: z.object({ features: Batch, scoring: Batch, alerts: Batch, gold: Batch.extend({ maxRows: z.int().min(1) }) }),
  cachedStudents: z.int().min(100),
  tickSeconds: z.int().min(1),
  metricsSeconds: z.int().min(0).max(3600),
})
const WindowsSchema = z.object({
  days: z.array(z.int().min(1)).length(3),
  ring: z.object({ min: z.int().min(16), max: z.int().max(65_535), days: z.int().min(1) }),
})

export type ProfileName = 'embedded' | 'local' | 'compose'
export const PROFILES: readonly ProfileName[] = ['embedded', 'local', 'compose']

export interface Profile extends z.infer<typeof FileSchema> {
  name: ProfileName
  /** How often each process writes to ops.metrics how it fares, seconds; 0: never. */
  metricsSeconds: number
  windows: z.infer<typeof WindowsSchema>
  /** Folder of everything that this installation keeps: the embedded stores, the tenants file, the owner's address. */
  dataDir: string
  tenantsFile: string
  /** Folder of trained models. Of several machines all must see the same. */
  modelsDir: string
  /** Folder of the identity vault, encrypted. Of several machines all must see the same. */
  vaultDir: string
  /** File with the key that encrypts the embedded stores; null: they are not encrypted. */
  dataKeyFile: string | null
  /** Addresses of servers; all null on the embedded profile. */
  servers: {
    kafka: string[]
    redis: string
    registry: string
    clickhouse: string
    /** Cluster over which gold's tables are replicated and distributed; null: one server. */
    clickhouseCluster: string | null
  } | null
  /** A service that gives no sign of life for this long loses its partitions to others, milliseconds. */
  sessionTimeoutMs: number
  /**
   * A job whose worker gives no sign of life for this long is given to another one, milliseconds. A worker renews its
   * lock with at least a quarter of this left; what it must outlast is an absence of Redis.
   */
  jobLockMs: number
}

export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** @throws ConfigError where the file is not there or no JSON */
export function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (e) {
    throw new ConfigError(`${file} can't be read as JSON: ${(e as Error).message}`)
  }
}

/** One mistake in a file, with the place where it stands. */
export function mistake(issue: z.core.$ZodIssue): string {
  const place = issue.path.join('.')
  const what =
    issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
      ? `is missing (${issue.expected === 'record' ? 'object' : issue.expected})`
      : issue.code === 'unrecognized_keys'
        ? `has what is not known here: ${issue.keys.join(', ')}`
        : `is wrong: ${issue.message}`
  return `${place === '' ? 'the file' : place} ${what}`
}

/** @throws ConfigError with everything in the file that the schema does not allow */
export function parseFile<T>(schema: z.ZodType<T>, file: string): T {
  const parsed = schema.safeParse(jsonOf(file))
  if (!parsed.success) throw new ConfigError(`${file}: ${parsed.error.issues.map(mistake).join('; ')}`)
  return parsed.data
}

/**
 * Reads the profile's values and, from the environment, what differs per installation. All errors at once. A missing
 * server address refuses to start: nothing falls back to a store that forgets.
 */
export function loadProfile(env: NodeJS.ProcessEnv, given: { profile?: string; data?: string } = {}): Profile {
  const name = given.profile ?? env['MASTERY_PROFILE'] ?? 'embedded'
  if (!PROFILES.includes(name as ProfileName))
    throw new ConfigError(`There is no profile "${name}"; choose one of ${PROFILES.join(', ')}.`)
  const file = parseFile(FileSchema, join(ROOT, 'configs/profiles', `${name}.json`))
  const windows = parseFile(WindowsSchema, join(ROOT, 'configs/windows.json'))
  const dataDir = resolve(
    given.data ?? (env['MASTERY_DATA'] || join(ROOT, name === 'embedded' ? 'data' : `.local/${name}`)),
  )
  const port = env['PORT'] ? Number(env['PORT']) : file.http.port
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigError(`PORT is "${env['PORT']}"; it must be a port number.`)
  return {
    ...file,
    // Brokers refuse less than 6 s and more than 30 minutes unless they are told otherwise.
    sessionTimeoutMs: whole(env, 'KAFKA_SESSION_TIMEOUT_MS', 30_000, 6_000, 1_800_000),
    jobLockMs: whole(env, 'JOBS_LOCK_MS', 30_000, 5_000, 600_000),
    name: name as ProfileName,
    windows,
    metricsSeconds: whole(env, 'METRICS_SECONDS', file.metricsSeconds, 0, 3600, 'seconds'),
    http: { host: env['HOST'] ?? file.http.host, port },
    dataDir,
    tenantsFile: env['MASTERY_TENANTS_FILE'] ?? join(dataDir, 'tenants.json'),
    vaultDir: resolve(env['MASTERY_VAULT_DIR'] || join(dataDir, 'vault')),
    modelsDir: resolve(env['MASTERY_MODELS_DIR'] || join(dataDir, 'models')),
    dataKeyFile: dataKeyFile(name, env),
    servers: name === 'embedded' ? null : servers(name, env),
  }
}

function whole(
  env: NodeJS.ProcessEnv,
  name: string,
  usual: number,
  least: number,
  most: number,
  unit = 'milliseconds',
): number {
  const value = Number(env[name] || usual)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new ConfigError(`${name} is "${env[name]}"; it must be ${unit} from ${least} to ${most}.`)
}

function dataKeyFile(name: string, env: NodeJS.ProcessEnv): string | null {
  const file = env['MASTERY_DATA_KEY_FILE']
  if (!file) return null
  if (name !== 'embedded')
    throw new ConfigError(
      `MASTERY_DATA_KEY_FILE encrypts the stores of the embedded profile only. On the ${name} profile the servers hold the data: encrypt their disks (docs/operations.md, "Encryption").`,
    )
  return resolve(file)
}

function servers(name: string, env: NodeJS.ProcessEnv): NonNullable<Profile['servers']> {
  const file = join(ROOT, '.local/stack/addresses.json')
  const local: Record<string, string> =
    name === 'local' && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {}
  const address = {
    kafka: env['KAFKA_BROKERS'] ?? local['kafka'],
    redis: env['REDIS_URL'] ?? local['redis'],
    registry: env['SCHEMA_REGISTRY_URL'] ?? local['registry'],
    clickhouse: env['CLICKHOUSE_URL'] ?? local['clickhouse'],
  }
  const missing = Object.entries({
    KAFKA_BROKERS: address.kafka,
    REDIS_URL: address.redis,
    SCHEMA_REGISTRY_URL: address.registry,
    CLICKHOUSE_URL: address.clickhouse,
  })
    .filter(([, v]) => !v)
    .map(([k]) => k)
  if (missing.length > 0)
    throw new ConfigError(
      `The ${name} profile needs ${missing.join(', ')}.${name === 'local' ? ' Run "npm run stack -- up" first; it writes the addresses for this profile.' : ''}`,
    )
  return {
    kafka: address.kafka!.split(','),
    redis: address.redis!,
    registry: address.registry!,
    clickhouse: address.clickhouse!,
    clickhouseCluster: env['CLICKHOUSE_CLUSTER'] || null,
  }
}
