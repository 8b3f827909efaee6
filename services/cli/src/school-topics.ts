import { storeGraph } from '@mastery/infra/provision/gold/topic-graph.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { topicGraph } from '@mastery/topology/progress/graph.ts'
import type { School } from '@mastery/topology/school/school.ts'

/** Tells gold what the school's topics belong to, so that mastery can be rolled up along it. */
export async function declareTopics(gold: GoldStore, tenant: string, school: School): Promise<void> {
  await storeGraph(gold, tenant, topicGraph(school.topics), Date.UTC(2025, 8, 1))
}
