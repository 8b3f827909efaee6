import { createHash } from 'node:crypto'
import type { ProgressConfig } from '@mastery/infra/config/progress.ts'
import { hash53 } from '@mastery/topology/events/hash.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { retained } from '@mastery/topology/progress/forgetting.ts'
import { contextOf } from '@mastery/topology/recommend/context.ts'
import { NO_DECAYS, type PolicyId, policyOf } from '@mastery/topology/recommend/learned.ts'
import { itemReason, nextItems } from '@mastery/topology/recommend/next-items.ts'
import { candidatesOf, nextTopics, topicReason } from '@mastery/topology/recommend/next-topics.ts'
import { choose } from '@mastery/topology/recommend/policy.ts'
import { StudentView, type TopicState } from '@mastery/topology/recommend/view.ts'
import { topicScore } from '@mastery/topology/stages/scoring/topic-score.ts'
import type { Scores } from '../states.ts'
import { itemsOnOffer, usualSuccess } from './offer.ts'
import type { Source } from './sources.ts'
import { topicWords } from './words.ts'

export interface Wanted {
  tenant: string
  /** Null: the policy chooses. */
  topic: string | null
  policy: PolicyId
  /** Items, and topics of the list. */
  count: number
  generation: number
  /** UTC milliseconds. */
  now: number
  /** api or command line; null: a look that is not logged, since nobody is told to do anything. */
  askedBy: string | null
}

export interface Recommendation {
  recommendation_id: string
  student_id: string
  at: string
  policy: string
  policy_version: string
  chosen: { topic_id: string; name: string; propensity: number; reason: string }
  items: { item: string; expected_success: number; basis: string; reason: string }[]
  next_topics: {
    topic_id: string
    name: string
    kind: string
    mastery: number | null
    mastery_then: number | null
    opportunities: number
    probability: number
    reason: string
  }[]
  waiting: { topic_id: string; name: string; for: string[] }[]
}

/** No topic of that name is in the graph, nor has anybody an answer on it. */
export class UnknownTopic extends Error {
  override name = 'UnknownTopic'
}

/**
 * Recommends a topic and items of it to one student, and logs what could have been chosen with which probability. The
 * draw depends on the student, the day, the policy's version and the candidates: asked again that day, with nothing new
 * known, it is the same, and the same row in the log. The row is stored when this resolves.
 * @throws UnknownTopic
 */
export async function recommend(
  gold: GoldStore,
  source: Source,
  scores: Scores,
  config: ProgressConfig,
  wanted: Wanted,
): Promise<Recommendation> {
  const { graph, learned } = source
  const { tenant, now } = wanted
  const decays = learned?.decays ?? NO_DECAYS
  const view = new StudentView(graph, statesOf(scores), decays, now)
  const named = wanted.topic === null ? null : graph.index.get(wanted.topic)
  if (named === undefined) throw new UnknownTopic(`There is no topic "${wanted.topic}".`)
  const candidates = named === null ? candidatesOf(view, config) : [named]
  const contexts = candidates.map((t) => contextOf(view, t))
  const policy = policyOf(wanted.policy, learned)
  const probabilities = named === null ? policy.probabilities(contexts) : Float64Array.of(1)
  const ids = candidates.map((t) => graph.topics[t]!.id)
  const policyId = named === null ? policy.id : 'asked'
  const version = policyId === 'asked' || policyId === 'weakest-first' ? '' : source.version
  const day = new Date(now).toISOString().slice(0, 10)
  const key = JSON.stringify([tenant, scores.student, day, policyId, version, ids, [...probabilities]])
  const seed = hash53(key)
  const chosen = choose(probabilities, seed)
  const topic = graph.topics[candidates[chosen]!]!

  const offer = await itemsOnOffer(
    gold,
    { tenant, student: scores.student, topic: topic.id, generation: wanted.generation },
    scores.meta,
    (t) => view.state(t) !== null,
  )
  // The models' expectation does not know how long ago the last answer was; the decay is that of its ratio to it.
  const left = retained(decays.topics.get(topic.id) ?? decays.usual, view.days(topic.id) ?? 0)
  const usual = usualSuccess(scores, topic.id, now, offer.share) * left
  const items = nextItems(offer.items, usual, { target: config.success, count: wanted.count, now })

  const advice = nextTopics(view, config)
  const reason = topicWords(view, advice, candidates[chosen]!, config)
  const id = createHash('sha256').update(key).digest('hex').slice(0, 24)
  const row = [
    tenant,
    scores.student,
    id,
    now,
    policyId,
    version,
    seed,
    ids,
    [...probabilities],
    contexts.map((x) => [...x]),
    topic.id,
    probabilities[chosen]!,
    items.map((i) => i.item),
    items.map((i) => i.success),
    reason,
    wanted.askedBy,
  ]
  if (wanted.askedBy !== null) await gold.insert([{ table: 'recommendations', rows: [row] }])
  return {
    recommendation_id: id,
    student_id: scores.student,
    at: new Date(now).toISOString(),
    policy: policyId,
    policy_version: version,
    chosen: { topic_id: topic.id, name: topic.name, propensity: probabilities[chosen]!, reason },
    items: items.map((i) => ({
      item: i.item,
      expected_success: i.success,
      basis: i.source,
      reason: itemReason(i, config.success),
    })),
    next_topics: advice.next.slice(0, wanted.count).map((t) => ({
      topic_id: t.topic,
      name: t.name,
      kind: t.kind,
      mastery: t.mastery,
      mastery_then: t.lastMastery,
      opportunities: t.opportunities,
      probability: probabilities[ids.indexOf(t.topic)] ?? 0,
      reason: topicReason(t),
    })),
    waiting: advice.waiting.map(({ topic: topic_id, ...w }) => ({ topic_id, ...w })),
  }
}

function statesOf(scores: Scores): Map<string, TopicState> {
  return new Map(
    scores.topics.map((t) => {
      const row = topicScore(scores.state, t, scores.meta, null, 0)
      return [row.topic, { mastery: row.scores.at(-1)!.mastery, opportunities: row.opportunities, at: row.as_of }]
    }),
  )
}
