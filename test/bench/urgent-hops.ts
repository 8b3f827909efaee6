import { UNSENT } from '@mastery/infra/config/delivery.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { deliveryJobs } from '@mastery/notify/src/jobs.ts'
import { jobNameOf } from '@mastery/notify/src/payload.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import kafkajs from 'kafkajs'

/** The way of an answer, from one topic to the next. */
const WAY = ['learning.events', 'learning.features', 'mastery.scores', 'mastery.notices', 'mastery.deliveries'] as const

/** What happens between: milliseconds in each. */
export const HOPS = [
  'append of the event',
  'features',
  'scoring',
  'alerts',
  'notify',
  'hand-over to the queue',
  'waiting in the queue',
  'job until the mail is taken',
] as const
export type Hops = Record<(typeof HOPS)[number] | 'whole', number>

/** From now on the broker stamps records as it writes them: those of stages bear the time of the event otherwise. */
export async function stampByBroker(broker: string): Promise<void> {
  const { Kafka, logLevel, ConfigResourceTypes } = kafkajs
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    await admin.alterConfigs({
      validateOnly: false,
      resources: WAY.map((name) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        configEntries: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
      })),
    })
  } finally {
    await admin.disconnect()
  }
}

interface Written {
  at: number
  value: unknown
}
interface Caused {
  origin_partition: number
  origin_offset: number
}

/** A topic's records by their place. */
async function everything({ log, codec }: Installation, topic: TopicName): Promise<Map<string, Written>> {
  const found = new Map<string, Written>()
  for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
    const { start, end } = await log.bounds(topic, partition)
    for (let next = start; next < end; ) {
      const records = await log.read(topic, partition, next, 5_000)
      if (records.length === 0) break
      for (const r of records)
        found.set(`${partition}/${r.offset}`, { at: r.timestamp, value: codec.decode(r.value).value })
      next = records.at(-1)!.offset + 1
    }
  }
  return found
}

/** Where time went for each mail that came. `arrived`: when, by delivery. UTC milliseconds. */
export async function hopsOf(installation: Installation, arrived: ReadonlyMap<string, number>): Promise<Hops[]> {
  const topics = new Map<string, Map<string, Written>>()
  for (const topic of WAY) topics.set(topic, await everything(installation, topic))
  const handlers = deliveryJobs(UNSENT, () => Promise.reject(new Error('Nothing is sent from here.')))
  const jobs = await installation.openJobs(handlers as never)
  try {
    const found: Hops[] = []
    for (const last of topics.get('mastery.deliveries')!.values()) {
      const { delivery_id } = last.value as Delivery
      const taken = arrived.get(delivery_id)
      if (taken === undefined) continue
      const at = [last.at]
      let caused = last.value as Caused
      for (const topic of [...WAY].reverse().slice(1)) {
        const before = topics.get(topic)!.get(`${caused.origin_partition}/${caused.origin_offset}`)
        if (!before) throw new Error(`What caused ${delivery_id} is not in ${topic}.`)
        at.unshift(before.at)
        caused = before.value as Caused
      }
      const job = (await jobs.get(`${jobNameOf('mail')}/${delivery_id}`))!
      // The event itself: answers are of the moment in which they are sent.
      at.unshift((caused as unknown as { occurred_at: number }).occurred_at)
      at.push(job.addedAt, job.startedAt!, taken)
      const spent = HOPS.map((hop, i) => [hop, at[i + 1]! - at[i]!] as const)
      found.push({ ...Object.fromEntries(spent), whole: taken - at[0]! } as Hops)
    }
    return found
  } finally {
    await jobs.close()
  }
}
