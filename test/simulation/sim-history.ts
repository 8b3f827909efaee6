import { goldTable } from '@mastery/infra/provision/gold/tables.ts'
import type { History } from '@mastery/infra/runtime/history.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import type { Process } from './scheduler.ts'
import type { Replacing } from './sim-gold.ts'
import type { World } from './world.ts'

const TABLES = ['learning_events', 'student_commands', 'markers', 'ticks']
/** Records at a time, at most. */
const MOST = 40

/** Offsets of learning.events that gold has a row of. */
function placesIn(gold: Replacing, partition: number): Set<number> {
  const places = new Set<number>()
  for (const table of TABLES) {
    const names = goldTable(table).columns.map((c) => c[0])
    const [p, o] = [names.indexOf('src_partition'), names.indexOf('src_offset')]
    for (const { line } of gold.tables.get(table)!.values()) {
      const cells = line.split('\t')
      if (cells[p] === String(partition)) places.add(Number(cells[o]))
    }
  }
  return places
}

/**
 * What the log no longer has, from gold: the records that gold has rows of, whole, also where a row has less (the bytes
 * of a checkpoint). What is missing there is noted with the scope's state.
 */
export function historyIn(world: World, process: Process, stage: string, generation: number): History {
  return (topic, partition, from, max) =>
    world.scheduler.effect(process, {
      port: 'gold',
      kind: 'read',
      name: `history of ${topic}/${partition} from ${from}`,
      perform: () => {
        const { holes } = world.state.held({ stage, generation, topic, partition } satisfies StateScope)
        const places = placesIn(world.gold, partition)
        const most = Math.min(max, 1 + world.random.below(MOST))
        const records = []
        for (const r of world.log.everything(topic, partition)) {
          if (r.offset < from || records.length === most) continue
          if (places.has(r.offset)) records.push(r)
          else if (r.offset < world.log.bounds(topic, partition).start) holes.add(r.offset)
        }
        return records
      },
    })
}
