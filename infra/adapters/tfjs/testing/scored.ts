import type { MasteryScore, TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { ServerSource } from '@mastery/topology/served/servers.ts'
import type { StageRecord, StepResult } from '@mastery/topology/stage.ts'
import { type ScoringConfig, scoringStage } from '@mastery/topology/stages/scoring/stage.ts'
import type { ScoreState } from '@mastery/topology/stages/scoring/state.ts'
import type { RingLimits } from '@mastery/topology/stages/windowing/apply.ts'
import { windowingStage } from '@mastery/topology/stages/windowing/stage.ts'
import { type Input, RING, TopologyDriver } from '@mastery/topology/testing/topology-driver.ts'

/** What the features stage makes of inputs, as records that the scoring stage reads. */
export function featureRecords(inputs: readonly Input[], ring: RingLimits = RING): StageRecord[] {
  const driver = new TopologyDriver([windowingStage({ days: [7, 30, 90], ring, generation: 0 })])
  driver.send(...inputs)
  return driver.outputs('learning.features').map((o, offset) => ({
    subject: o.subject,
    key: o.key,
    value: o.value,
    origin: { topic: 'learning.features' as const, partition: 0, offset },
  }))
}

export interface Scored {
  scores: MasteryScore[]
  deadLetters: string[]
  /** The newest row by `student/topic`. */
  current: Map<string, TopicScore>
  state(student: string): ScoreState
}

/**
 * The scoring stage over records that are cut into batches as `cut` says (how many are taken next); states and meta go
 * through their bytes after each, as with a restart.
 */
export async function scored(
  records: readonly StageRecord[],
  servers: ServerSource,
  cut: () => number,
  ring: RingLimits = RING,
): Promise<Scored> {
  const config: ScoringConfig = { ring, generation: 0, servers }
  const stage = scoringStage(config)
  let states = new Map<string, ScoreState>()
  let meta = stage.meta.empty('')
  const results: StepResult[] = []
  for (let at = 0; at < records.length; ) {
    const batch = records.slice(at, (at += Math.max(1, cut())))
    const given = batch.map((r) => {
      const key = stage.keyOf(r)
      if (key === null) return null
      if (!states.has(key)) states.set(key, stage.state.empty(key))
      return states.get(key)!
    })
    const together = stage.together!(batch, given, meta)
    results.push(...(together ? await together : batch.map((r, i) => stage.step(r, given[i]!, meta))))
    states = new Map(
      [...states].map(([key, s]) => [key, stage.state.decode(Uint8Array.from(stage.state.encode(s)), key)]),
    )
    meta = stage.meta.decode(Uint8Array.from(stage.meta.encode(meta)), '')
  }
  const scores = results.flatMap((r) =>
    r.type === 'ok' ? r.outputs.flatMap((o) => (o.subject === 'mastery-score' ? [o.value as MasteryScore] : [])) : [],
  )
  const current = new Map<string, TopicScore>()
  for (const s of scores) for (const r of s.rows) current.set(`${s.student}/${r.topic}`, r)
  return {
    scores,
    deadLetters: results.flatMap((r) => (r.type === 'dead_letter' ? [r.message] : [])),
    current,
    state: (student) => states.get(student)!,
  }
}
