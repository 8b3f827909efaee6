import { BLEND } from '../models/blend/model.ts'
import { MODELS } from '../models/catalog.ts'
import { parametersOf } from '../models/parameters.ts'
import type { ScoreMeta } from '../stages/scoring/meta.ts'
import { MODEL_AT, type ScoreState, STUDENT_AT, TOPIC_WIDTH } from '../stages/scoring/state.ts'

/**
 * Each model's probability that an answer on one topic at `at` (UTC milliseconds) would be correct, then the blend's,
 * by model id: for an item of unknown difficulty, asked as a quiz. Changes nothing.
 */
export function nextCorrect(s: ScoreState, topic: number, meta: ScoreMeta, at: number): Map<string, number> {
  const k = s.current
  const asked = {
    at,
    topicName: s.sets.topics.names[topic]!,
    item: 0,
    kind: 0,
    hints: 0,
    score: 0,
    correct: false,
  }
  const found = new Map<string, number>()
  const all = new Float64Array(MODELS.length)
  MODELS.forEach((model, m) => {
    const params = parametersOf(model, meta.active.get(model.id)?.payload ?? null)
    const place = topic * TOPIC_WIDTH + MODEL_AT[m]!
    all[m] = model.predict(params, k.student, STUDENT_AT[m]!, k.topics, place, asked)
    found.set(model.id, all[m])
  })
  found.set(BLEND.id, BLEND.combine(all, 0, MODELS.length))
  return found
}
