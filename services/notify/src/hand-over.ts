import type { DeliveryConfig } from '@mastery/infra/config/delivery.ts'
import type { Profile } from '@mastery/infra/config/profile.ts'
import { crashPoint } from '@mastery/infra/runtime/crash-points.ts'
import { GenerationStages } from '@mastery/infra/runtime/generation-stages.ts'
import type { Generations } from '@mastery/infra/runtime/generations.ts'
import type { BatchResult, Decoded, PartitionLogic } from '@mastery/infra/runtime/logic.ts'
import { RunningStage, type RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { Generation } from '@mastery/topology/generations/generation.ts'
import type { JobQueue } from '@mastery/topology/ports/job-queue.ts'
import type { Channel } from '@mastery/topology/ports/notifier.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import type { KnownDeliveries } from './known.ts'
import { Pace } from './pace.ts'
import { type DeliveryPlace, jobNameOf } from './payload.ts'

/** Deliveries whose jobs are added at the same time. */
const AT_ONCE = 16

export interface HandOverParts {
  queue(): Promise<Pick<JobQueue, 'add'>>
  generations: Pick<Generations, 'get'>
  config: DeliveryConfig
  /** Where the jobs of this process find what was handed over. */
  known?: KnownDeliveries
  /** UTC milliseconds. */
  now(): number
}

/**
 * Whether people are to hear what a generation decided because of a record: those that came while it was the one that
 * readers see. `logged`: when the record was written that caused it, UTC milliseconds.
 */
export function isHeard(g: Pick<Generation, 'status' | 'changedAt'> | undefined, logged: number): boolean {
  if (g?.status === 'active') return logged >= g.changedAt
  // What came before the switch is the business of the generation before, however late it gets there.
  return g?.status === 'standby' && logged < g.changedAt
}

/** Over which channels a delivery goes. What has nothing to say in its text stands in the inbox only. */
export function channelsOf(d: Delivery, config: DeliveryConfig): Channel[] {
  const { mail, webhook } = config.of(d.tenant)
  const says = d.more > 0 || d.items.some((i) => i.place === 'text')
  return ['inbox', ...(says && mail ? (['mail'] as const) : []), ...(says && webhook ? (['webhook'] as const) : [])]
}

/** Adds one job for each channel. Each has the delivery's id: added again, it is found there. `notBefore`: UTC milliseconds. */
export async function addJobs(
  queue: Pick<JobQueue, 'add'>,
  channels: readonly Channel[],
  place: DeliveryPlace,
  notBefore: number,
): Promise<void> {
  await Promise.all(
    channels.map((channel) =>
      queue.add({
        name: jobNameOf(channel),
        id: place.delivery,
        payload: { ...place },
        ...(channel === 'inbox' ? {} : { notBefore }),
      }),
    ),
  )
}

/**
 * Hands one job for each delivery and channel to the queue before the offset is committed. The job has the delivery's
 * id: handed over again, it is found there. Its payload says where the delivery stands in the log.
 */
export class HandOver implements PartitionLogic {
  private readonly generation: number
  private readonly parts: HandOverParts
  private pace = new Pace(1)

  constructor(generation: number, parts: HandOverParts) {
    this.generation = generation
    this.parts = parts
  }

  reset(meta: Uint8Array | null): void {
    this.pace = Pace.read(this.parts.config.perHour, meta)
  }

  async fold(records: readonly Decoded[]): Promise<void> {
    const queue = await this.parts.queue()
    let added: Promise<void>[] = []
    for (const { record, raw } of records) {
      if (record.subject !== 'delivery') continue
      if (!isHeard(this.parts.generations.get(this.generation), raw.timestamp)) continue
      const d = record.value as Delivery
      const channels = channelsOf(d, this.parts.config)
      const notBefore = channels.length > 1 ? this.pace.slot(d.recipient, d.delivery_id, this.parts.now()) : 0
      const { topic, partition, offset } = record.origin
      const place = { topic, partition, offset, delivery: d.delivery_id }
      this.parts.known?.put(topic, partition, offset, d)
      added.push(addJobs(queue, channels, place, notBefore).then(() => crashPoint('delivery.handed')))
      if (added.length < AT_ONCE) continue
      await Promise.all(added)
      added = []
    }
    await Promise.all(added)
  }

  async finish(): Promise<BatchResult> {
    return { outputs: [], deadLetters: [], changes: [], meta: this.pace.write(this.parts.now()) }
  }
}

/** The delivery worker's first half: mastery.deliveries to the job queue, for every generation. */
export function handOverService(
  runtime: RuntimeParts,
  profile: Profile,
  parts: HandOverParts,
  onFailure: (e: Error) => void,
): GenerationStages {
  return new GenerationStages(
    'delivery',
    runtime,
    (g) =>
      new RunningStage(runtime, {
        name: 'delivery',
        topics: [topicAt('mastery.deliveries', g.id)],
        generation: g.id,
        batch: profile.batch.scoring,
        onFailure,
        logic: () => new HandOver(g.id, parts),
      }),
    onFailure,
  )
}
