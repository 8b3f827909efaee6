import { BLEND } from '../models/blend/model.ts'
import { MODELS } from '../models/catalog.ts'
import { parametersOf } from '../models/parameters.ts'
import { SERVED } from '../served/catalog.ts'
import { inForce } from '../stages/scoring/in-force.ts'
import type { ScoreMeta } from '../stages/scoring/meta.ts'
import {
  BLEND_AT,
  MODEL_AT,
  PARTS,
  type ScoreState,
  SNAP_AT,
  STUDENT_AT,
  TOPIC_WIDTH,
} from '../stages/scoring/state.ts'

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
    weight: 1,
  }
  const found = new Map<string, number>()
  const all = new Float64Array(PARTS).fill(-1)
  MODELS.forEach((model, m) => {
    const params = parametersOf(model, meta.active.get(model.id)?.payload ?? null)
    const place = topic * TOPIC_WIDTH + MODEL_AT[m]!
    all[m] = model.predict(params, k.student, STUDENT_AT[m]!, k.topics, place, asked)
    found.set(model.id, all[m])
  })
  // What a trained model says of a topic is its chance of a right answer to any item of it.
  for (const { at } of inForce(meta).served) {
    if (at === SERVED.length) continue
    const m = MODELS.length + at
    all[m] = k.topics[topic * TOPIC_WIDTH + SNAP_AT + m]!
    if (all[m]! >= 0) found.set(SERVED[at]!.id, all[m]!)
  }
  // So is what a fitted blend says, where it knows the topic; else the mean stands.
  const fitted = inForce(meta).served.some(({ at }) => at === SERVED.length)
  found.set(BLEND.id, fitted ? k.topics[topic * TOPIC_WIDTH + BLEND_AT]! : BLEND.combine(all, 0, PARTS))
  return found
}
