import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { JobDefinition, JobQueue } from '@mastery/topology/ports/job-queue.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { ServerSource } from '@mastery/topology/served/servers.ts'
import { TOPICS } from '@mastery/topology/topics.ts'
import { ClickHouseGold } from '../adapters/clickhouse/gold.ts'
import { Environment } from '../adapters/embedded/environment.ts'
import { EmbeddedJobs } from '../adapters/embedded/jobs.ts'
import { EmbeddedLog } from '../adapters/embedded/log.ts'
import { EmbeddedState } from '../adapters/embedded/state.ts'
import { FileArtefactStore } from '../adapters/files/artefact-store.ts'
import { FileVault, type VaultRead } from '../adapters/files/identity-vault.ts'
import { openCodec } from '../adapters/schema-registry/registry.ts'
import { dataKeys } from '../config/data-key.ts'
import { ConfigError, type Profile } from '../config/profile.ts'
import { sealer } from '../config/reject-keys.ts'
import { readOrCreateSecrets, readSecrets, type Secrets } from '../config/secrets.ts'
import { installationVaultKeys } from '../config/vault-keys.ts'
import { type ProvideFiles, provideFrom } from './artefacts.ts'
import { Generations } from './generations.ts'
import { Meters } from './ops/meters.ts'
import { threadServers } from './served-thread.ts'
import type { RuntimeParts } from './stage-runner.ts'

export const VERSION = '0.1.0'

/** Log, state, codec and secrets of one installation, whatever the profile; gold is opened by who needs it. */
export interface Installation extends RuntimeParts {
  profile: Profile
  secrets: Secrets
  /** Shown once, when the tenants file was made. */
  createdApiKey: string | null
  generations: Generations
  /** Trained models. */
  artefacts: ArtefactStore
  provide: ProvideFiles
  servers: ServerSource
  meters: Meters
  /** Names and addresses. `note` hears of every reading, for the access log. */
  vault(note: (read: VaultRead) => void): FileVault
  openGold(): Promise<ClickHouseGold>
  /** The queue of jobs; the definitions are all jobs there are. */
  openJobs(jobs: readonly JobDefinition[]): Promise<JobQueue>
  close(): Promise<void>
}

function schemaOrder(dir: string) {
  const file = join(dir, 'schemas.json')
  return {
    load: (): string[] => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as string[]) : []),
    save: (order: string[]) => writeFileSync(file, JSON.stringify(order, null, 2)),
  }
}

/** Whoever hashes by another number than the log has would write where nobody reads. */
async function sameCount(log: EventLog, profile: Profile, close: () => Promise<void>): Promise<void> {
  const there = await log.partitions('learning.events')
  if (there === profile.partitions) return
  await close()
  throw new ConfigError(
    `learning.events has ${there} partitions, and configs/profiles/${profile.name}.json says ${profile.partitions}. The number is fixed when an installation begins: set "partitions" back to ${there}. More partitions for what is computed come with "npx mastery replay --partitions N".`,
  )
}

const clock = () => performance.now()

function vaults(profile: Profile, secrets: Secrets): Installation['vault'] {
  const keys = installationVaultKeys(profile.tenantsFile, secrets)
  return (note) => new FileVault({ dir: profile.vaultDir, keys, note })
}

/** Opens the adapters that the profile names and provisions topics and subjects. Idempotent. */
export async function openInstallation(profile: Profile, telemetry: Telemetry): Promise<Installation> {
  const topics = TOPICS.map((t) => t.name)
  const artefacts = new FileArtefactStore(profile.modelsDir)
  const servers = threadServers(({ level, message, fields }) => telemetry[level](message, fields))
  const models = { artefacts, provide: provideFrom(artefacts), servers, meters: new Meters() }
  if (profile.servers === null) {
    mkdirSync(profile.dataDir, { recursive: true })
    const { secrets, createdApiKey } = readOrCreateSecrets(profile.tenantsFile)
    const keys = dataKeys(profile.dataDir, profile.dataKeyFile)
    const env = new Environment(join(profile.dataDir, 'log'), keys?.log)
    const log = new EmbeddedLog(env)
    await log.ensureTopics(topics, profile.partitions)
    await sameCount(log, profile, () => env.close())
    const codec = await openCodec({ url: 'mock://', order: schemaOrder(profile.dataDir) })
    const generations = new Generations(log, codec)
    await generations.refresh()
    return {
      ...models,
      profile,
      secrets,
      createdApiKey,
      vault: vaults(profile, secrets),
      generations,
      log,
      state: new EmbeddedState(env, log),
      codec,
      sealer: sealer(secrets),
      telemetry,
      version: VERSION,
      clock,
      async openGold() {
        const gold = new ClickHouseGold({ path: join(profile.dataDir, 'gold'), key: keys?.gold ?? null })
        await gold.migrate()
        return gold
      },
      async openJobs(jobs) {
        return new EmbeddedJobs(env, jobs)
      },
      async close() {
        await servers.close()
        await env.close()
      },
    }
  }
  const addresses = profile.servers
  const { openKafkaLog } = await import('../adapters/kafka/log.ts')
  const { openRedisState } = await import('../adapters/redis/state.ts')
  const own =
    profile.name === 'local'
      ? readOrCreateSecrets(profile.tenantsFile)
      : { secrets: readSecrets(profile.tenantsFile), createdApiKey: null }
  const log = await openKafkaLog({
    brokers: addresses.kafka,
    clientId: 'mastery-stream',
    telemetry,
    sessionTimeoutMs: profile.sessionTimeoutMs,
  })
  await log.ensureTopics(topics, profile.partitions)
  await sameCount(log, profile, () => log.close())
  const state = await openRedisState({ url: addresses.redis })
  const codec = await openCodec({ url: addresses.registry })
  const generations = new Generations(log, codec)
  await generations.refresh()
  return {
    ...models,
    profile,
    secrets: own.secrets,
    createdApiKey: own.createdApiKey,
    vault: vaults(profile, own.secrets),
    generations,
    log,
    state,
    codec,
    sealer: sealer(own.secrets),
    telemetry,
    version: VERSION,
    clock,
    async openGold() {
      const gold = new ClickHouseGold({ url: addresses.clickhouse, cluster: addresses.clickhouseCluster })
      await gold.migrate()
      return gold
    },
    async openJobs(jobs) {
      const { openBullJobs } = await import('../adapters/bullmq/jobs.ts')
      return openBullJobs({ url: addresses.redis, lockMs: profile.jobLockMs }, jobs)
    },
    async close() {
      await servers.close()
      await log.close()
      await state.close()
    },
  }
}
