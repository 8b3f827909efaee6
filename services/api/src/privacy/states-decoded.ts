import { ALERT_STATE } from '@mastery/topology/stages/alerting/codec.ts'
import type { ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import { SCORE_STATE, TOPIC_WIDTH } from '@mastery/topology/stages/scoring/state.ts'
import { topicScore } from '@mastery/topology/stages/scoring/topic-score.ts'
import { WINDOW_STATE } from '@mastery/topology/stages/windowing/state.ts'

/** The first `n` entries of parallel columns as objects, in order. */
function rowsOf(columns: object, n: number): Record<string, number>[] {
  const arrays = Object.entries(columns).filter((c): c is [string, Float64Array] => ArrayBuffer.isView(c[1]))
  return Array.from({ length: n }, (_, i) => Object.fromEntries(arrays.map(([name, a]) => [name, a[i]!])))
}

/** The features stage's state as a person can read it. Ids of events and items are hashes; nothing else is kept of them. */
export function decodedWindows(bytes: Uint8Array, student: string): Record<string, unknown> {
  const s = WINDOW_STATE.decode(bytes, student)
  const { erasure } = s
  return {
    topics: s.sets.topics.names,
    topic_sets: s.sets.sets,
    recent_events: rowsOf(s.ring, s.ring.n),
    corrections: s.corrections,
    forgotten_per_topic: s.gone.map((g) => ({ attempts: g.attempts, last: Number.isFinite(g.last) ? g.last : null })),
    rebuild_wanted: s.stale,
    last_offset: s.lastOffset,
    erasure: erasure && { ...erasure, floor: Number.isFinite(erasure.floor) ? erasure.floor : 'until readmitted' },
  }
}

/** The scoring stage's state as a person can read it. */
export function decodedScores(bytes: Uint8Array, versions: ScoreMeta, student: string): Record<string, unknown> {
  const s = SCORE_STATE.decode(bytes, student)
  return {
    topics: Array.from({ length: s.current.known }, (_, t) => ({
      ...topicScore(s, t, versions, null, 0),
      model_state: [...s.current.topics.subarray(t * TOPIC_WIDTH, (t + 1) * TOPIC_WIDTH)],
    })),
    student_model_state: [...s.current.student],
    recent_opportunities: rowsOf(s.ring, s.ring.n),
    topic_sets: s.sets.sets,
    before_them: s.base && { student: [...s.base.student], topics: [...s.base.topics] },
    rebuild_wanted: s.stale,
  }
}

/** The alerting stage's state as a person can read it. */
export function decodedAlerts(bytes: Uint8Array, student: string): Record<string, unknown> {
  const s = ALERT_STATE.decode(bytes, student)
  return {
    topics: s.topics.map(({ times, values, ...t }) => ({
      ...t,
      newest_answers: times.map((at, i) => ({ at: at * 1000, correct: (values[i]! & 1) === 1 })),
    })),
    last_answer: s.lastAnswer,
    alerts: s.instances.map((i) => ({ ...i, topic: i.topic < 0 ? null : s.topics[i.topic]!.name })),
    silences: s.silences,
  }
}
