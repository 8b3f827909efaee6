/** A worker that sends the example deliveries from a queue on Redis, until it is killed or told to stop. */
import { openBullJobs } from '@mastery/infra/adapters/bullmq/jobs.ts'
import { type DeliveryConfig, UNSENT } from '@mastery/infra/config/delivery.ts'
import { plainWords } from '@mastery/topology/delivery/words.ts'
import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { SILENT } from '@mastery/topology/ports/telemetry.ts'
import { JSON_CODEC } from '@mastery/topology/testing/counting-stage.ts'
import { MapVault } from '@mastery/topology/testing/map-vault.ts'
import { MemoryLog } from '@mastery/topology/testing/memory.ts'
import { exampleDelivery } from '@mastery/topology/testing/notifier-contract.ts'
import { Channels } from '../src/channels.ts'
import { deliveryJobs } from '../src/jobs.ts'
import { KnownDeliveries } from '../src/known.ts'
import { Outcomes } from '../src/outcomes.ts'

export interface ChildTask {
  redis: string
  keyPrefix: string
  lockMs: number
  smtpPort: number
  deliveries: number
}

const task = JSON.parse(process.env['DELIVERY_TASK']!) as ChildTask
const mail = {
  host: '127.0.0.1',
  port: task.smtpPort,
  tls: 'none',
  user: null,
  password: null,
  from: 'alerts@school.example',
  fromName: 'School',
  timeoutSeconds: 2,
  connections: 4,
} as const
const config: DeliveryConfig = { ...UNSENT, of: () => ({ language: 'en', mail, webhook: null }) }

const log = new MemoryLog()
await log.ensureTopics(['mastery.deliveries'], 1)
await log.append(
  Array.from({ length: task.deliveries }, (_, n) => ({
    topic: 'mastery.deliveries' as const,
    partition: 0,
    key: 'r',
    value: JSON_CODEC.encode('delivery', exampleDelivery(n)),
    timestamp: 0,
  })),
)
const vault = new MapVault()
const { recipient, items } = exampleDelivery(0)
await vault.replace('school', {
  version: '1',
  people: [
    { pseudonym: recipient, name: 'Dora', email: 'dora@school.example', language: null },
    { pseudonym: items[0]!.student!, name: 'Ann', email: null, language: null },
  ],
  titles: [],
})
// Gold knows nothing: only the ledger in Redis says what was accepted.
const gold = { insert: async () => {}, query: async () => [] }
const handlers = deliveryJobs({ attempts: 30, backoffSeconds: 0.02 }, async () => ({
  log,
  codec: JSON_CODEC,
  secrets: { tenants: [], rejectKey: '' },
  config,
  vault: () => vault,
  topicNames: async () => new Map(),
  wordsOf: plainWords,
  known: new KnownDeliveries(),
  channels: new Channels(config, async () => gold, Date.now),
  outcomes: new Outcomes(async () => gold),
  now: Date.now,
})) as unknown as JobHandler[]
const queue = await openBullJobs({ url: task.redis, keyPrefix: task.keyPrefix, lockMs: task.lockMs }, handlers)
await queue.work(handlers, { telemetry: SILENT, concurrency: 4 })
