import { join, resolve } from 'node:path'

/** What the process is told. Sizes in bytes, times in milliseconds. */
export type HttpEngineConfig = {
  host: string
  port: number
  /** Folder of the engine's tables. One process per folder: the engine refuses a second one. */
  dataDir: string
  /** Folder where request bodies wait for the engine's own readers. Emptied at start. */
  spoolDir: string
  /** Statements that run at once; the others wait their turn in order of arrival. */
  concurrency: number
  /** How long running statements may take to finish after SIGTERM. */
  drainMs: number
  /** Asked of every caller when set; anyone on this host may call when null. */
  credentials: { user: string; password: string } | null
}

/**
 * Reads the configuration from the environment.
 * @throws Error that lists every wrong or missing value at once.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): HttpEngineConfig {
  const faults: string[] = []
  const whole = (name: string, fallback: number, least: number, most: number): number => {
    const text = env[name]
    if (text === undefined || text === '') return fallback
    const value = Number(text)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    faults.push(`${name} must be a whole number from ${least} to ${most}, not "${text}"`)
    return fallback
  }
  const dataDir = env['CLICKHOUSE_ENGINE_DATA'] ?? ''
  if (dataDir === '') faults.push('CLICKHOUSE_ENGINE_DATA must name the folder for the tables')
  const password = env['CLICKHOUSE_PASSWORD'] ?? ''
  const user = env['CLICKHOUSE_USER'] ?? ''
  const config: HttpEngineConfig = {
    host: env['CLICKHOUSE_ENGINE_HOST'] || '127.0.0.1',
    port: whole('CLICKHOUSE_ENGINE_PORT', 8123, 0, 65_535),
    dataDir: resolve(dataDir),
    spoolDir: join(resolve(dataDir), '..', 'spool'),
    concurrency: whole('CLICKHOUSE_ENGINE_CONCURRENCY', 8, 1, 64),
    drainMs: whole('CLICKHOUSE_ENGINE_DRAIN_MS', 8_000, 0, 600_000),
    credentials: user === '' && password === '' ? null : { user: user || 'default', password },
  }
  if (faults.length > 0) throw new Error(`the ClickHouse engine cannot start:\n  ${faults.join('\n  ')}`)
  return config
}
