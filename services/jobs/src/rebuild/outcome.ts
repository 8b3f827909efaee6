import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { sourceOf } from '@mastery/topology/partition.ts'
import { type TopicName, topicAt, topicSpec } from '@mastery/topology/topics.ts'
import { pause, type RepairParts } from './parts.ts'
import { decodeOrSkip } from './read.ts'

/** What the stages said to an install_checkpoint or a warm. */
export type Answer =
  | 'installed'
  /** Another record of the student came in between. */
  | 'outdated'
  /**
   * The model versions in force are others than those that the checkpoint was made with; the state is stale now. To a
   * warm: the state could not take it.
   */
  | 'other_versions'
  /** It went to the dead letters. */
  | 'refused'

/** Where the answers of one partition will stand. */
export interface Mark {
  /** Of the topics that the generation computes. */
  partition: number
  features: number
  scores: number
}

const CHUNK = 1_000
/** What it is called that a stage took a command of either kind. */
const TAKEN: ReadonlySet<string> = new Set(['installed', 'warmed'])
/** Nobody has moved for this long: the stages do not run. */
const STALLED_MS = 30_000

export class StagesStandStill extends Error {
  override name = 'StagesStandStill'
}

/** Taken before the commands are appended. */
export async function markOf(parts: RepairParts, partition: number): Promise<Mark> {
  const [features, scores] = await Promise.all([
    parts.log.bounds(topicAt('learning.features', parts.generation), partition),
    parts.log.bounds(topicAt('mastery.scores', parts.generation), partition),
  ])
  return { partition, features: features.end, scores: scores.end }
}

/** Reads a topic from a mark on, further with every call. */
class Reader<T> {
  private readonly parts: RepairParts
  private readonly topic: TopicName
  private readonly partition: number
  private readonly subject: string
  private next: number

  constructor(parts: RepairParts, topic: TopicName, partition: number, subject: string, from: number) {
    this.parts = parts
    this.topic = topic
    this.partition = partition
    this.subject = subject
    this.next = from
  }

  /** All that is there now. */
  async *rest(keys: ReadonlySet<string>): AsyncGenerator<T> {
    const { end } = await this.parts.log.bounds(this.topic, this.partition)
    while (this.next < end) {
      const records = await this.parts.log.read(this.topic, this.partition, this.next, CHUNK)
      if (records.length === 0) return
      this.next = records.at(-1)!.offset + 1
      for (const r of records) {
        if (!keys.has(r.key)) continue
        const decoded = await decodeOrSkip(this.parts.codec, r.value)
        if (decoded?.subject === this.subject) yield decoded.value as T
      }
    }
  }
}

/**
 * Waits until both stages have passed the commands, and gives their answers by command id.
 * `until`: one beyond the newest of the commands in learning.events.
 * @throws StagesStandStill where nothing has moved for half a minute
 */
export async function answersTo(
  parts: RepairParts,
  mark: Mark,
  commands: ReadonlyMap<string, string>,
  until: number,
): Promise<Map<string, Answer>> {
  const { generation } = parts
  const { partition } = mark
  const [events, features, scores] = [
    'learning.events' as const,
    topicAt('learning.features', generation),
    topicAt('mastery.scores', generation),
  ]
  const keys = new Set(commands.values())
  const answers = new Map<string, Answer>()
  const installed = new Set<string>()

  const source = sourceOf(partition, parts.partitions.input)
  await passed(parts, { stage: 'features', generation, topic: events, partition: source }, until)
  const first = new Reader<FeatureRecord>(parts, features, partition, 'feature-record', mark.features)
  for await (const f of first.rest(keys)) {
    if (!commands.has(f.event_id)) continue
    if (TAKEN.has(f.disposition)) installed.add(f.event_id)
    else answers.set(f.event_id, 'outdated')
  }

  const { end } = await parts.log.bounds(features, partition)
  if (installed.size > 0) await passed(parts, { stage: 'scoring', generation, topic: features, partition }, end)
  const second = new Reader<MasteryScore>(parts, scores, partition, 'mastery-score', mark.scores)
  for await (const s of second.rest(keys))
    if (installed.has(s.event_id)) answers.set(s.event_id, TAKEN.has(s.cause) ? 'installed' : 'other_versions')
  for (const id of commands.keys()) if (!answers.has(id)) answers.set(id, 'refused')
  return answers
}

/**
 * Resolves once gold has everything that a topic holds now.
 * @throws StagesStandStill where nothing has moved for half a minute
 */
export async function inGold(parts: RepairParts, topic: TopicName): Promise<void> {
  // What other generations share is read by the first one.
  const generation = topicSpec(topic).derived ? parts.generation : 0
  const partitions = await parts.log.partitions(topic)
  for (let partition = 0; partition < partitions; partition++) {
    const { end } = await parts.log.bounds(topic, partition)
    await passed(parts, { stage: 'gold', generation, topic, partition }, end)
  }
}

/** Resolves once the scope has committed everything before `offset`. */
export async function passed(
  parts: RepairParts,
  scope: Parameters<RepairParts['state']['peek']>[0],
  offset: number,
): Promise<void> {
  let at = -1
  let moved = performance.now()
  for (;;) {
    const next = (await parts.state.peek(scope))?.nextOffset ?? 0
    if (next >= offset) return
    if (next !== at) moved = performance.now()
    else if (performance.now() - moved > STALLED_MS)
      throw new StagesStandStill(
        `${scope.stage} stands at offset ${next} of ${scope.topic} partition ${scope.partition} and has to reach ${offset}. Start the services ("npx mastery services", or "npm start") and try again; nothing is lost.`,
      )
    at = next
    await pause(parts, 20)
  }
}
