import { type Generation, partitionIn } from '@mastery/topology/generations/generation.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import { ALERT_STATE } from '@mastery/topology/stages/alerting/codec.ts'
import { SCORE_STATE } from '@mastery/topology/stages/scoring/state.ts'
import { type Erasure, WINDOW_STATE } from '@mastery/topology/stages/windowing/state.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import type { PrivacyParts } from './parts.ts'
import type { StateEntry } from './receipt.ts'

/** Where a stage of a generation keeps what it knows of the student. */
export function scopeOf(
  parts: PrivacyParts,
  student: string,
  g: Generation,
  stage: 'features' | 'scoring' | 'alerts',
): StateScope {
  const topic =
    stage === 'features'
      ? 'learning.events'
      : topicAt(stage === 'scoring' ? 'learning.features' : 'mastery.scores', g.id)
  return { stage, generation: g.id, topic, partition: partitionIn(g, topic, student, parts.partitions) }
}

/** The student's bytes in the stages of a generation; null where the store has none. */
export async function statesOf(
  parts: PrivacyParts,
  student: string,
  g: Generation,
): Promise<{ features: Uint8Array | null; scoring: Uint8Array | null; alerts: Uint8Array | null }> {
  const [[features], [scoring], [alerts]] = await Promise.all([
    parts.state.load(scopeOf(parts, student, g, 'features'), [student]),
    parts.state.load(scopeOf(parts, student, g, 'scoring'), [student]),
    parts.state.load(scopeOf(parts, student, g, 'alerts'), [student]),
  ])
  return { features: features ?? null, scoring: scoring ?? null, alerts: alerts ?? null }
}

/** The erasure that the features stage of a generation knows of, null for none. */
export async function erasureOf(parts: PrivacyParts, student: string, g: Generation): Promise<Erasure | null> {
  const { features } = await statesOf(parts, student, g)
  return features ? WINDOW_STATE.decode(features, student).erasure : null
}

export async function stateEntries(
  parts: PrivacyParts,
  student: string,
  generations: readonly Generation[],
): Promise<StateEntry[]> {
  const entries = await Promise.all(
    generations.map(async (g): Promise<StateEntry[]> => {
      const generation = g.id
      const { features, scoring, alerts } = await statesOf(parts, student, g)
      const windows = features ? WINDOW_STATE.decode(features, student) : null
      const readmitted = windows?.erasure != null && windows.erasure.floor !== Number.POSITIVE_INFINITY
      const emptyWindows = windows === null || (windows.ring.n === 0 && windows.sets.topics.names.length === 0)
      const scores = scoring ? SCORE_STATE.decode(scoring, student) : null
      const emptyScores = scores === null || (scores.ring.n === 0 && scores.sets.topics.names.length === 0)
      const emptyAlerts = alerts === null || ALERT_STATE.decode(alerts, student).topics.length === 0
      const found = (empty: boolean, none: boolean) =>
        none ? 'none' : readmitted ? 'readmitted' : windows?.erasure && empty ? 'erased' : 'data'
      return [
        {
          generation,
          store: 'features',
          found: found(emptyWindows && windows?.corrections.length === 0, windows === null),
        },
        { generation, store: 'scoring', found: found(emptyScores, scores === null) },
        { generation, store: 'alerts', found: found(emptyAlerts, alerts === null) },
      ]
    }),
  )
  return entries.flat()
}
