import type { ClassPart } from '@mastery/schemas/src/generated/class-part.gen.ts'
import type { Notice } from '@mastery/schemas/src/generated/notice.gen.ts'
import { sourceOfKey } from '@mastery/topology/alerts/source-key.ts'
import type { AnyStage } from '@mastery/topology/stage.ts'
import type { TopicName } from '@mastery/topology/topics.ts'
import { type Folded, foldLog, onlyNew } from './oracle.ts'
import { CODEC } from './sim-codec.ts'
import type { World } from './world.ts'

const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0

/** Where alerts stand does not depend on what mastery.scores has twice. */
export function checkAlertChain(
  world: World,
  stage: AnyStage,
  generation: number,
  partition: number,
  found: string[],
): void {
  const input = stage.inputs[0]!
  const held = world.state.held({ stage: stage.name, generation, topic: input, partition })
  if (held.holes.size > 0) return
  const read = world.log.everything(input, partition).slice(0, held.nextOffset)
  const decoded = read.map((r) => ({ ...CODEC.decode(r.value), record: r }))
  const once = onlyNew(decoded).map(({ record }, offset) => ({ ...record, offset }))
  const counts = { input: world.log.countOf(input), output: world.log.countOf(input) }
  const chain = foldLog(stage, input, partition, once, counts)
  for (const [key, bytes] of chain.states) {
    const there = held.states.get(key)
    if (there && !equal(there, bytes))
      found.push(`alerts partition ${partition}: the state of ${key} depends on what ${input} has twice`)
  }
}

/** The partition of scores that a record of mastery.notices or mastery.classes comes from. */
function sourceOf(subject: string, key: string, value: unknown): number | null {
  if (subject === 'notice' || subject === 'class-part') return (value as Notice | ClassPart).origin_partition
  return sourceOfKey(key)
}

/**
 * Every partition of notices, and of parts of classes, has what one partition of scores tells its readers and everybody,
 * in order, each once for whoever drops what was seen.
 */
export function checkNotices(
  world: World,
  stage: AnyStage,
  generation: number,
  partition: number,
  { outputs, whole }: Folded & { whole: Folded },
  found: string[],
): void {
  const lost = world.state.held({ stage: stage.name, generation, topic: stage.inputs[0]!, partition }).holes.size > 0
  if (lost) return
  for (const topic of stage.outputs.slice(1)) checkTold(world, topic, partition, { outputs, whole }, found)
}

function checkTold(
  world: World,
  topic: TopicName,
  partition: number,
  { outputs, whole }: Pick<Folded, 'outputs'> & { whole: Folded },
  found: string[],
): void {
  for (let to = 0; to < world.log.countOf(topic); to++) {
    const into = (f: Folded['outputs']) => onlyNew(f.filter((e) => e.topic === topic && e.places.includes(to)))
    const wire = onlyNew(
      world.log
        .everything(topic, to)
        .map((r) => ({ ...CODEC.decode(r.value), key: r.key, bytes: r.value }))
        .filter((r) => sourceOf(r.subject, r.key, r.value) === partition),
    )
    const all = into(whole.outputs)
    const n = Math.max(into(outputs).length, wire.length)
    for (let i = 0; i < n; i++) {
      const [is, should] = [wire[i], all[i]]
      if (is && should && equal(is.bytes, should.bytes) && is.key === should.key) continue
      const said = (e: { subject: string; value: unknown } | undefined) =>
        e ? `${e.subject} ${JSON.stringify(e.value).slice(0, 200)}` : 'nothing'
      found.push(
        `${topic} partition ${to}: record ${i} of source ${partition} should be ${said(should)}, is ${said(is)}`,
      )
      return
    }
  }
}
