import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { STAGES, type StageSpec } from '@mastery/topology/flow.ts'
import { FIRST, type Generation, partitionIn } from '@mastery/topology/generations/generation.ts'
import { CodecError } from '@mastery/topology/ports/codec.ts'
import { type TopicName, topicAt, topicSpec, topicsReadBy } from '@mastery/topology/topics.ts'
import type { PrivacyParts, Subject } from './parts.ts'

/**
 * Removes the student's records from the topics that are keyed by student, and what was to be told about the student, up to where every reader has come; what says
 * that the student was erased stays. Null: the log forgets only as its retention says.
 * `erasedAt`: offset of the erase in learning.events; `readmitted`: what came since may count and is left alone.
 */
export async function purgeLog(
  parts: PrivacyParts,
  of: Subject,
  generations: readonly Generation[],
  erasedAt: number,
  readmitted: boolean,
): Promise<Map<TopicName, number> | null> {
  const where = (g: Generation, topic: TopicName) => partitionIn(g, topic, of.student, parts.partitions)
  const passed = async (stage: string, g: Generation, topic: TopicName) =>
    (await parts.state.peek({ stage, generation: g.id, topic, partition: where(g, topic) }))?.nextOffset ?? 0
  // Nothing of the log is kept for a stage that never ran here.
  const passedIfRun = async (stage: string, g: Generation, topic: TopicName) =>
    (await parts.state.peek({ stage, generation: g.id, topic, partition: where(g, topic) }))?.nextOffset ??
    Number.MAX_SAFE_INTEGER
  const removed = new Map<TopicName, number>()
  const forget = async (
    g: Generation,
    topic: TopicName,
    readers: readonly Promise<number>[],
    limit = Number.MAX_SAFE_INTEGER,
  ) => {
    const partition = where(g, topic)
    const before = Math.min(limit, ...(await Promise.all(readers)))
    const count = await parts.log.forget({ topic, partition, key: of.student, before, keep: keeps(parts) })
    if (count !== null) removed.set(topic, count)
    return count !== null
  }
  const readers = generations.map((g) => passed('features', g, 'learning.events'))
  readers.push(passed('gold', FIRST, 'learning.events'))
  if (!(await forget(FIRST, 'learning.events', readers, readmitted ? erasedAt : undefined))) return null
  // Where a computed topic's records from before the erasure end is known only as long as nothing came after it.
  if (readmitted) return removed
  for (const g of generations) {
    for (const plain of ['learning.features', 'mastery.scores', 'mastery.alerts'] as const) {
      const topic = topicAt(plain, g.id)
      const who: readonly StageSpec[] = STAGES.filter((s) => topicsReadBy(s.name, g.id).includes(topic))
      const come = who.map((s) => (s.awaited === 'always' ? passed : passedIfRun)(s.name, g, topic))
      await forget(g, topic, come)
    }
    for (const plain of ['mastery.notices', 'mastery.deliveries'] as const) {
      const topic = topicAt(plain, g.id)
      removed.set(topic, await forgetTold(parts, g, topic, of.student))
    }
  }
  return removed
}

/**
 * These topics are keyed by who is told: each partition is looked through, as far as all readers have come that ran here.
 * A message that names others, too, stays.
 */
async function forgetTold(parts: PrivacyParts, g: Generation, topic: TopicName, student: string): Promise<number> {
  let count = 0
  const stages = topicSpec(topic).readers
  const partitions = await parts.log.partitions(topic)
  for (let partition = 0; partition < partitions; partition++) {
    const places = await Promise.all(
      stages.map((stage) => parts.state.peek({ stage, generation: g.id, topic, partition })),
    )
    const before = Math.min(...places.map((p) => p?.nextOffset ?? Number.MAX_SAFE_INTEGER))
    const keep = (bytes: Buffer) => !bytes.includes(student) || !isAbout(parts, bytes, student)
    count += (await parts.log.forget({ topic, partition, key: null, before, keep })) ?? 0
  }
  return count
}

function isAbout({ codec }: PrivacyParts, bytes: Buffer, student: string): boolean {
  try {
    const { subject, value } = codec.decode(bytes)
    if (subject === 'notice') return (value as Notice).student === student
    return subject === 'delivery' && (value as Delivery).items.every((i) => i.student === student)
  } catch (e) {
    // It has the pseudonym in it, and no reader will ever tell anybody of it.
    if (e instanceof CodecError) return true
    throw e
  }
}

/** Erasures, readmissions and what the stages made of them. */
function keeps({ codec }: PrivacyParts) {
  return (bytes: Buffer): boolean => {
    try {
      const { subject, value } = codec.decode(bytes)
      if (subject === 'student-command') return ['erase', 'readmit'].includes((value as StudentCommand).kind)
      if (subject === 'feature-record') return (value as FeatureRecord).ops.some((o) => o.op === 'reset')
      if (subject === 'alert') return (value as Alert).cause === 'erased'
      return subject === 'mastery-score' && (value as MasteryScore).cause === 'erased'
    } catch (e) {
      // What nobody can read says nothing that would be needed.
      if (e instanceof CodecError) return false
      throw e
    }
  }
}
