import { type TopicName, topicAt } from '@mastery/topology/topics.ts'
import { passed } from '../rebuild/outcome.ts'
import type { RepairParts } from '../rebuild/parts.ts'

/** Per partition of learning.events: one beyond the last offset within the cut. */
export type Cut = ReadonlyMap<number, number>

/**
 * A cut at the present end of the log, after everything that follows from what lies before it has been committed and
 * stored. `waiting` is told what is waited for.
 * @throws StagesStandStill where nothing moves for half a minute
 */
export async function cutNow(parts: RepairParts, waiting: (stage: string) => void): Promise<Cut> {
  const { generation } = parts
  const features = topicAt('learning.features', generation)
  const scores = topicAt('mastery.scores', generation)
  const cut = await ends(parts, 'learning.events')
  await all(parts, 'features', generation, 'learning.events', cut, waiting)
  const made = await ends(parts, features)
  await all(parts, 'scoring', generation, features, made, waiting)
  const scored = await ends(parts, scores)
  await all(parts, 'gold', 0, 'learning.events', cut, waiting)
  await all(parts, 'gold', generation, features, made, waiting)
  await all(parts, 'gold', generation, scores, scored, waiting)
  return cut
}

async function ends(parts: RepairParts, topic: TopicName): Promise<Map<number, number>> {
  const n = await parts.log.partitions(topic)
  const partitions = Array.from({ length: n }, (_, p) => p)
  return new Map(await Promise.all(partitions.map(async (p) => [p, (await parts.log.bounds(topic, p)).end] as const)))
}

async function all(
  parts: RepairParts,
  stage: string,
  generation: number,
  topic: TopicName,
  until: Cut,
  waiting: (stage: string) => void,
): Promise<void> {
  waiting(stage)
  for (const [partition, offset] of until)
    if (offset > 0) await passed(parts, { stage, generation, topic, partition }, offset)
}

/** SQL condition: the record lies within the cut. */
export function within(cut: Cut): string {
  const cuts = [...cut]
  const partitions = cuts.map(([p]) => p).join(', ')
  const offsets = cuts.map(([, o]) => `toUInt64(${o})`).join(', ')
  return `src_offset < transform(src_partition, [${partitions}], [${offsets}], toUInt64(0))`
}

const CHUNK = 2_000

/** Students of whom the log has records beyond a cut, as far as it was read. */
export class Tail {
  readonly keys = new Set<string>()
  private readonly parts: RepairParts
  private readonly next: Map<number, number>

  constructor(parts: RepairParts, cut: Cut) {
    this.parts = parts
    this.next = new Map(cut)
  }

  /**
   * Reads on to the present end. Whatever a store showed before this call, of records beyond the cut, stems from keys
   * that are known after it.
   */
  async advance(): Promise<void> {
    for (const [partition, from] of this.next) {
      const { end } = await this.parts.log.bounds('learning.events', partition)
      let at = from
      while (at < end) {
        const records = await this.parts.log.read('learning.events', partition, at, CHUNK)
        if (records.length === 0) break
        for (const r of records) this.keys.add(r.key)
        at = records.at(-1)!.offset + 1
      }
      this.next.set(partition, Math.max(at, from))
    }
  }
}
