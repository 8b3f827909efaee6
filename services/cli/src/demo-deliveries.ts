import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { DeliveryPlace } from '@mastery/notify/src/payload.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { topicAt } from '@mastery/topology/topics.ts'

const WEEK = 7 * 86_400_000

export interface Decided {
  delivery: Delivery
  place: DeliveryPlace
}

/** Whether its text says anything: what does not stands in the inbox only. */
export const said = (d: Delivery) => d.more > 0 || d.items.some((i) => i.place === 'text')

/** Every message that was decided, in the order of its time. */
export async function decidedDeliveries({ log, codec, generations }: Installation): Promise<Decided[]> {
  const topic = topicAt('mastery.deliveries', generations.active.id)
  const found: Decided[] = []
  for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
    const { start, end } = await log.bounds(topic, partition)
    for (let at = start; at < end; ) {
      const records = await log.read(topic, partition, at, 5000)
      if (records.length === 0) break
      for (const r of records) {
        const { subject, value } = codec.decode(r.value)
        if (subject !== 'delivery') continue
        const delivery = value as Delivery
        found.push({ delivery, place: { topic, partition, offset: r.offset, delivery: delivery.delivery_id } })
      }
      at = records.at(-1)!.offset + 1
    }
  }
  return found.sort((a, b) => a.delivery.now - b.delivery.now)
}

/** Those of the last week that anything was decided in, as the school's own time goes. */
export function ofLastWeek(all: readonly Decided[]): Decided[] {
  const until = all.at(-1)?.delivery.now ?? 0
  return all.filter(({ delivery }) => said(delivery) && delivery.now > until - WEEK)
}
