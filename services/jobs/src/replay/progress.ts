import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { STAGES } from '@mastery/topology/flow.ts'
import { topicSpec, topicsReadBy } from '@mastery/topology/topics.ts'

export interface BuildProgress {
  /** Records of learning.events that the generation has folded, and that there are. */
  done: number
  total: number
  /** Records that the stages after it have not taken yet. */
  behind: number
}

/** How far a generation is; works beside the processes that do the work. */
export async function buildProgress(
  from: Pick<Installation, 'log' | 'state'>,
  generation: number,
): Promise<BuildProgress> {
  const { log, state } = from
  const at = { done: 0, total: 0, behind: 0 }
  const sum = async (stage: string, topic: ReturnType<typeof topicsReadBy>[number], first: boolean) => {
    const partitions = await log.partitions(topic)
    for (let partition = 0; partition < partitions; partition++) {
      const [{ start, end }, held] = await Promise.all([
        log.bounds(topic, partition),
        state.peek({ stage, generation, topic, partition }),
      ])
      if (first) {
        at.total += end
        at.done += Math.min(end, held?.nextOffset ?? 0)
      } else at.behind += Math.max(0, end - (held?.nextOffset ?? start))
    }
  }
  await sum('features', 'learning.events', true)
  for (const { name: stage } of STAGES.filter((s) => s.generations && s.awaited === 'always'))
    for (const topic of topicsReadBy(stage, generation)) if (topicSpec(topic).derived) await sum(stage, topic, false)
  return at
}

export const isCaughtUp = (p: BuildProgress): boolean => p.done >= p.total && p.behind === 0
