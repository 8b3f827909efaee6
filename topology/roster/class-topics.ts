import type { GraphTopic } from '../progress/graph.ts'
import { cell, listed, type RosterTables } from './table.ts'

/** What a lesson's item exercises, as the roster's line items say. */
export interface ItemTopic {
  item: string
  class: string
  topic: string
  /** case: the topic is the id of a competency framework. unknown: the school's own. */
  source: string
}

const fold = (text: string) => text.trim().toLowerCase()

/** Line items with their learning objectives. */
export function itemTopics(tables: RosterTables): ItemTopic[] {
  const found: ItemTopic[] = []
  for (const row of tables.lineItemLearningObjectiveIds.values()) {
    const item = cell(row, 'lineItemSourcedId')
    const of = tables.lineItems.get(item)
    if (!of) continue
    found.push({
      item,
      class: cell(of, 'classSourcedId'),
      topic: cell(row, 'learningObjectiveId'),
      source: cell(row, 'source'),
    })
  }
  return found
}

/**
 * The topics that each class teaches: those of the topic graph whose subject is one of its subjects (or its course's),
 * or whose id is one of its subject codes, and then the learning objectives of its line items. A class of which neither
 * subjects nor codes are in the graph teaches all topics, whatever its line items say: these are rarely complete, and
 * a teacher too many is told sooner than none.
 */
export function classTopics(
  tables: RosterTables,
  graph: readonly Pick<GraphTopic, 'id' | 'subject'>[],
  items: readonly ItemTopic[],
): Map<string, string[]> {
  const objectives = new Map<string, Set<string>>()
  for (const i of items) objectives.set(i.class, (objectives.get(i.class) ?? new Set()).add(i.topic))
  const out = new Map<string, string[]>()
  for (const [id, row] of tables.classes) {
    const course = tables.courses.get(cell(row, 'courseSourcedId'))
    const said = (column: string) => {
      const own = listed(row, column)
      return own.length > 0 || !course ? own : listed(course, column)
    }
    const subjects = new Set(said('subjects').map(fold))
    const codes = new Set(said('subjectCodes'))
    const taught = graph.filter((t) => (t.subject !== '' && subjects.has(fold(t.subject))) || codes.has(t.id))
    const all = taught.length === 0 ? [] : [...taught.map((t) => t.id), ...(objectives.get(id) ?? [])]
    out.set(id, [...new Set(all)].sort())
  }
  return out
}
