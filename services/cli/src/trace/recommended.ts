import { recommend, UnknownTopic } from '@mastery/api/src/recommend/recommend.ts'
import { Sources } from '@mastery/api/src/recommend/sources.ts'
import { States } from '@mastery/api/src/states.ts'
import { loadProgress } from '@mastery/infra/config/progress.ts'
import type { Host } from '../command.ts'
import type { Recommended } from './words.ts'

const COUNT = 3

/** What would be recommended now: items of the topic, and topics, weakest first. A look only: nothing is logged. */
export async function recommendedNow(
  host: Host,
  of: { tenant: string; student: string },
  topic: string,
): Promise<Recommended> {
  const { state, generations, provide } = host.installation
  const states = new States(state, host.profile.partitions, () => generations.active, provide)
  const scores = await states.scores(of.student)
  if (!scores) return { topics: [], items: [] }
  const now = Date.now()
  const gold = await host.gold()
  const source = await new Sources(gold, () => now).of(of.tenant)
  const wanted = { tenant: of.tenant, topic, policy: 'weakest-first', count: COUNT, now, askedBy: null } as const
  try {
    const found = await recommend(gold, source, scores, loadProgress(), {
      ...wanted,
      generation: generations.active.id,
    })
    return { topics: found.next_topics, items: found.items }
  } catch (e) {
    // A topic that only one student's events name is in no graph yet.
    if (e instanceof UnknownTopic) return { topics: [], items: [] }
    throw e
  }
}
