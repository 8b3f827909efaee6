import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment } from '@mastery/infra/adapters/embedded/environment.ts'
import { EmbeddedLog } from '@mastery/infra/adapters/embedded/log.ts'
import { EmbeddedState } from '@mastery/infra/adapters/embedded/state.ts'
import { openCodec } from '@mastery/infra/adapters/schema-registry/registry.ts'
import { sealer } from '@mastery/infra/config/reject-keys.ts'
import { hashKey, pseudonymiser, type Secrets } from '@mastery/infra/config/secrets.ts'
import { listen } from '@mastery/infra/http/server.ts'
import { foldStage } from '@mastery/infra/runtime/stage-runner.ts'
import { FIRST } from '@mastery/topology/generations/generation.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { intakeStage } from '@mastery/topology/stages/intake/intake-stage.ts'
import { scoringStage } from '@mastery/topology/stages/scoring/stage.ts'
import { windowingStage } from '@mastery/topology/stages/windowing/stage.ts'
import { MapVault } from '@mastery/topology/testing/map-vault.ts'
import { TOPICS } from '@mastery/topology/topics.ts'
import { createApi } from '../src/api.ts'
import type { AuthMode } from '../src/who.ts'

export const KEY = 'key-of-the-school'
export const PERSON_KEY = 'key-of-dora'
export const PERSON = 'd0'.repeat(16)
export const OPERATOR_KEY = 'key-of-an-operator'
export const NOW = Date.UTC(2026, 8, 10, 12)
const PARTITIONS = 3
const RING = { min: 64, max: 4096, days: 97 }

const TENANTS: Secrets['tenants'] = [
  {
    id: 'school',
    pseudonymKey: 'ab'.repeat(32),
    apiKeyHashes: [hashKey(KEY)],
    apiKeys: [
      { id: 'key-of-dora', hash: hashKey(PERSON_KEY), role: 'person', person: PERSON },
      { id: 'key-of-an-operator', hash: hashKey(OPERATOR_KEY), role: 'operator' },
    ],
  },
  { id: 'other', pseudonymKey: 'cd'.repeat(32), apiKeyHashes: [hashKey('key-of-the-other')] },
]

export const pseudonymOf = pseudonymiser(TENANTS[0]!)

/** Intake, features and scoring over an embedded log, and the API over their states. */
export async function startApi(gold: GoldStore, with_: { auth?: AuthMode; tenants?: 1 | 2; names?: MapVault } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'mastery-api-'))
  const env = new Environment(folder)
  const log = new EmbeddedLog(env)
  const state = new EmbeddedState(env, log)
  await log.ensureTopics(
    TOPICS.map((t) => t.name),
    PARTITIONS,
  )
  const codec = await openCodec({ url: 'mock://' })
  const secrets: Secrets = { tenants: TENANTS.slice(0, with_.tenants ?? 2), rejectKey: 'ef'.repeat(32) }
  const parts = { log, state, codec, sealer: sealer(secrets), telemetry: SILENT, version: 'test' }
  const failures: Error[] = []
  const pseudonyms = new Map(TENANTS.map((t) => [t.id, pseudonymiser(t)]))
  const intake = intakeStage({
    tenants: secrets.tenants.map((t) => t.id),
    pseudonym: (tenant, id) => pseudonyms.get(tenant)!(id),
  })
  const options = {
    generation: 0,
    batch: { maxRecords: 50, maxDelayMs: 5 },
    cachedStates: 1000,
    partitions: { input: PARTITIONS, output: PARTITIONS },
    onFailure: (e: Error) => void failures.push(e),
  }
  const stages = [
    foldStage(parts, intake, options),
    foldStage(parts, windowingStage({ days: [7, 30, 90], ring: RING, generation: 0 }), options),
    foldStage(parts, scoringStage({ ring: RING, generation: 0 }), options),
  ]
  for (const s of stages) await s.start()
  const api = createApi({
    state,
    gold,
    partitions: PARTITIONS,
    generation: () => FIRST,
    provide: async () => {},
    secrets,
    windows: [7, 30, 90],
    auth: with_.auth ?? 'key',
    progress: { mastered: 0.7, stays: 3, ready: 0.6, success: 0.7 },
    now: () => NOW,
    telemetry: SILENT,
    version: 'test',
    names: with_.names ?? new MapVault(),
    privacy: {
      log,
      state,
      codec,
      provide: async () => {},
      gold: Object.assign(gold, { deleteRows: async () => {} }),
      partitions: PARTITIONS,
      generations: () => [FIRST],
      jobs: null,
      roster: null,
      logExpires: false,
      telemetry: SILENT,
      now: () => NOW,
      waitMs: 100,
    },
  })
  const server = await listen(api.routes, { host: '127.0.0.1', port: 0, telemetry: SILENT, drainMs: 500 })

  return {
    log,
    codec,
    routes: api.routes,
    url: server.url,
    /** Produces raw bytes as an outside producer would, to a partition of its own choosing, and waits for the stages. */
    async produce(values: readonly (Record<string, unknown> | string)[]): Promise<void> {
      await log.append(
        values.map((v, i) => ({
          topic: 'learning.intake' as const,
          partition: i % PARTITIONS,
          key: `producer-${i}`,
          value: Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)),
          timestamp: NOW,
        })),
      )
      for (let quiet = 0; quiet < 3; ) {
        if (failures.length > 0) throw failures[0]!
        const lag = (await Promise.all(stages.map((s) => s.lag()))).reduce((a, b) => a + b, 0)
        quiet = lag === 0 ? quiet + 1 : 0
        await new Promise((r) => setTimeout(r, 20))
      }
    },
    get(path: string, headers: Record<string, string> = { authorization: `Bearer ${KEY}` }): Promise<Response> {
      return fetch(server.url + path, { headers })
    },
    async stop(): Promise<void> {
      await server.close()
      for (const s of stages) await s.stop()
      await env.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type StartedApi = Awaited<ReturnType<typeof startApi>>

export function answer(i: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    tenant: 'school',
    id: `e${i}`,
    student: 'ada',
    kind: 'quiz_attempt',
    item: `q${i}`,
    topics: [i % 2 === 0 ? 'fractions' : 'ratios/percent'],
    occurred_at: new Date(NOW - (20 - i) * 3_600_000).toISOString(),
    correct: i % 3 !== 0,
    ...more,
  }
}
