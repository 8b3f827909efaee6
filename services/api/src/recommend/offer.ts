import { hash53 } from '@mastery/topology/events/hash.ts'
import { nextCorrect } from '@mastery/topology/features/next-correct.ts'
import { BLEND } from '@mastery/topology/models/blend/model.ts'
import { MODELS } from '@mastery/topology/models/catalog.ts'
import type { EloParams } from '@mastery/topology/models/elo/model.ts'
import type { IrtParams } from '@mastery/topology/models/irt/model.ts'
import { parametersOf, servedArtefact } from '@mastery/topology/models/parameters.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { Difficulty, ItemOnOffer } from '@mastery/topology/recommend/next-items.ts'
import { SERVED } from '@mastery/topology/served/catalog.ts'
import type { ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'
import type { Scores } from '../states.ts'

export interface Offer {
  items: ItemOnOffer[]
  /** The topic's share of right answers; null where it has no item with an answer. */
  share: number | null
}

interface Row {
  item: string
  also: string[]
  p_value: number
  topic_p_value: number
  answers: number
  last_at: number | null
  last_correct: number | null
}

/**
 * A topic's items with what is known of their difficulty, and the student's last answer to each. An item that exercises
 * another topic as well is offered once the student has begun that one, too.
 * @param begun whether the student has answers on a topic
 */
export async function itemsOnOffer(
  gold: Pick<GoldStore, 'query'>,
  of: { tenant: string; student: string; topic: string; generation: number },
  meta: ScoreMeta,
  begun: (topic: string) => boolean,
): Promise<Offer> {
  const rows = await gold.query<Row>(
    `SELECT i.item AS item, i.also AS also, i.p_value AS p_value, i.topic_p_value AS topic_p_value, i.answers AS answers, a.last_at AS last_at, a.last_correct AS last_correct
     FROM (SELECT item, also, p_value, topic_p_value, answers FROM topic_items FINAL WHERE tenant = {tenant:String} AND topic_id = {topic:String}) AS i
     LEFT JOIN (SELECT assumeNotNull(item) AS item, toNullable(max(toUnixTimestamp64Milli(occurred_at))) AS last_at, toNullable(argMax(correct, occurred_at)) AS last_correct
       FROM next_correct_prediction_rows FINAL
       WHERE tenant = {tenant:String} AND student_id = {student:String} AND generation = {generation:UInt16} AND isNotNull(item) GROUP BY item) AS a
     ON i.item = a.item ORDER BY item`,
    { ...of },
  )
  const fitted = fittedDifficulty(meta)
  return {
    share: rows[0]?.topic_p_value ?? null,
    items: rows
      .filter((r) => r.also.every(begun))
      .map((r) => ({
        item: r.item,
        difficulty: fitted(r.item) ?? {
          source: 'p-value',
          share: r.p_value,
          topicShare: r.topic_p_value,
          answers: Number(r.answers),
        },
        lastAt: r.last_at === null ? null : Number(r.last_at),
        lastCorrect: r.last_correct === null ? null : Boolean(r.last_correct),
      })),
  }
}

/** Difficulties by the parameters in force: item response theory's where it is served and knows the item, else Elo's. */
function fittedDifficulty(meta: ScoreMeta): (item: string) => Difficulty | null {
  const inForce = (id: string) => {
    const payload = meta.active.get(id)?.payload ?? null
    const model = MODELS.find((m) => m.id === id)
    if (model) return parametersOf(model, payload)
    const served = payload === null ? undefined : SERVED.find((m) => m.id === id)
    return served ? servedArtefact(served, payload) : null
  }
  const irt = inForce('irt') as IrtParams | null
  const elo = inForce('elo') as EloParams | null
  return (item) => {
    const hash = hash53(item)
    const fit = irt?.items.get(hash)
    if (fit) return { source: 'irt', ...fit }
    const difficulty = elo?.difficulty.get(hash)
    return difficulty === undefined ? null : { source: 'elo', difficulty }
  }
}

/**
 * Chance of a right answer on the topic's usual item: the blend's for a topic with answers; for another one the share
 * that all students get right.
 */
export function usualSuccess(scores: Scores, topic: string, now: number, share: number | null): number {
  const at = scores.state.sets.topics.find(topic)
  if (!scores.topics.includes(at)) return share ?? 0.5
  return nextCorrect(scores.state, at, scores.meta, now).get(BLEND.id)!
}
