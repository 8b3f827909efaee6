import type { Factor, Haste, ModelScore, TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { RapidPolicy } from '../../effort/rapid-policy.ts'
import { MODELS } from '../../models/catalog.ts'
import { factorsOf, standingOf, uncertaintyOf } from './explain.ts'
import type { ParamSet } from './fold.ts'
import { inForce, MODEL_IDS, type ServedVersion } from './in-force.ts'
import type { ScoreMeta } from './meta.ts'
import { rapidAt } from './rapid-guesses.ts'
import { BLEND_AT, COUNT_AT, type Knowledge, LAST_AT, PARTS, type ScoreState, SNAP_AT, TOPIC_WIDTH } from './state.ts'

const N = MODELS.length

/** One topic's row as the models see it now. Also what the API shows. */
export function topicScore(
  s: ScoreState,
  topic: number,
  meta: ScoreMeta,
  change: Factor | null,
  asOf: number,
): TopicScore {
  const { params, versions, served } = inForce(meta)
  const at = topic * TOPIC_WIDTH
  const k = s.current
  const scores: ModelScore[] = []
  for (let m = 0; m <= PARTS; m++) {
    const mastery = k.topics[at + SNAP_AT + m]!
    // What another version said before the one in force has spoken is not its score.
    const own = m < N || m === PARTS || said(k, served, m - N)
    if (mastery >= 0 && own) scores.push({ model: MODEL_IDS[m]!, version: versions[m]!, mastery })
  }
  const opportunities = k.topics[at + COUNT_AT]!
  return {
    topic: s.sets.topics.names[topic]!,
    as_of: opportunities > 0 ? k.topics[at + LAST_AT]! : asOf,
    revision: change?.code !== 'latest_answer' && change?.code !== 'teacher_feedback',
    opportunities,
    scores,
    uncertainty: uncertaintyOf(k, topic),
    standing: standingOf(k.topics[at + BLEND_AT]!, opportunities),
    factors: factorsOf(k, s.sets.topics.names[topic]!, topic, params, change, (i) => said(k, served, i)),
    haste: params.rapid === null ? null : hasteOf(s, topic, params.rapid),
  }
}

/** What the newest opportunity on the topic lost by being a rapid guess. One that has left the ring is not looked at. */
function hasteOf(s: ScoreState, topic: number, rapid: RapidPolicy): Haste | null {
  const { ring, sets } = s
  let i = ring.n - 1
  while (i >= 0 && !sets.sets[ring.set[i]!]!.includes(topic)) i--
  const times = i < 0 ? null : rapidAt(s, rapid, i)
  if (times === null) return null
  const { thresholdMs, usualMs } = times
  return { weight: rapid.weight, response_ms: ring.response[i]!, threshold_ms: thresholdMs, usual_ms: usualMs }
}

/** Whether the version of a trained model that is in force has spoken of this student. */
function said(k: Knowledge, served: readonly ServedVersion[], at: number): boolean {
  const carried = k.served[at]
  return carried != null && served.some((v) => v.at === at && v.version === carried.version)
}

/** The blend before a topic's first opportunity, for a student of whom nothing else is known. */
export function prior(s: ScoreState, topic: number, params: ParamSet): number {
  let sum = 0
  for (let m = 0; m < N; m++) {
    const model = MODELS[m]!
    const student = new Float64Array(Math.max(1, model.studentSlots))
    const slots = new Float64Array(Math.max(1, model.topicSlots))
    model.initStudent(params.models[m], student, 0)
    model.initTopic(params.models[m], s.sets.topics.names[topic]!, slots, 0)
    sum += model.mastery(params.models[m], student, 0, slots, 0)
  }
  return sum / N
}
