import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { type Codec, CodecError } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import { PermanentJobError } from '@mastery/topology/ports/job-queue.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import type { DeliveryPlace } from './payload.ts'

/** Some kilobytes each; three jobs ask for every one of them. */
const MOST = 2_000
/** Jobs that wait for one are mostly followed by jobs that wait for the next. */
const AHEAD = 200

interface Reading {
  from: number
  done: Promise<void>
}

/**
 * Deliveries by where they stand in the log. Those that this process has handed over, or has read lately, are not read
 * again: a single read of Kafka joins a group of its own and takes longer than the mail.
 */
export class KnownDeliveries {
  private readonly known = new Map<string, Delivery>()
  private readonly reading = new Map<string, Reading>()
  private readonly most: number

  constructor(most = MOST) {
    this.most = most
  }

  put(topic: TopicName, partition: number, offset: number, delivery: Delivery): void {
    const place = `${topic}/${partition}/${offset}`
    this.known.delete(place)
    this.known.set(place, delivery)
    for (const oldest of this.known.keys()) {
      if (this.known.size <= this.most) return
      this.known.delete(oldest)
    }
  }

  /** @throws PermanentJobError where the log has it no longer */
  async at(from: { log: EventLog; codec: Codec }, place: DeliveryPlace): Promise<Delivery> {
    const { topic, partition, offset, delivery } = place
    const there = () => {
      const found = this.known.get(`${topic}/${partition}/${offset}`)
      return found?.delivery_id === delivery ? found : null
    }
    const found = there()
    if (found) return found
    const under = this.reading.get(`${topic}/${partition}`)
    // What another job reads may hold it; an error of that read is the other's.
    if (under && under.from <= offset && offset < under.from + AHEAD) await under.done.catch(() => {})
    const read = there() ?? (await this.read(from, place).then(there))
    if (read) return read
    throw new PermanentJobError(
      `The delivery stood at ${topic} partition ${partition} offset ${offset}, and the log has it no longer.`,
    )
  }

  private async read({ log, codec }: { log: EventLog; codec: Codec }, { topic, partition, offset }: DeliveryPlace) {
    const place = `${topic}/${partition}`
    const work = async () => {
      for (const r of await log.read(topic, partition, offset, AHEAD)) {
        try {
          const { subject, value } = codec.decode(r.value)
          if (subject === 'delivery') this.put(topic, partition, r.offset, value as Delivery)
        } catch (e) {
          // What stands beside it is for other jobs to ask for, and to fail with.
          if (!(e instanceof CodecError) || r.offset === offset) throw e
        }
      }
    }
    const reading = { from: offset, done: work() }
    this.reading.set(place, reading)
    try {
      await reading.done
    } finally {
      if (this.reading.get(place) === reading) this.reading.delete(place)
    }
  }
}
