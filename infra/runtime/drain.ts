import { STAGES, type StageSpec } from '@mastery/topology/flow.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { StateStore } from '@mastery/topology/ports/state-store.ts'
import { type TopicName, topicSpec, topicsReadBy } from '@mastery/topology/topics.ts'
import { PATIENCE, type Patience, StillWatch } from './stands-still.ts'

/** Grows for as long as a service runs: what stood in it at the first look is waited for. */
const NEVER_STILL: readonly TopicName[] = ['ops.metrics']

interface Reading {
  stage: string
  /** Whether it may be missing. */
  optional: boolean
  topics: { topic: TopicName; generation: number }[]
}

/** What has to catch up for a generation, in the order of the flow. */
function flow(generation: number): Reading[] {
  const awaited: readonly StageSpec[] = STAGES.filter((s) => s.awaited !== 'never')
  return awaited.map(({ name: stage, awaited, generations }) => {
    const of = generations ? generation : 0
    const topics = topicsReadBy(stage, of).map((topic) => ({ topic, generation: of }))
    // What is not computed reaches gold with generation 0.
    if (stage === 'gold' && of > 0)
      for (const topic of topicsReadBy(stage)
        .filter((t) => !topicSpec(t).derived)
        .reverse())
        topics.unshift({ topic, generation: 0 })
    return { stage, optional: awaited === 'where it runs', topics }
  })
}

/**
 * Records that each stage has not committed yet. Works beside the processes that do the work. `ends`: where topics that
 * are never still ended at the first look, kept between looks.
 */
export async function pending(
  log: EventLog,
  state: StateStore,
  generation: number,
  ends = new Map<string, number>(),
): Promise<Map<string, number>> {
  const behind = new Map<string, number>()
  for (const { stage, optional, topics } of flow(generation)) {
    let n = 0
    for (const { topic, generation: of } of topics) {
      const partitions = await log.partitions(topic)
      for (let partition = 0; partition < partitions; partition++) {
        const [{ end, start }, at] = await Promise.all([
          log.bounds(topic, partition),
          state.peek({ stage, generation: of, topic, partition }),
        ])
        if (at === null && optional) continue
        const place = `${topic}/${partition}`
        if (NEVER_STILL.includes(topic) && !ends.has(place)) ends.set(place, end)
        n += Math.max(0, (ends.get(place) ?? end) - (at?.nextOffset ?? start))
      }
    }
    behind.set(stage, n)
  }
  return behind
}

/**
 * Resolves when everything that is in the log now has reached gold. Looks at the committed offsets, stage by stage, so
 * that a stage that has not produced yet is not taken for idle. `check` may throw to give up; `stalled` gets the words for
 * people where nothing moves, and after a longer while it ends.
 * @throws StandsStill where a stage that it waits for does not run: it names the service and how to start it
 */
export async function drain(
  log: EventLog,
  state: StateStore,
  generation: number,
  progress: (behind: Map<string, number>) => void,
  check: () => void = () => {},
  stalled: (words: string) => void = () => {},
  patience: Patience = PATIENCE,
): Promise<void> {
  const watch = new StillWatch(state, stalled, patience)
  const ends = new Map<string, number>()
  for (;;) {
    check()
    const behind = await pending(log, state, generation, ends)
    progress(behind)
    let total = 0
    for (const n of behind.values()) total += n
    if (total === 0) return
    // The longer nothing moves, the less it is looked at.
    const still = watch.look(behind) / 20
    await new Promise((r) => setTimeout(r, Math.min(500, Math.max(still, total > 2000 ? 100 : 20))))
  }
}
