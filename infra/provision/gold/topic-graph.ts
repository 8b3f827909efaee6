import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { aloneTopic, type GraphTopic, type TopicGraph, topicGraph } from '@mastery/topology/progress/graph.ts'

interface Row {
  topic_id: string
  name: string
  chapter: string
  subject: string
  course: string
  prerequisites: string[]
}

async function declared(gold: Pick<GoldStore, 'query'>, tenant: string): Promise<GraphTopic[]> {
  const rows = await gold.query<Row>(
    `SELECT topic_id, name, chapter, subject, course, prerequisites FROM v_topic_graph
     WHERE tenant = {tenant:String} ORDER BY last_updated, topic_id`,
    { tenant },
  )
  return rows.map(({ topic_id, ...r }) => ({ id: topic_id, ...r }))
}

/**
 * A tenant's graph. Topics with answers that nobody has placed stand in it alone, without a chapter and prerequisites,
 * so that none is left out; topics that somebody placed stand in the order of `npx mastery curriculum`.
 */
export async function graphOf(gold: Pick<GoldStore, 'query'>, tenant: string): Promise<TopicGraph> {
  const topics = await declared(gold, tenant)
  const known = new Set(topics.map((t) => t.id))
  const met = await gold.query<{ t: string }>(
    'SELECT DISTINCT toString(topic_id) AS t FROM student_mastery_rows WHERE tenant = {tenant:String} ORDER BY t',
    { tenant },
  )
  const alone = met.filter(({ t }) => !known.has(t))
  // A graph that was stored in parts may name prerequisites that have gone since; they hold nobody up.
  const all = new Set([...known, ...alone.map(({ t }) => t)])
  return topicGraph([
    ...topics.map((t) => ({ ...t, prerequisites: t.prerequisites.filter((p) => all.has(p)) })),
    ...alone.map(({ t }) => aloneTopic(t)),
  ])
}

/** The graph as it was given, for showing it. */
export async function declaredGraph(gold: Pick<GoldStore, 'query'>, tenant: string): Promise<TopicGraph> {
  return topicGraph(await declared(gold, tenant))
}

/**
 * Puts a graph in the place of the tenant's former one; topics that it does not have are taken out. `now`: UTC
 * milliseconds; the order of the topics is kept by a millisecond each.
 */
export async function storeGraph(
  gold: Pick<GoldStore, 'query' | 'insert'>,
  tenant: string,
  graph: TopicGraph,
  now: number,
): Promise<{ topics: number; removed: string[] }> {
  const before = await declared(gold, tenant)
  const removed = before.filter((t) => !graph.index.has(t.id))
  const row = (t: GraphTopic, gone: boolean, at: number) => [
    tenant,
    t.id,
    t.name,
    t.chapter,
    t.subject,
    t.course,
    t.prerequisites,
    gone,
    at,
  ]
  await gold.insert([
    {
      table: 'topic_graph',
      rows: [...graph.topics.map((t, i) => row(t, false, now + i)), ...removed.map((t) => row(t, true, now))],
    },
  ])
  return { topics: graph.topics.length, removed: removed.map((t) => t.id) }
}
