import type { Aged, Coverage, Covered } from '@mastery/infra/provision/gold/retention.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { type Generation, isRunning, isWhole, partitionsOf } from '@mastery/topology/generations/generation.ts'
import { repairParts } from '../rebuild/parts.ts'
import { asOfOwn, type KeepingParts, writeKeptOf } from './write.ts'

/** What retention works on. */
export type RetentionParts = Pick<Installation, 'log' | 'state' | 'codec' | 'profile' | 'telemetry' | 'generations'>

/**
 * Writes a checkpoint of every student with events that are to expire, for each generation that stands for everybody,
 * and says what may go: events before an offset of their partition, of students who have one that reaches so far.
 * `write` false: as things stand now; who has none yet is taken to get one.
 */
export async function coverAged(
  installation: RetentionParts,
  gold: KeepingParts['gold'],
  aged: Aged,
  options: { write: boolean; signal?: AbortSignal },
): Promise<Coverage> {
  await installation.generations.refresh()
  const running = installation.generations.all().filter(isRunning)
  const coverage = new Map<number, Covered>()
  for (const [partition, students] of aged) {
    const { before, why } = await horizonOf(installation, running, partition)
    const without = new Set<string>()
    let covered = students
    for (const g of before > 0 ? running.filter(isWhole) : []) {
      const parts = partsFor(installation, gold, g, options.signal)
      const needed = new Map(students.map((s) => [s.student, Math.min(s.newest, before - 1)]))
      const lacking = async () => {
        const asOf = await asOfOwn(parts, partition, needed.keys())
        return students.filter((s) => (asOf.get(s.student) ?? 0) <= needed.get(s.student)!)
      }
      let open = await lacking()
      if (options.write && open.length > 0) {
        const nothing = await writeKeptOf(parts, partition, open, before)
        open = (await lacking()).filter((s) => !nothing.has(s.student))
      }
      for (const s of open) without.add(s.student)
      covered = covered.filter((s) => !without.has(s.student))
    }
    coverage.set(partition, {
      before,
      why: without.size > 0 && options.write ? `${without.size} students could not be given a checkpoint` : why,
      // A run would write what is lacking.
      without: options.write ? [...without] : [],
      covered: before > 0 ? covered.length : 0,
    })
  }
  return coverage
}

function partsFor(
  installation: RetentionParts,
  gold: KeepingParts['gold'],
  g: Generation,
  signal: AbortSignal | undefined,
): KeepingParts {
  const parts = repairParts(installation as Installation, gold, signal ? { signal } : {})
  const { input } = parts.partitions
  return { ...parts, gold, generation: g.id, partitions: { input, output: partitionsOf(g, input) } }
}

/**
 * The offset before which events of a partition may go at most: nobody reads them there any more. Where the log lets go
 * of its records, that is where it begins, so that whoever folds it again meets the checkpoints before its first record.
 */
async function horizonOf(
  { log, state, profile }: RetentionParts,
  running: readonly Generation[],
  partition: number,
): Promise<{ before: number; why: string }> {
  const building = running.find((g) => g.status === 'building')
  if (building) return { before: 0, why: `generation ${building.id} is being built and reads them` }
  const topic = 'learning.events' as const
  const inGold = (await state.peek({ stage: 'gold', generation: 0, topic, partition }))?.nextOffset ?? 0
  const { start } = await log.bounds(topic, partition)
  const before = profile.servers === null ? inGold : Math.min(start, inGold)
  for (const g of running) {
    const at = (await state.peek({ stage: 'features', generation: g.id, topic, partition }))?.nextOffset ?? 0
    if (at < before) return { before: 0, why: `features of generation ${g.id} has not read them yet` }
  }
  return { before, why: before < inGold ? 'the log still holds some of them' : '' }
}
