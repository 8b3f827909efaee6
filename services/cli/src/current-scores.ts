import { States } from '@mastery/api/src/states.ts'
import type { Profile } from '@mastery/infra/config/profile.ts'
import type { ProvideFiles } from '@mastery/infra/runtime/artefacts.ts'
import type { Generations } from '@mastery/infra/runtime/generations.ts'
import type { TopicFeatures } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { StateStore } from '@mastery/topology/ports/state-store.ts'
import { topicScore } from '@mastery/topology/stages/scoring/topic-score.ts'
import { topicWindows } from '@mastery/topology/stages/windowing/windows.ts'

interface From {
  state: StateStore
  profile: Profile
  generations: Generations
  provide: ProvideFiles
}

const states = ({ state, profile, generations, provide }: From) =>
  new States(state, profile.partitions, () => generations.active, provide)

/** A student's current rows out of the scoring stage's own state; null for a student it has never seen. */
export async function currentScores(
  from: From,
  pseudonym: string,
): Promise<{ topics: TopicScore[]; stale: boolean } | null> {
  const s = await states(from).scores(pseudonym)
  if (!s) return null
  return { topics: s.topics.map((t) => topicScore(s.state, t, s.meta, null, 0)), stale: s.state.stale }
}

/** A student's windows as of the newest event of each topic, out of the features stage's own state. */
export async function currentWindows(from: From, pseudonym: string): Promise<TopicFeatures[] | null> {
  const s = await states(from).windows(pseudonym)
  if (!s) return null
  return s.sets.topics.names.map((_, i) => topicWindows(s, i, from.profile.windows.days))
}
