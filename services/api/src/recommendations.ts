import type { ProgressConfig } from '@mastery/infra/config/progress.ts'
import { type Call, HttpError } from '@mastery/infra/http/call.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { POLICY_IDS, type PolicyId } from '@mastery/topology/recommend/learned.ts'
import { limitOf } from './query.ts'
import { type Recommendation, recommend, UnknownTopic } from './recommend/recommend.ts'
import { Sources } from './recommend/sources.ts'
import type { Scores } from './states.ts'

/** Topics and items where the request does not say how many. */
const USUAL_COUNT = 5

/** Answers GET /recommendations/{student_id}. Throws HttpError 400 and 404. */
export function recommender(parts: {
  gold: GoldStore
  progress: ProgressConfig
  generation(): { id: number }
  now(): number
}): (call: Call, tenant: string, scores: Scores) => Promise<Recommendation> {
  const { gold, progress, generation, now } = parts
  const sources = new Sources(gold, now)
  return async (call, tenant, scores) => {
    const wanted = {
      tenant,
      topic: call.query.get('topic_id'),
      policy: policyIn(call.query.get('policy')),
      count: call.query.has('limit') ? limitOf(call.query) : USUAL_COUNT,
      generation: generation().id,
      now: now(),
      askedBy: 'api',
    }
    try {
      return await recommend(gold, await sources.of(tenant), scores, progress, wanted)
    } catch (e) {
      if (!(e instanceof UnknownTopic)) throw e
      throw new HttpError(404, 'unknown_topic', `${e.message} Send a topic_id as the events carry it, or leave it out.`)
    }
  }
}

function policyIn(text: string | null): PolicyId {
  if (text === null) return 'linucb'
  const found = POLICY_IDS.find((p) => p === text)
  if (!found)
    throw new HttpError(400, 'unknown_policy', `policy is one of ${POLICY_IDS.join(', ')}; leave it out for linucb.`)
  return found
}
