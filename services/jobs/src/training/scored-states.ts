import { readScoreMeta } from '@mastery/infra/runtime/artefacts.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { inForce } from '@mastery/topology/stages/scoring/in-force.ts'
import type { ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import { SCORE_STATE, type ScoreState } from '@mastery/topology/stages/scoring/state.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import type { RepairParts } from '../rebuild/parts.ts'

/** Students whose states are in memory at a time. */
const GROUP = 64

/** Students of one partition of the scoring stage, with what it holds of them. */
export interface ScoredGroup {
  partition: number
  meta: ScoreMeta
  states: Map<string, ScoreState>
}

/** Reads what the scoring stage holds of students, some at a time. Those of whom it holds nothing are left out. */
export async function* scoredStates(
  parts: RepairParts,
  students: readonly string[],
  most = GROUP,
): AsyncGenerator<ScoredGroup> {
  const { state, generation } = parts
  const topic = topicAt('learning.features', generation)
  const byPartition = new Map<number, string[]>()
  for (const s of students) {
    const partition = partitionOf(s, parts.partitions.output)
    const all = byPartition.get(partition)
    if (all) all.push(s)
    else byPartition.set(partition, [s])
  }
  for (const [partition, all] of byPartition)
    for (let i = 0; i < all.length; i += most) {
      const names = all.slice(i, i + most)
      const scope = { stage: 'scoring', generation, topic, partition }
      // The versions first: a state that was read after them may be ahead of them, and never behind.
      const held = await state.peek(scope)
      const bytes = await state.load(scope, names)
      const states = new Map<string, ScoreState>()
      names.forEach((name, j) => {
        if (bytes[j]) states.set(name, SCORE_STATE.decode(bytes[j], name))
      })
      yield { partition, meta: await readScoreMeta(held?.meta, parts.provide), states }
    }
}

/** How students stand to the versions in force. */
export interface Standing {
  /** Whose states have let answers go. */
  long: number
  /** Of these, prepared for the versions in force and not yet brought to them. */
  due: number
  /** Of these, those for whom nothing was prepared: they began with what was kept, or will with their next answer. */
  cut: number
}

export async function standingOf(parts: RepairParts, students: readonly string[]): Promise<Standing> {
  const out = { long: 0, due: 0, cut: 0 }
  for await (const { meta, states } of scoredStates(parts, students)) {
    const { key } = inForce(meta)
    for (const s of states.values()) {
      if (s.base === null) continue
      out.long++
      if (s.prepared?.versions === key) out.due++
      else if (s.cut || s.versions !== key) out.cut++
    }
  }
  return out
}
