import type { Json } from '@mastery/topology/ports/job-queue.ts'
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
