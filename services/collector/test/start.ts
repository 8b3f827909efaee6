import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment } from '@mastery/infra/adapters/embedded/environment.ts'
import { EmbeddedLog } from '@mastery/infra/adapters/embedded/log.ts'
import { openCodec } from '@mastery/infra/adapters/schema-registry/registry.ts'
import { sealer } from '@mastery/infra/config/reject-keys.ts'
import { hashKey, type Secrets } from '@mastery/infra/config/secrets.ts'
import { listen } from '@mastery/infra/http/server.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import { SILENT, type Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import { createCollector } from '../src/collector.ts'
import { type CollectorLimits, DEFAULT_LIMITS } from '../src/limits.ts'

export const KEY = 'key-of-the-school'
export const NOW = Date.UTC(2026, 8, 1, 9)
export const PARTITIONS = 4

export const SECRETS: Secrets = {
  tenants: [
    { id: 'school', pseudonymKey: 'ab'.repeat(32), apiKeyHashes: [hashKey(KEY)] },
    { id: 'other', pseudonymKey: 'cd'.repeat(32), apiKeyHashes: [hashKey('key-of-the-other')] },
  ],
  rejectKey: 'ef'.repeat(32),
}

/** A collector with a log of its own, served over HTTP. */
export async function startCollector(
  with_: {
    limits?: Partial<CollectorLimits>
    wrap?(log: EventLog): EventLog
    telemetry?: Telemetry
    now?(): number
  } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'mastery-collector-'))
  const env = new Environment(folder)
  const log = new EmbeddedLog(env)
  await log.ensureTopics(['learning.events', 'learning.rejects'], PARTITIONS)
  const codec = await openCodec({ url: 'mock://' })
  const seal = sealer(SECRETS)
  const telemetry = with_.telemetry ?? SILENT
  const collector = createCollector({
    log: with_.wrap?.(log) ?? log,
    codec,
    partitions: PARTITIONS,
    secrets: SECRETS,
    sealer: seal,
    telemetry,
    version: 'test',
    now: with_.now ?? (() => NOW),
    limits: { ...DEFAULT_LIMITS, ...with_.limits },
  })
  const server = await listen(collector.routes, { host: '127.0.0.1', port: 0, telemetry, drainMs: 1000 })

  return {
    url: server.url,
    port: server.port,
    unseal: seal.unseal,
    /** Everything in a topic, decoded. */
    async read(topic: TopicName): Promise<{ key: string; partition: number; value: Record<string, unknown> }[]> {
      const out: { key: string; partition: number; value: Record<string, unknown> }[] = []
      for (let partition = 0; partition < PARTITIONS; partition++)
        for (const r of await log.read(topic, partition, 0, 1_000_000))
          out.push({ key: r.key, partition, value: codec.decode(r.value).value as Record<string, unknown> })
      return out
    },
    post(body: RequestInit['body'], headers: Record<string, string> = {}, path = '/v1/events'): Promise<Response> {
      return fetch(server.url + path, {
        method: 'POST',
        body: body ?? null,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
      })
    },
    async stop(): Promise<void> {
      await server.close()
      await collector.close()
      await env.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type Started = Awaited<ReturnType<typeof startCollector>>

export function answer(i: number | string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: `e${i}`,
    student: `student-${Number(i) % 7}`,
    kind: 'quiz_attempt',
    item: `q${i}`,
    topics: ['fractions'],
    occurred_at: '2026-09-01T08:30:00Z',
    correct: true,
    ...more,
  }
}
