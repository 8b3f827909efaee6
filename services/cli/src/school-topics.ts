import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { School } from '@mastery/topology/school/school.ts'

/** Tells gold what the school's topics belong to, so that v_topic_rollups can weigh along it. */
export async function declareTopics(gold: GoldStore, tenant: string, school: School): Promise<void> {
  const since = Date.UTC(2025, 8, 1)
  const rows = school.topics.map((t) => [tenant, t.id, t.name, t.chapter, t.subject, t.prerequisites, since])
  await gold.insert([{ table: 'topic_graph', rows }])
}
