import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import { type Json, PermanentJobError } from '@mastery/topology/ports/job-queue.ts'
import type { Channel } from '@mastery/topology/ports/notifier.ts'
import { plainTopic, type TopicName } from '@mastery/topology/topics.ts'

export const jobNameOf = (channel: Channel) => `deliver-${channel}`

/** Where a delivery stands: the job itself carries nothing about anybody. */
export interface DeliveryPlace {
  topic: TopicName
  partition: number
  offset: number
  delivery: string
}

/** @throws Error that says what is wrong */
export function parsePlace(payload: Json): DeliveryPlace {
  const p = payload as Partial<DeliveryPlace> | null
  const whole = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0
  if (typeof p?.topic !== 'string' || plainTopic(p.topic) !== 'mastery.deliveries')
    throw new Error('topic must be one of deliveries.')
  if (!whole(p.partition) || !whole(p.offset)) throw new Error('partition and offset must be whole numbers.')
  if (typeof p.delivery !== 'string' || !/^[0-9a-f]{32}$/.test(p.delivery))
    throw new Error('delivery must be the id of a delivery.')
  return p as DeliveryPlace
}

/** @throws PermanentJobError where the log has it no longer */
export async function deliveryAt(
  { log, codec }: { log: EventLog; codec: Codec },
  { topic, partition, offset, delivery }: DeliveryPlace,
): Promise<Delivery> {
  const [record] = await log.read(topic, partition, offset, 1)
  const value = record?.offset === offset ? (codec.decode(record.value).value as Delivery) : null
  if (value?.delivery_id !== delivery)
    throw new PermanentJobError(
      `The delivery stood at ${topic} partition ${partition} offset ${offset}, and the log has it no longer.`,
    )
  return value
}
