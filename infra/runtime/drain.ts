import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { StateStore } from '@mastery/topology/ports/state-store.ts'
import { topicSpec, topicsReadBy } from '@mastery/topology/topics.ts'

/** Watched for where they run: nothing that is read by students or teachers waits for them. */
const DRIFT = ['drift-features', 'drift-scores', 'drift']

/** What has to catch up for a generation, in the order of the flow. */
function flow(generation: number) {
  const read = (stage: string, of: number) => topicsReadBy(stage, of).map((topic) => ({ topic, generation: of }))
  const own = ['features', 'scoring', 'alerts', 'classes', 'watching', 'notify', ...DRIFT, 'gold'].map((stage) => ({
    stage,
    topics: read(stage, generation),
  }))
  // What is not computed reaches gold with generation 0.
  const shared = read('gold', 0).filter(({ topic }) => !topicSpec(topic).derived)
  if (generation > 0) own.at(-1)!.topics.unshift(...shared)
  return own
}

/** Records that each stage has not committed yet. Works beside the processes that do the work. */
export async function pending(log: EventLog, state: StateStore, generation: number): Promise<Map<string, number>> {
  const behind = new Map<string, number>()
  for (const { stage, topics } of flow(generation)) {
    let n = 0
    for (const { topic, generation: of } of topics) {
      const partitions = await log.partitions(topic)
      for (let partition = 0; partition < partitions; partition++) {
        const [{ end, start }, at] = await Promise.all([
          log.bounds(topic, partition),
          state.peek({ stage, generation: of, topic, partition }),
        ])
        if (at !== null || !DRIFT.includes(stage)) n += Math.max(0, end - (at?.nextOffset ?? start))
      }
    }
    behind.set(stage, n)
  }
  return behind
}

/** Without any progress for this long, somebody should look. */
const STALLED_MS = 15_000

/**
 * Resolves when everything that is in the log now has reached gold. Looks at the committed offsets, stage by stage, so
 * that a stage that has not produced yet is not taken for idle. `check` may throw to give up.
 */
export async function drain(
  log: EventLog,
  state: StateStore,
  generation: number,
  progress: (behind: Map<string, number>) => void,
  check: () => void = () => {},
  stalled: (stages: string[]) => void = () => {},
): Promise<void> {
  let moved = performance.now()
  let before = ''
  for (;;) {
    check()
    const behind = await pending(log, state, generation)
    progress(behind)
    let total = 0
    for (const n of behind.values()) total += n
    if (total === 0) return
    const now = [...behind.values()].join()
    if (now !== before) moved = performance.now()
    else if (performance.now() - moved > STALLED_MS) {
      moved = performance.now()
      stalled([...behind].flatMap(([stage, n]) => (n > 0 ? [stage] : [])))
    }
    before = now
    await new Promise((r) => setTimeout(r, total > 2000 ? 100 : 20))
  }
}
