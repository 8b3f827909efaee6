import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { branchesOf, branchOf } from '@mastery/topology/partition.ts'
import { type DerivedTopic, topicAt } from '@mastery/topology/topics.ts'
import { onlyNew, readable } from './oracle.ts'
import { CODEC } from './sim-codec.ts'
import type { World } from './world.ts'

const COMPUTED = ['learning.features', 'mastery.scores'] as const

/**
 * Two generations over the same records answer the same, and come to the same windows. Where one was folded from
 * history, from which erasures take records, this holds for students who never were erased.
 */
export function checkGenerations(world: World, found: string[]): void {
  for (let partition = 0; partition < world.log.partitions; partition++) {
    const at = (generation: number) =>
      world.state.held({ stage: 'features', generation, topic: 'learning.events', partition })
    const [windows, again] = [at(0), at(1)]
    const erased = windows.holes.size + again.holes.size > 0 ? erasedIn(world, partition) : new Set<string>()
    const counts = world.countsOf(1)
    // Where a tick wakes only some, which ones hangs on how many share the partition.
    const topics = counts.input === counts.output ? [...COMPUTED, 'mastery.alerts' as const] : COMPUTED
    for (const topic of topics)
      for (const branch of branchesOf(partition, counts)) {
        const taken = (student: string) => branchOf(student, partition, counts) === branch
        const first = answers(world, topic, 0, partition, (s) => taken(s) && !erased.has(s))
        const second = answers(world, topic, 1, branch, (s) => !erased.has(s))
        const i = second.slice(0, first.length).findIndex((a, at) => a !== first[at])
        if (i >= 0)
          found.push(`${topic} partition ${branch}: record ${i} of generation 1 is ${second[i]}, of 0 ${first[i]}`)
      }
    if (windows.nextOffset !== again.nextOffset) continue
    for (const key of new Set([...windows.states.keys(), ...again.states.keys()])) {
      const [a, b] = [windows.states.get(key), again.states.get(key)]
      if (!erased.has(key) && (!a || !b || Buffer.compare(a, b) !== 0))
        found.push(`features of partition ${partition}: the generations differ in the state of ${key}`)
    }
  }
}

function erasedIn(world: World, partition: number): Set<string> {
  const read = world.log.everything('learning.events', partition).map((r) => readable(r.value))
  const commands = read.flatMap((d) => (d?.subject === 'student-command' ? [d.value as StudentCommand] : []))
  return new Set(commands.filter((c) => c.kind === 'erase').map((c) => c.student))
}

/**
 * What is new in a topic, of some students and of nobody in particular, without what says whose it is: an origin in a
 * computed topic counts repeats.
 */
function answers(
  world: World,
  topic: DerivedTopic,
  g: number,
  partition: number,
  of: (student: string) => boolean,
): string[] {
  const records = world.log.everything(topicAt(topic, g), partition).map((r) => CODEC.decode(r.value))
  const kept = onlyNew(records).filter(
    ({ subject, value }) => subject === 'tick' || subject === 'marker' || of((value as FeatureRecord).student),
  )
  return kept.map(({ value }) => {
    const own =
      topic === 'learning.features' ? { generation: 0 } : { origin_partition: 0, origin_offset: 0, generation: 0 }
    // The second one tells nobody, and says so; what it would have told has the same names and numbers.
    const untold = topic === 'mastery.alerts' ? { told: false, held_back: null } : {}
    return JSON.stringify({ ...(value as object), ...own, ...untold })
  })
}
